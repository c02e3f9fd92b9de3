/**
 * Queries in SQL. What they mean is said by src/records/query-match.ts, and a test holds this to it: texts are compared as
 * UTF-8, byte by byte, which is their order by code point, and patterns are judged by the same function in both.
 *
 * There are two ways to answer one. If few records can satisfy it, because some clause that must hold is satisfied by few,
 * these are taken from the index of values. Otherwise the records are gone through in the order that is wanted,
 * until there are enough, and each is judged by its own attributes.
 */
import type { AttributeValue } from '../records/attribute.ts'
import { type HeaderName, isHeaderName } from '../records/header-names.ts'
import { patternMatcher, type TextMatcher } from '../records/like-pattern.ts'
import type { Clause, Comparison, Query } from '../records/query.ts'
import type { SqliteDatabase, SqliteValue } from './sqlite.ts'

/** A part of a statement and the values of its parameters, in their order. */
export interface SqlPart {
  readonly sql: string
  readonly values: readonly SqliteValue[]
}

/** If more records can satisfy a clause, its index is of no use. */
const MOST_CANDIDATES = 1_000

/** Says with which arrivals the values that satisfy a clause came: up to a number of them. */
export type ClauseIndex = (statement: SqlPart) => readonly number[]

/** What the columns of the table `records` are under the names by which they are searched. */
const HEADER_COLUMNS: Readonly<Record<HeaderName, string>> = {
  peercreatorid: 'records.creator',
  peerlastmodifiedby: 'coalesce(records.modifier, records.creator)',
  peerrecordid: 'records.id',
  peerrecordtype: 'records.type',
  peercreationtime: 'records.created',
  peerlastmodificationtime: 'records.modified',
}

/** The condition on a row of \`records\` that a query is. */
export function queryCondition(query: Query): SqlPart {
  if ('and' in query) return joined(query.and, ' AND ')
  if ('or' in query) return joined(query.or, ' OR ')
  const { name } = query
  if (isHeaderName(name)) return compared(HEADER_COLUMNS[name], query)
  const { sql, values } = compared('value', query)
  return {
    // By the primary key: the attributes of one record lie together.
    sql: `EXISTS (SELECT 1 FROM attributes NOT INDEXED WHERE arrival = records.arrival AND name = ? AND type = ? AND ${sql})`,
    values: [name, query.value.type, ...values],
  }
}

/** The arrivals of all records that can satisfy a query, in any order, or undefined if those can be many. */
export function queryCandidates(query: Query, index: ClauseIndex): ReadonlySet<number> | undefined {
  if ('and' in query) {
    let fewest: ReadonlySet<number> | undefined
    for (const child of query.and) {
      const candidates = queryCandidates(child, index)
      if (candidates !== undefined && candidates.size < (fewest?.size ?? Number.POSITIVE_INFINITY)) fewest = candidates
    }
    return fewest
  }
  if ('or' in query) {
    const all = new Set<number>()
    for (const child of query.or) {
      const candidates = queryCandidates(child, index)
      if (candidates === undefined || all.size + candidates.size > MOST_CANDIDATES) return undefined
      for (const candidate of candidates) all.add(candidate)
    }
    return all
  }
  return clauseCandidates(query, index)
}

function clauseCandidates(clause: Clause, index: ClauseIndex): ReadonlySet<number> | undefined {
  if (isHeaderName(clause.name)) return undefined
  const { sql, values } = compared('value', clause)
  const found = index({
    sql: `SELECT arrival FROM attributes INDEXED BY attributes_by_value WHERE name = ? AND type = ? AND ${sql} LIMIT ?`,
    values: [clause.name, clause.value.type, ...values, MOST_CANDIDATES + 1],
  })
  return found.length > MOST_CANDIDATES ? undefined : new Set(found)
}

/** Makes the function known that `like` is in SQL. */
export function registerPatterns(database: SqliteDatabase): void {
  // The same pattern is tried on one value after the other.
  let last = ''
  let matches: TextMatcher | undefined = patternMatcher(last)
  database.function('fits_pattern', { deterministic: true, directOnly: true }, (pattern, text) => {
    if (pattern !== last) {
      matches = patternMatcher(pattern)
      last = pattern
    }
    return matches?.(text) === true ? 1 : 0
  })
}

function joined(queries: readonly Query[], operator: string): SqlPart {
  const parts = queries.map(queryCondition)
  return { sql: `(${parts.map(({ sql }) => sql).join(operator)})`, values: parts.flatMap(({ values }) => values) }
}

function compared(column: string, { is, value }: { readonly is: Comparison; readonly value: AttributeValue }): SqlPart {
  if (is === 'like') return { sql: `fits_pattern(?, ${column})`, values: [value.value] }
  return { sql: `${column} ${is} ?`, values: [value.value] }
}
