/**
 * What is searched for (DESIGN section 6): clauses over attributes and the six reserved header names, joined by and / or.
 * query-text.ts has the text form, query-match.ts the meaning; a database may answer by an index.
 */
import type { AttributeValue } from './attribute.ts'

/** A query, checked by {@link requireQuery}. */
export type Query = AllOf | AnyOf | Clause

/** Holds if all of them hold. At least one. */
export interface AllOf {
  readonly and: readonly Query[]
}

/** Holds if one of them holds. At least one. */
export interface AnyOf {
  readonly or: readonly Query[]
}

/** Holds if one value of this name and of the type of `value` compares like this. */
export interface Clause {
  readonly name: string
  readonly is: Comparison
  readonly value: AttributeValue
}

/** `like`: `*` stands for any run of characters, `?` for one, a backslash takes their meaning away. */
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'like'
