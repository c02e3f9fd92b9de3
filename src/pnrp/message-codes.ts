/**
 * The numbers that stand for words in messages (MS-PNRP 2.2.1 and 2.2.2).
 */
import type { Criterion, Message, ResolveReason, Solicit } from './message.ts'

/** A set of words, each with its number. */
export interface Codes<Word extends string> {
  codeOf(word: Word): number
  /** undefined if no word has this number. */
  wordOf(code: number): Word | undefined
}

export const messageTypes: Codes<Message['type']> = codes({
  SOLICIT: 0x01,
  ADVERTISE: 0x02,
  REQUEST: 0x03,
  FLOOD: 0x04,
  INQUIRE: 0x07,
  AUTHORITY: 0x08,
  ACK: 0x09,
  LOOKUP: 0x0b,
})

export const solicitTypes: Codes<Solicit['solicitType']> = codes({ any: 0x00, local: 0x01 })

export const criteria: Codes<Criterion> = codes({
  none: 0x00,
  any: 0x01,
  nearest: 0x02,
  'nearest-64': 0x04,
  'upper-bits': 0x08,
})

export const resolveReasons: Codes<ResolveReason> = codes({
  application: 0x00,
  registration: 0x01,
  'cache-maintenance': 0x02,
  'split-detection': 0x03,
})

/** Bits of FLAGS_FIELD in an INQUIRE (2.2.2.5), by their place in the specification's picture. */
export const InquireFlag = { cpa: 0x10, payload: 0x08, chain: 0x04 } as const
/** In an ACK (2.2.2.7). */
export const AckFlag = { cookieNeeded: 0x8000, notFound: 0x01 } as const
/** In an AUTHORITY_BUFFER (2.2.2.6.1). */
export const AuthorityFlag = { cookieNeeded: 0x8000, leafSet: 0x0200, busy: 0x08, notFound: 0x01 } as const
/** In FLOOD_CONTROLS (2.2.2.4). */
export const FloodFlag = { withoutAck: 0x01 } as const
/** In LOOKUP_CONTROLS (2.2.2.8). */
export const LookupFlag = { acceptsFarther: 0x02 } as const

function codes<Word extends string>(table: Readonly<Record<Word, number>>): Codes<Word> {
  const words = new Map<number, Word>()
  for (const word of Object.keys(table) as Word[]) words.set(table[word], word)
  return { codeOf: (word) => table[word], wordOf: (code) => words.get(code) }
}
