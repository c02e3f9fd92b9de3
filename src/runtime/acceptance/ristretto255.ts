/**
 * The part of the acceptance suite of the crypto port that is about ristretto255. It holds for the fake of
 * the simulation, too, which takes it from a real port.
 */
import type { Crypto } from '../crypto.ts'
import { RISTRETTO255_LENGTH, RISTRETTO255_UNIFORM_LENGTH } from '../crypto.ts'
import { type AcceptanceCheck, expectBytes, expectSame } from './acceptance.ts'
import { patterned } from './crypto-samples.ts'
import { fromVector } from './crypto-vectors.ts'
import { LAST_SCALAR, ristretto255Derived, ristretto255Invalid, ristretto255Multiples } from './ristretto255-vectors.ts'

/** A part of `cryptoAcceptance`. */
export const ristretto255Acceptance: readonly AcceptanceCheck<Crypto>[] = [
  {
    name: 'ristretto255: the multiples of the generator are those of RFC 9496',
    run(crypto) {
      const multiples = ristretto255Multiples.map(fromVector)
      for (const [index, multiple] of multiples.entries()) {
        const [generator = multiple] = multiples
        expectBytes(crypto.ristretto255Multiply(scalarOf(index + 1), generator), multiple, `${index + 1} G`)
      }
    },
  },
  {
    name: 'ristretto255: no product with what is no element, not canonical, or neutral',
    run(crypto) {
      for (const invalid of [...ristretto255Invalid.map(fromVector), new Uint8Array(RISTRETTO255_LENGTH)]) {
        for (const scalar of [scalarOf(1), scalarOf(8), fromVector(LAST_SCALAR)]) {
          expectSame(crypto.ristretto255Multiply(scalar, invalid), undefined, 'the product')
        }
      }
    },
  },
  {
    name: 'ristretto255: elements are derived from 64 bytes as RFC 9496 has it',
    run(crypto) {
      for (const { uniform, element } of ristretto255Derived) {
        expectBytes(crypto.ristretto255Element(fromVector(uniform)), fromVector(element), 'the element')
      }
    },
  },
  {
    name: 'ristretto255: two come to one product, whoever multiplies first; the largest scalar negates',
    run(crypto) {
      const element = crypto.ristretto255Element(patterned(RISTRETTO255_UNIFORM_LENGTH, 1))
      const [one, other, last] = [scalarOf(250), scalarOf(251), fromVector(LAST_SCALAR)]
      const there = crypto.ristretto255Multiply(one, crypto.ristretto255Multiply(other, element) ?? one)
      const back = crypto.ristretto255Multiply(other, crypto.ristretto255Multiply(one, element) ?? one)
      if (there === undefined) throw new Error('there is a product')
      expectBytes(back, there, 'the product')
      const negated = crypto.ristretto255Multiply(last, element) ?? one
      expectBytes(crypto.ristretto255Multiply(last, negated), element, 'the element, negated twice')
    },
  },
]

/** A small scalar. */
function scalarOf(value: number): Uint8Array {
  const scalar = new Uint8Array(RISTRETTO255_LENGTH)
  scalar[0] = value
  return scalar
}
