/**
 * What commands read: a file, standard input (`-`), or a secret that somebody types. A secret is never
 * an argument, where every user of the machine could see it.
 */
import { createReadStream } from 'node:fs'
import { systemErrorCode } from '../nodejs/system-error.ts'
import { concatBytes, fromUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { promptSecret } from './secret-prompt.ts'

/** Stands for standard input in place of a file. */
export const STANDARD_INPUT = '-'
let standardInputIsUsed = false

/** In bytes: far more than any export or passphrase has. */
const LONGEST_INPUT = 65_536

/**
 * All of a file or of standard input, as text.
 *
 * @throws PeerageError `input-not-readable`
 */
export async function readInput(file: string): Promise<string> {
  const text = fromUtf8(await readBytes(file, LONGEST_INPUT))
  if (text !== undefined) return text
  throw new PeerageError('input-not-readable', { file: nameOf(file), reason: 'it is not UTF-8 text' })
}

/**
 * All of a file or of standard input.
 *
 * @throws PeerageError `input-not-readable`; also if there are more than `most` bytes
 */
export async function readBytes(file: string, most: number): Promise<Uint8Array> {
  const isStandardInput = file === STANDARD_INPUT
  const name = nameOf(file)
  if (isStandardInput && standardInputIsUsed) {
    throw new PeerageError('input-not-readable', { file: name, reason: 'something else was read from it already' })
  }
  if (isStandardInput) standardInputIsUsed = true
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of isStandardInput ? process.stdin : createReadStream(file)) {
      chunks.push(chunk)
      length += chunk.length
      if (length > most) break
    }
  } catch (error) {
    if (!(error instanceof Error) || systemErrorCode(error) === undefined) throw error
    throw new PeerageError('input-not-readable', { file: name, reason: error.message }, { cause: error })
  }
  if (length > most) {
    throw new PeerageError('input-not-readable', { file: name, reason: `it has more than ${most} bytes` })
  }
  return concatBytes(...chunks)
}

function nameOf(file: string): string {
  return file === STANDARD_INPUT ? 'standard input' : file
}

/**
 * A secret: the one line of a file or of standard input, or what somebody types; undefined if no file is
 * given and nobody is there to be asked.
 *
 * @param question What is asked for at a terminal, such as `Password of the export`.
 * @throws PeerageError `input-not-readable`; `invalid-argument` if a new one is typed in two ways
 */
export async function readSecret(
  file: string | undefined,
  question: string,
  { isNew }: { readonly isNew: boolean },
): Promise<string | undefined> {
  const canAsk = process.stdin.isTTY && process.stderr.isTTY && !standardInputIsUsed
  if (file === undefined || file === STANDARD_INPUT) {
    if (canAsk) return isNew ? askTwice(question) : ask(question)
    if (file === undefined) return undefined
  }
  const [secret = '', ...rest] = (await readInput(file)).split(/\r?\n/)
  if (rest.join('') === '') return secret
  throw new PeerageError('input-not-readable', { file, reason: 'it has several lines, where a secret is one' })
}

function ask(question: string): Promise<string> {
  return promptSecret(question, { input: process.stdin, output: process.stderr })
}

async function askTwice(question: string): Promise<string> {
  const secret = await ask(question)
  if (secret === (await ask(`${question}, again`))) return secret
  throw new PeerageError('invalid-argument', {
    name: question,
    value: 'something else the second time',
    expected: 'the same both times',
  })
}
