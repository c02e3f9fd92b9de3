/**
 * What is searched for (DESIGN section 6): clauses over attributes and the six reserved names, joined by and / or.
 * query-text.ts has the text form, query-match.ts the meaning; a database may answer by an index.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AttributeValue } from './attribute.ts'
import { attributeValueProblem, isAttributeName } from './attributes.ts'
import { headerNames, isHeaderName } from './header-names.ts'
import { patternMatcher } from './like-pattern.ts'

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

/** Groups within each other, and the clause in the innermost one. */
export const MOST_QUERY_LEVELS = 16
/** Clauses and groups of one query. */
export const MOST_QUERY_PARTS = 256
/** Of a text that is compared with, in UTF-16 code units. */
export const LONGEST_QUERY_STRING = 1024

/** All comparisons. */
export const comparisons: readonly Comparison[] = ['=', '!=', '<', '<=', '>', '>=', 'like']

/**
 * The query that a value of any origin is: a copy, which nobody else can change.
 *
 * @throws PeerageError `invalid-search`
 */
export function requireQuery(value: unknown): Query {
  return new QueryCheck().part(value, 1)
}

class QueryCheck {
  #parts = 0

  part(value: unknown, depth: number): Query {
    if (depth > MOST_QUERY_LEVELS) throw invalid(`it nests deeper than ${MOST_QUERY_LEVELS}`)
    if (++this.#parts > MOST_QUERY_PARTS) throw invalid(`it has more than ${MOST_QUERY_PARTS} clauses and groups`)
    const members = membersOf(value)
    const [[key, children] = [], ...others] = members
    if (key === 'and' || key === 'or') {
      if (others.length > 0) throw invalid(`beside "${key}" it has "${others[0]?.[0]}"`)
      const list = this.#list(key, children, depth)
      return key === 'and' ? { and: list } : { or: list }
    }
    return clauseOf(new Map(members))
  }

  #list(key: string, children: unknown, depth: number): readonly Query[] {
    if (!Array.isArray(children)) throw invalid(`"${key}" is no list`)
    if (children.length === 0) throw invalid(`"${key}" has nothing in it`)
    return children.map((child: unknown) => this.part(child, depth + 1))
  }
}

function clauseOf(members: ReadonlyMap<string, unknown>): Clause {
  for (const key of members.keys()) {
    if (key !== 'name' && key !== 'is' && key !== 'value')
      throw invalid(`a clause has name, is and value, and no "${key}"`)
  }
  const name = members.get('name')
  if (typeof name !== 'string' || !isAttributeName(name)) throw invalid('a clause has no name of an attribute')
  const is = comparisons.find((comparison) => comparison === members.get('is'))
  if (is === undefined) throw invalid(`the clause on ${name} has none of the comparisons ${comparisons.join(' ')}`)
  const value = clauseValue(name, members.get('value'))
  if (isHeaderName(name) && headerNames[name] !== value.type) {
    throw invalid(`${name} is a ${headerNames[name]} and cannot be compared with a value of type ${value.type}`)
  }
  if (is === 'like') requirePattern(name, value)
  return { name, is, value }
}

function clauseValue(name: string, given: unknown): AttributeValue {
  const members = new Map(membersOf(given))
  const [type, value] = [members.get('type'), members.get('value')]
  let checked: AttributeValue
  if (type === 'string' && typeof value === 'string') checked = { type, value }
  else if ((type === 'integer' || type === 'date') && typeof value === 'number') checked = { type, value: value + 0 }
  else throw invalid(`the clause on ${name} has no value of type string, integer or date`)
  const problem = attributeValueProblem(checked)
  if (problem !== undefined) throw invalid(`in the clause on ${name}, ${problem}`)
  if (checked.type === 'string' && checked.value.length > LONGEST_QUERY_STRING) {
    throw invalid(`the text of the clause on ${name} has more than ${LONGEST_QUERY_STRING} characters`)
  }
  return checked
}

function requirePattern(name: string, { type, value }: AttributeValue): void {
  if (type !== 'string') throw invalid(`the clause on ${name} is a "like", which needs a text`)
  if (patternMatcher(value) !== undefined) return
  throw invalid(`in the pattern of the clause on ${name}, a backslash stands before something other than * ? \\`)
}

function membersOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('something in it is no object')
  return Object.entries(value)
}

function invalid(problem: string): PeerageError<'invalid-search'> {
  return new PeerageError('invalid-search', { problem })
}
