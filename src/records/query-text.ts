/**
 * The text form of queries, for people and command lines:
 *
 * ```
 * author = "Ann" and (year >= 1999 or title like "*x?") and peercreationtime < date 2003-02-28T17:05Z
 *
 * query  = all *( "or" all )
 * all    = part *( "and" part )
 * part   = clause / "(" query ")" / ( "and" / "or" ) "(" query ")"
 * clause = name ( "=" / "!=" / "<" / "<=" / ">" / ">=" / "like" ) value
 * value  = string / [ "-" ] digits / "date" ISO 8601 (date-text.ts)
 * string = a text between double quotes; a quote in it is written twice; nothing else is special
 * ```
 *
 * Each pair of parentheses around more than one part is one group, as deep as it stands, and `and ( ... )` is a group
 * of the one query that stands in it. So each query has a text from which exactly that query comes back.
 */
import { formatDate, parseDate } from '../runtime/date-text.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AttributeValue } from './attribute.ts'
import { type Comparison, comparisons, MOST_QUERY_LEVELS, type Query, requireQuery } from './query.ts'

/** In UTF-16 code units: the longest query, with some space. */
export const LONGEST_QUERY_TEXT = 2 ** 20

/** The query of a text. @throws PeerageError `invalid-search`, with the place of what is wrong */
export function parseQuery(text: string): Query {
  if (text.length > LONGEST_QUERY_TEXT) {
    throw new PeerageError('invalid-search', { problem: `a text has at most ${LONGEST_QUERY_TEXT} characters` })
  }
  return requireQuery(new QueryParser(text).whole())
}

/** The text of a query that {@link requireQuery} has checked, on one line if its values are. */
export function formatQuery(query: Query): string {
  if ('and' in query) return formatGroup('and', query.and)
  if ('or' in query) return formatGroup('or', query.or)
  return `${query.name} ${query.is} ${formatValue(query.value)}`
}

function formatGroup(word: 'and' | 'or', children: readonly Query[]): string {
  const [only] = children
  if (only !== undefined && children.length === 1) return `${word} (${formatQuery(only)})`
  return children.map((child) => (isGroup(child) ? `(${formatQuery(child)})` : formatQuery(child))).join(` ${word} `)
}

function isGroup(query: Query): boolean {
  return 'and' in query || 'or' in query
}

function formatValue({ type, value }: AttributeValue): string {
  if (type === 'string') return `"${value.replaceAll('"', '""')}"`
  return type === 'date' ? `date ${formatDate(value)}` : String(value)
}

const SPACE = /[ \t\r\n]*/y
const WORD = /[0-9A-Za-z]+/y
const COMPARISON = /!=|<=|>=|=|<|>|like(?![0-9A-Za-z])/y
const NUMBER_OR_DATE = /[-+0-9A-Za-z.:]+/y
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

/** Goes through a text once. What it makes is checked as any other query is. */
class QueryParser {
  readonly #text: string
  #place = 0

  constructor(text: string) {
    this.#text = text
    this.#take(SPACE)
  }

  whole(): Query {
    const query = this.#any(1)
    if (this.#place < this.#text.length) throw this.#expected('"and", "or" or the end')
    return query
  }

  #any(depth: number): Query {
    const children = this.#list('or', () => this.#all(depth))
    const [only] = children
    return only !== undefined && children.length === 1 ? only : { or: children }
  }

  #all(depth: number): Query {
    const children = this.#list('and', () => this.#part(depth))
    const [only] = children
    return only !== undefined && children.length === 1 ? only : { and: children }
  }

  #list(word: 'and' | 'or', next: () => Query): readonly Query[] {
    const children = [next()]
    while (this.#takeConnector(word)) children.push(next())
    return children
  }

  #part(depth: number): Query {
    if (depth > MOST_QUERY_LEVELS)
      throw this.#expected(`at most ${MOST_QUERY_LEVELS - 1} parentheses within each other`)
    if (this.#takeSymbol('(')) return this.#inParentheses(depth)
    const name = this.#takeToken(WORD)
    if (name === undefined) throw this.#expected('a name or "("')
    if ((name === 'and' || name === 'or') && this.#takeSymbol('(')) {
      const only = this.#inParentheses(depth)
      return name === 'and' ? { and: [only] } : { or: [only] }
    }
    return { name, is: this.#comparison(), value: this.#value() }
  }

  #inParentheses(depth: number): Query {
    const query = this.#any(depth + 1)
    if (!this.#takeSymbol(')')) throw this.#expected('"and", "or" or ")"')
    return query
  }

  #comparison(): Comparison {
    const found = this.#takeToken(COMPARISON)
    const comparison = comparisons.find((known) => known === found)
    if (comparison === undefined) throw this.#expected(`one of ${comparisons.join(' ')}`)
    return comparison
  }

  #value(): AttributeValue {
    if (this.#text[this.#place] === '"') return { type: 'string', value: this.#string() }
    const start = this.#place
    const token = this.#takeToken(NUMBER_OR_DATE)
    if (token === 'date') return { type: 'date', value: this.#date() }
    if (token !== undefined && INTEGER.test(token)) return { type: 'integer', value: Number(token) }
    throw this.#expected('a text between double quotes, an integer, or "date" and a date', start)
  }

  #date(): number {
    const start = this.#place
    const date = parseDate(this.#takeToken(NUMBER_OR_DATE) ?? '')
    if (date === undefined) throw this.#expected('a date, such as 2003-02-28 or 2003-02-28T17:05:30.125Z', start)
    return date
  }

  #string(): string {
    let value = ''
    let start = this.#place + 1
    for (;;) {
      const end = this.#text.indexOf('"', start)
      if (end < 0) throw this.#expected('a double quote at the end of the text that begins here')
      value += this.#text.slice(start, end)
      start = end + 2
      if (this.#text[end + 1] === '"') {
        value += '"'
        continue
      }
      this.#place = end + 1
      this.#take(SPACE)
      return value
    }
  }

  #takeSymbol(symbol: string): boolean {
    if (this.#text[this.#place] !== symbol) return false
    this.#place++
    this.#take(SPACE)
    return true
  }

  #takeConnector(word: string): boolean {
    const start = this.#place
    if (this.#takeToken(WORD) === word) return true
    this.#place = start
    return false
  }

  /** What fits at this place, and the space after it. */
  #takeToken(form: RegExp): string | undefined {
    const token = this.#take(form)
    if (token !== undefined) this.#take(SPACE)
    return token
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#place
    const token = form.exec(this.#text)?.[0]
    if (token !== undefined) this.#place += token.length
    return token
  }

  #expected(what: string, place: number = this.#place): PeerageError<'invalid-search'> {
    return new PeerageError('invalid-search', { problem: `at character ${place + 1} there should be ${what}` })
  }
}
