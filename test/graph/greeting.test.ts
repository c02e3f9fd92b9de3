/** What both ends of a link say first, as bytes. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commonVersion,
  type Greeting,
  graphProof,
  type LinkRole,
  openGreeting,
  sealGreeting,
} from '../../src/graph/greeting.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { classifierPart, makePeerName } from '../../src/identity/peer-name.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'

interface Vectors {
  readonly graphId: string
  readonly channelBinding: string
  readonly seeds: Readonly<Record<LinkRole, string>>
  readonly proof: string
  readonly sealKeys: Readonly<Record<LinkRole, string>>
  readonly greetings: readonly {
    readonly what: string
    readonly role: LinkRole
    readonly seed: LinkRole
    readonly classifier: string
    readonly versions: readonly number[]
    readonly features: number
    readonly coversOther: boolean
    readonly canonical: boolean
    readonly plain: string
    readonly sealed: string
  }[]
}

const file = new URL('../../docs/protocol/vectors/graph-links.json', import.meta.url)
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))

function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

const link = {
  crypto,
  keys: graphKeys(crypto, parseGraphId(vectors.graphId)),
  channelBinding: hex(vectors.channelBinding),
}
const keyPairs = {
  dialler: crypto.signingKeyPair(hex(vectors.seeds.dialler)),
  responder: crypto.signingKeyPair(hex(vectors.seeds.responder)),
}
const otherRole: Readonly<Record<LinkRole, LinkRole>> = { dialler: 'responder', responder: 'dialler' }
const ONLY_NONCE = new Uint8Array(12)

function nameOf(role: LinkRole, classifier: string) {
  return makePeerName(authorityOf(crypto, keyPairs[role].publicKey), classifier)
}

/** Reads a greeting as the end that it is for. */
function read(role: LinkRole, sealed: Uint8Array): Greeting | string {
  return openGreeting(link, role, sealed, keyPairs[otherRole[role]].publicKey)
}

/** A greeting whose bytes before the signature are changed by somebody who has the key: what a wrong program sends. */
function resealed(role: LinkRole, plain: Uint8Array): Uint8Array {
  return crypto.seal(hex(vectors.sealKeys[role]), ONLY_NONCE, plain, new Uint8Array(0))
}

test('G-016, P-128: the proof of a graph is that of the vector, and another one for each graph and channel binding', () => {
  expect(toHex(graphProof(link))).toBe(vectors.proof)
  const otherBinding = { ...link, channelBinding: link.channelBinding.toReversed() }
  expect(toHex(graphProof(otherBinding))).not.toBe(vectors.proof)
  expect(toHex(graphProof({ ...link, keys: graphKeys(crypto, parseGraphId('another')) }))).not.toBe(vectors.proof)
})

