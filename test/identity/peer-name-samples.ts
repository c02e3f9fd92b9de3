/** Peer names for tests: the published vectors, and a generator of every legal name. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { LONGEST_CLASSIFIER, makePeerName, type PeerName } from '../../src/identity/peer-name.ts'

interface NameVectors {
  readonly authorities: readonly { readonly publicKey: string; readonly authority: string }[]
  /** `hostName` is null where the name has none. */
  readonly names: readonly { readonly name: string; readonly p2pId: string; readonly hostName: string | null }[]
  readonly invalidNames: readonly { readonly name: string; readonly code: string }[]
  readonly invalidHostNames: readonly string[]
}

export const nameVectors: NameVectors = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/peer-names.json', import.meta.url), 'utf8'),
)

/** The authority of public key 1 of RFC 8032 section 7.1. */
export const AUTHORITY = '06e3fd8fda29bb60ab59557de61edb0aecdb2311'

const authority = fc.oneof(
  fc.constant('0'),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 40, maxLength: 40 }),
)

/** Classifiers of every kind: readable ones, any Unicode, and the longest. */
const classifier = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'abcxyz0189ABZ .-_'), maxLength: LONGEST_CLASSIFIER }),
    fc.string({ unit: 'binary', maxLength: LONGEST_CLASSIFIER }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
  )
  .map((text) => text.replaceAll('\0', '').slice(0, LONGEST_CLASSIFIER))
  .filter((text) => text.isWellFormed())

/** Every legal peer name. */
export const anyPeerName: fc.Arbitrary<PeerName> = fc
  .tuple(authority, classifier)
  .map(([one, other]) => makePeerName(one, one === '0' && other === '' ? 'x' : other))
