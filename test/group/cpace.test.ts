/** CPace: the draft's vectors, docs/protocol/vectors/cpace.json, and runs that must not come to a key. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CpaceInitiator,
  type CpaceInputs,
  type CpaceKey,
  type CpaceMessage,
  type CpaceRefusal,
  CpaceResponder,
  lengthPrefixed,
} from '../../src/group/cpace.ts'
import { nodeCrypto } from '../../src/nodejs/crypto/node-crypto.ts'
import { equalBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { drawing } from './drawing.ts'

interface Side {
  readonly scalar: string
  readonly associated: string
  readonly share: string
}

interface CpaceVectors {
  readonly lengthPrefixed: readonly { readonly strings: readonly string[]; readonly result: string }[]
  readonly run: {
    readonly passwordString: string
    readonly channel: string
    readonly session: string
    readonly initiator: Side
    readonly responder: Side
    readonly key: string
  }
  readonly confirmations: { readonly initiator: string; readonly responder: string }
  readonly product: { readonly scalar: string; readonly element: string; readonly product: string }
  readonly invalidShares: readonly string[]
}

const vectors: CpaceVectors = JSON.parse(readFileSync('docs/protocol/vectors/cpace.json', 'utf8'))
const { run } = vectors
const draftInputs: CpaceInputs = {
  passwordString: hex(run.passwordString),
  channel: hex(run.channel),
  session: hex(run.session),
}
const random = new SeededRandom('cpace')

describe('the vectors of the draft', () => {
  test.each(vectors.lengthPrefixed)('P-043: $strings.length strings, each after its length', ({ strings, result }) => {
    expect(toHex(lengthPrefixed(...strings.map(hex)))).toBe(result)
  })

  for (const port of [crypto, nodeCrypto()]) {
    test(`P-043: a run gives shares, key and confirmations, with ${port.implementation}`, () => {
      const { initiator: a, responder: b } = run
      const initiator = new CpaceInitiator(port, drawing(a.scalar), draftInputs, hex(a.associated))
      const responder = new CpaceResponder(port, drawing(b.scalar), draftInputs, hex(b.associated))
      expect(toHex(initiator.message.share)).toBe(a.share)
      expect(toHex(responder.message.share)).toBe(b.share)
      const there = keyOf(responder.respond(initiator.message))
      const here = keyOf(initiator.finish(responder.message, there.confirmation))
      expect(toHex(there.key)).toBe(run.key)
      expect(toHex(here.key)).toBe(run.key)
      expect(toHex(here.confirmation)).toBe(vectors.confirmations.initiator)
      expect(toHex(there.confirmation)).toBe(vectors.confirmations.responder)
      expect(responder.isConfirmed(here.confirmation)).toBe(true)
    })

    test(`P-043: a share that is invalid or neutral ends a run on either side, with ${port.implementation}`, () => {
      const { product } = vectors
      const actual = port.ristretto255Multiply(hex(product.scalar), hex(product.element))
      expect(actual === undefined ? 'none' : toHex(actual)).toBe(product.product)
      for (const share of vectors.invalidShares.map(hex)) {
        expect(port.ristretto255Multiply(hex(product.scalar), share)).toBeUndefined()
        const { initiator, responder } = sides(draftInputs, draftInputs)
        expect(initiator.finish({ share, associated: new Uint8Array() }, new Uint8Array(32))).toBe('invalid-share')
        expect(responder.respond({ share, associated: new Uint8Array() })).toBe('invalid-share')
        expect(responder.isConfirmed(new Uint8Array(32))).toBe(false)
      }
    })
  }
})

describe('a run', () => {
  test('comes to one key from equal inputs, and to another one each time', () => {
    const keys = new Set<string>()
    for (let time = 0; time < 5; time++) {
      const { here, there, confirmed } = play(sides(draftInputs, draftInputs))
      expect(confirmed).toBe(true)
      expect(toHex(keyOf(here).key)).toBe(toHex(keyOf(there).key))
      keys.add(toHex(keyOf(here).key))
    }
    expect(keys.size).toBe(5)
  })

  test('P-044: is confirmed at neither end if password, channel or session differ in any way', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    const inputs = fc.record({ passwordString: bytes, channel: bytes, session: bytes })
    fc.assert(
      fc.property(inputs, inputs, fc.nat(2), (one, drawn, part) => {
        // One part alone differs, or all of them.
        const name = (['passwordString', 'channel', 'session'] as const)[part] ?? 'session'
        for (const other of [{ ...one, [name]: drawn[name] }, drawn]) {
          const isSame = (['passwordString', 'channel', 'session'] as const).every((key) =>
            equalBytes(one[key], other[key]),
          )
          const { here, there, confirmed } = play(sides(one, other))
          expect(typeof here).toBe(isSame ? 'object' : 'string')
          expect(confirmed).toBe(isSame)
          expect(typeof there).toBe('object')
        }
      }),
      { numRuns: 12 },
    )
  })

  test('is not confirmed where what was sent beside a share has changed on the way', () => {
    const change = (message: CpaceMessage): CpaceMessage => ({ ...message, associated: toUtf8('altered') })
    expect(play(sides(draftInputs, draftInputs), { first: change }).here).toBe('not-confirmed')
    expect(play(sides(draftInputs, draftInputs), { answer: change }).here).toBe('not-confirmed')
  })

  test('is not confirmed with a share, or a confirmation, that was sent back to who made it', () => {
    const { initiator } = sides(draftInputs, draftInputs)
    expect(initiator.finish(initiator.message, new Uint8Array(32))).toBe('not-confirmed')
    const pair = sides(draftInputs, draftInputs)
    const there = keyOf(pair.responder.respond(pair.initiator.message))
    expect(pair.responder.isConfirmed(there.confirmation)).toBe(false)
  })

  test('is not confirmed by a confirmation that was cut, lengthened or altered', () => {
    const pair = sides(draftInputs, draftInputs)
    const there = keyOf(pair.responder.respond(pair.initiator.message))
    const here = keyOf(pair.initiator.finish(pair.responder.message, there.confirmation))
    const good = here.confirmation
    const altered = good.slice()
    altered[31] = (altered[31] ?? 0) ^ 1
    for (const bad of [new Uint8Array(), good.subarray(1), Uint8Array.of(...good, 0), altered]) {
      expect(pair.responder.isConfirmed(bad)).toBe(false)
      const again = sides(draftInputs, draftInputs)
      expect(again.initiator.finish(again.responder.message, bad)).toBe('not-confirmed')
    }
    expect(pair.responder.isConfirmed(good)).toBe(true)
  })

  test('refuses a share of a wrong length, and takes one message only', () => {
    for (const length of [0, 31, 33, 64]) {
      const { initiator, responder } = sides(draftInputs, draftInputs)
      const message = { share: new Uint8Array(length).fill(2), associated: new Uint8Array() }
      expect(responder.respond(message)).toBe('invalid-share')
      expect(initiator.finish(message, new Uint8Array(32))).toBe('invalid-share')
      expect(() => responder.respond(message)).toThrow(TypeError)
      expect(() => initiator.finish(message, new Uint8Array(32))).toThrow(TypeError)
    }
  })
})

interface Sides {
  readonly initiator: CpaceInitiator
  readonly responder: CpaceResponder
}

function sides(one: CpaceInputs, other: CpaceInputs): Sides {
  return {
    initiator: new CpaceInitiator(crypto, random, one, toUtf8('ADa')),
    responder: new CpaceResponder(crypto, random, other, toUtf8('ADb')),
  }
}

interface Outcome {
  readonly here: CpaceKey | CpaceRefusal
  readonly there: CpaceKey | CpaceRefusal
  /** Whether the responder came to know that the initiator has the key. */
  readonly confirmed: boolean
}

const AS_IT_IS = (message: CpaceMessage): CpaceMessage => message

/** A whole run, with what happens to each message on the way. */
function play(
  { initiator, responder }: Sides,
  way: { first?: typeof AS_IT_IS; answer?: typeof AS_IT_IS } = {},
): Outcome {
  const { first = AS_IT_IS, answer = AS_IT_IS } = way
  const there = responder.respond(first(initiator.message))
  const confirmation = typeof there === 'string' ? new Uint8Array(32) : there.confirmation
  const here = initiator.finish(answer(responder.message), confirmation)
  return { here, there, confirmed: typeof here !== 'string' && responder.isConfirmed(here.confirmation) }
}

function keyOf(result: CpaceKey | CpaceRefusal): CpaceKey {
  if (typeof result === 'string') throw new Error(`the run ended: ${result}`)
  return result
}
