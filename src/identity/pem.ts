/**
 * PEM, the text form of keys and certificates (RFC 7468), in its strict form: lines of 64 characters,
 * canonical base64, the same label at both ends. Lines may end in CR LF, because texts that people send
 * to each other change in that.
 *
 * Text before and after a block is allowed by the standard (`openssl` passes over it), so a file can
 * say in the clear what it holds. {@link PemBlock.start} and {@link PemBlock.end} tell the reader of
 * such a file where the block stands.
 */
import { fromBase64, toBase64 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** One block of a text. */
export interface PemBlock {
  /** What is in it, such as `CERTIFICATE`. */
  readonly label: string
  readonly bytes: Uint8Array
  /** Where its first line begins. */
  readonly start: number
  /** Where the line after its last one begins. */
  readonly end: number
}

const LINE_LENGTH = 64
/** Unless a format says otherwise, longer blocks are refused, in characters: the longest key, 16,384 bytes, has 22,400. */
const LONGEST_BLOCK = 24_576

/** The block, each of its lines ended by a line feed. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = toBase64(bytes)
  let text = `-----BEGIN ${label}-----\n`
  for (let start = 0; start < base64.length; start += LINE_LENGTH) {
    text += `${base64.slice(start, start + LINE_LENGTH)}\n`
  }
  return `${text}-----END ${label}-----\n`
}

/**
 * The first block of the text that begins with a line of its own; undefined if there is none. The end
 * of the text may stand in place of the last line's end.
 *
 * @param longest In characters
 * @throws PeerageError `malformed` if a block begins and is cut short, too long or not in strict form
 */
export function readPemBlock(text: string, longest: number = LONGEST_BLOCK): PemBlock | undefined {
  const start = text.startsWith(BEGIN) ? 0 : text.indexOf(`\n${BEGIN}`) + 1
  if (!text.startsWith(BEGIN, start)) return undefined
  const block = text.slice(start, start + longest)
  const header = /^-----BEGIN ([A-Z0-9]+(?: [A-Z0-9]+)*)-----\r?\n/.exec(block)
  const label = header?.[1]
  if (header === null || label === undefined) throw malformed('its first line is cut short or is not one of PEM', start)
  const footerStart = block.indexOf(`\n-----END ${label}-----`) + 1
  if (footerStart === 0) throw malformed(`its last line, END ${label}, is missing: it is cut short or too long`, start)
  const footer = /^-----END [A-Z0-9 ]+-----(?:\r?\n|$)/.exec(block.slice(footerStart))
  if (footer === null) throw malformed('there is more in its last line', start + footerStart)
  const bytes = decodeLines(block.slice(header[0].length, footerStart), start)
  return { label, bytes, start, end: start + footerStart + footer[0].length }
}

const BEGIN = '-----BEGIN '

/** @param content The lines between the first and the last, all ended. */
function decodeLines(content: string, start: number): Uint8Array {
  const lines = content.split(/\r?\n/).slice(0, -1)
  for (const [index, line] of lines.entries()) {
    const isFull = index < lines.length - 1 ? line.length === LINE_LENGTH : line.length <= LINE_LENGTH
    if (!isFull) throw malformed(`its line ${index + 2} has ${line.length} characters instead of ${LINE_LENGTH}`, start)
  }
  const bytes = fromBase64(lines.join(''))
  if (bytes === undefined || bytes.length === 0) throw malformed('its content is not canonical base64', start)
  return bytes
}

function malformed(problem: string, offset: number): PeerageError<'malformed'> {
  return new PeerageError('malformed', { structure: 'PEM block', problem, offset })
}
