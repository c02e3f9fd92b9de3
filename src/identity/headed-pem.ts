/**
 * The text form of an identity on disk and in an export: lines `Name: value`, then one PEM block with
 * the private key. Tools that know PEM pass over the lines before the block (RFC 7468 section 2), so
 * that `openssl pkey` reads the text as it is.
 *
 * The first line names the format and its schema. The last one is the **seal**: a checksum or a
 * signature over all the rest, which is the text without that line. Reading is strict: every line
 * there, in order, ended by one line feed, and nothing after the block.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import { type PemBlock, readPemBlock } from './pem.ts'

/** One such format. */
export interface HeadedPemFormat<Name extends string> {
  /** The name of the first line; its value is the schema. */
  readonly name: string
  /** The schema that this version writes, and the newest that it reads. */
  readonly schema: number
  /** The names of the lines after the first and before the seal. */
  readonly lines: readonly Name[]
  /** The name of the last line. */
  readonly seal: string
  /** Of the block, in characters; if undefined, what a private key has at most. */
  readonly longestBlock?: number
}

/** A text taken apart at its block. */
export interface HeadedPem {
  /** The lines, each with its line feed. */
  readonly head: string
  /** The text of the block. */
  readonly block: string
  readonly pem: PemBlock
}

/** The lines of a text. */
export interface HeaderLines<Name extends string> {
  /** What stands in one of the lines after its name. */
  readonly value: (name: Name) => string
  /** What the seal should fit: the text without the line of the seal. */
  readonly sealed: string
  readonly seal: string
}

/** Makes the error for what is wrong with a text. */
export type Refusal = (problem: string) => PeerageError

/** The lines, a seal over them and the block, and the block. */
export function writeHeadedPem<Name extends string>(
  format: HeadedPemFormat<Name>,
  values: Readonly<Record<Name, string>>,
  block: string,
  sealOver: (sealed: string) => string,
): string {
  const lines = format.lines.map((name) => `${name}: ${values[name]}\n`)
  const head = `${format.name}: ${format.schema}\n${lines.join('')}`
  return `${head}${format.seal}: ${sealOver(head + block)}\n${block}`
}

/**
 * Takes a text apart at its PEM block, which must end it.
 *
 * @param newer Makes the error for a text of a newer schema.
 * @throws what `newer` and `refuse` make
 */
export function splitHeadedPem(
  format: HeadedPemFormat<string>,
  text: string,
  newer: (schema: number) => PeerageError,
  refuse: Refusal,
): HeadedPem {
  const schema = schemaOf(format, text)
  if (schema !== undefined && schema > format.schema) throw newer(schema)
  const pem = refusing(() => readPemBlock(text, format.longestBlock), refuse)
  if (pem === undefined)
    throw refuse(schema === undefined ? 'it is not a key' : 'it is cut short: there is no key in it')
  if (pem.end !== text.length) throw refuse('something follows the key')
  if (!text.endsWith('\n')) throw refuse('it is cut short: its last line has no end')
  return { head: text.slice(0, pem.start), block: text.slice(pem.start), pem }
}

/**
 * Reads the lines of a text of this format. Whether the seal fits is not checked here.
 *
 * @throws what `refuse` makes
 */
export function readHeaderLines<Name extends string>(
  format: HeadedPemFormat<Name>,
  { head, block }: HeadedPem,
  refuse: Refusal,
): HeaderLines<Name> {
  if (schemaOf(format, head) === undefined) throw refuse(`its first line is not "${format.name}: " and a number`)
  const [first = '', ...lines] = head.split('\n').slice(0, -1)
  const names = [...format.lines, format.seal]
  for (const [index, name] of names.entries()) {
    if (lines[index]?.startsWith(`${name}: `) !== true) throw refuse(`its line ${index + 2} is not "${name}: ..."`)
  }
  if (lines.length > names.length) throw refuse(`its line ${names.length + 2} is not the beginning of the key`)
  const values = new Map(names.map((name, index) => [name, lines[index]?.slice(name.length + 2) ?? '']))
  return {
    value: (name) => values.get(name) ?? '',
    sealed: [first, ...lines.slice(0, -1), block].join('\n'),
    seal: values.get(format.seal) ?? '',
  }
}

/** The value, if there is one. @throws what `refuse` makes */
export function required<Value>(value: Value | undefined, problem: string, refuse: Refusal): Value {
  if (value === undefined) throw refuse(problem)
  return value
}

/** Runs a reader that throws a PeerageError of its own, and refuses the text for what it says. */
export function refusing<Result>(read: () => Result, refuse: Refusal): Result {
  try {
    return read()
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) throw refuse(error.details.problem)
    if (error instanceof PeerageError) throw refuse(error.message)
    throw error
  }
}

function schemaOf(format: HeadedPemFormat<string>, text: string): number | undefined {
  const match = /^([A-Za-z-]+): ([1-9][0-9]{0,5})\n/.exec(text)
  return match?.[1] === format.name ? Number(match[2]) : undefined
}