describe('greetings', () => {
  for (const {
    what,
    role,
    seed,
    classifier,
    versions,
    features,
    coversOther,
    canonical,
    sealed,
  } of vectors.greetings) {
    test(`G-140, G-142: ${what}: read as the vector says`, () => {
      const { publicKey } = keyPairs[seed]
      expect(read(role, hex(sealed))).toMatchObject({
        ...{ name: nameOf(seed, classifier), publicKey, versions, features },
      })
    })
    if (!canonical) continue
    test(`G-140, G-142: ${what}: written as the vector says`, () => {
      const identity = { name: nameOf(seed, classifier), keyPair: keyPairs[seed] }
      const other = coversOther ? keyPairs[otherRole[seed]].publicKey : undefined
      expect(toHex(sealGreeting(link, role, identity, { versions, features }, other))).toBe(sealed)
    })
  }

  const [unknown, known, answer] = vectors.greetings
  if (unknown === undefined || known === undefined || answer === undefined) throw new Error('no vectors')

  test('P-061: a greeting of another link, another graph or the other role does not open', () => {
    const sealed = hex(unknown.sealed)
    const own = keyPairs.responder.publicKey
    expect(openGreeting({ ...link, channelBinding: new Uint8Array(32) }, 'dialler', sealed, own)).toBe(
      'opening-wrong-seal',
    )
    const otherGraph = { ...link, keys: graphKeys(crypto, parseGraphId('another')) }
    expect(openGreeting(otherGraph, 'dialler', sealed, own)).toBe('opening-wrong-seal')
    expect(read('responder', sealed)).toBe('opening-wrong-seal')
  })

  test('P-061: a signature of another link, role, graph, key or purpose never counts, even where somebody sealed it anew', () => {
    // What a member who knows the graph can do with a signature that it got on a link of its own.
    const plain = hex(unknown.plain)
    expect(read('dialler', resealed('dialler', plain))).toMatchObject({ versions: [0x20] })
    const otherLink = { ...link, channelBinding: new Uint8Array(32).fill(1) }
    const opened = (sealed: Uint8Array, under: typeof link, role: LinkRole): Uint8Array => {
      const context = `peerage/1/link-seal-${role}\0`
      const key = crypto.hmacSha256(under.keys.secret, new TextEncoder().encode(context), under.channelBinding)
      const bytes = crypto.open(key, ONLY_NONCE, sealed, new Uint8Array(0))
      if (bytes === undefined) throw new Error('it is sealed with this key')
      return bytes
    }
    const identity = { name: nameOf('dialler', 'Ann'), keyPair: keyPairs.dialler }
    const offer = { versions: [0x20], features: 0 }
    const own = keyPairs.responder.publicKey
    const foreign = [
      opened(sealGreeting(otherLink, 'dialler', identity, offer, undefined), otherLink, 'dialler'),
      opened(sealGreeting(link, 'responder', identity, offer, undefined), link, 'responder'),
      // It named somebody else than this end.
      opened(sealGreeting(link, 'dialler', identity, offer, keyPairs.dialler.publicKey), link, 'dialler'),
    ]
    const otherGraph = { ...link, keys: graphKeys(crypto, parseGraphId('another')) }
    foreign.push(opened(sealGreeting(otherGraph, 'dialler', identity, offer, undefined), otherGraph, 'dialler'))
    for (const bytes of foreign) expect(read('dialler', resealed('dialler', bytes))).toBe('opening-wrong-signature')
    expect(openGreeting(link, 'dialler', hex(known.sealed), own)).toMatchObject({ versions: [0x20] })
    expect(openGreeting(link, 'dialler', hex(known.sealed), keyPairs.dialler.publicKey)).toBe('opening-wrong-signature')
    // A responder that leaves the dialler's key out of its signature could show it to anybody.
    const evasive = opened(sealGreeting(link, 'responder', identity, offer, undefined), link, 'responder')
    expect(read('responder', resealed('responder', evasive))).toBe('opening-malformed')
  })

  test('each byte changed, cut off or added is refused', () => {
    for (const { role, plain, sealed } of [unknown, answer]) {
      const whole = hex(sealed)
      for (let place = 0; place < whole.length; place++) {
        const changed = whole.slice()
        changed[place] = (changed[place] ?? 0) ^ 0x40
        expect(read(role, changed)).toBe('opening-wrong-seal')
        expect(read(role, whole.subarray(0, place))).toBe('opening-wrong-seal')
      }
      // The same by somebody who knows the graph and seals it again.
      const bytes = hex(plain)
      for (let place = 0; place < bytes.length; place++) {
        for (const bit of [0x01, 0x80]) {
          const changed = bytes.slice()
          changed[place] = (changed[place] ?? 0) ^ bit
          expect(read(role, resealed(role, changed))).toMatch(/^opening-(malformed|wrong-signature)$/)
        }
        expect(read(role, resealed(role, bytes.subarray(0, place)))).toMatch(/^opening-(malformed|wrong-signature)$/)
      }
      expect(read(role, resealed(role, Uint8Array.of(...bytes, 0)))).toBe('opening-malformed')
    }
  })

  test('any identity, versions and features come through; random bytes never throw', () => {
    const anyVersions = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 16 })
    const anyClassifier = fc.string({ unit: 'binary', maxLength: 70 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(
        anyVersions,
        anyClassifier,
        fc.nat({ max: 0xffff_ffff }),
        fc.boolean(),
        (drawn, classifier, features, isKnown) => {
          const versions = drawn.toSorted((one, other) => one - other)
          const identity = { name: nameOf('dialler', classifier), keyPair: keyPairs.dialler }
          const other = isKnown ? keyPairs.responder.publicKey : undefined
          const greeting = read('dialler', sealGreeting(link, 'dialler', identity, { versions, features }, other))
          if (typeof greeting === 'string') throw new Error(greeting)
          expect(classifierPart(greeting.name)).toBe(classifier)
          expect(greeting.versions).toEqual(versions)
          expect(greeting.features).toBe(features)
        },
      ),
      { numRuns: 100 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typeof read('dialler', bytes)).toBe('string')
        expect(typeof read('dialler', resealed('dialler', bytes))).toBe('string')
      }),
      { numRuns: 2000 },
    )
  })
})

test('the highest version that both ends speak is used', () => {
  expect(commonVersion([0x20, 0x21, 0x30], [0x20, 0x21, 0x31])).toBe(0x21)
  expect(commonVersion([0x20], [0x10, 0x20, 0x30])).toBe(0x20)
  expect(commonVersion([0x20], [0x21])).toBeUndefined()
})
