/** Samples that were damaged in many ways: what fuzzing gives to decoders and to running nodes. */
import { concatBytes } from '../../src/runtime/bytes.ts'
import { LONGEST_DATAGRAM } from '../../src/runtime/datagrams.ts'
import { type Random, randomBelow, randomBytes, randomChoice } from '../../src/runtime/random.ts'

const INTERESTING = [0x00, 0x01, 0x03, 0x04, 0x05, 0x7f, 0x80, 0xfe, 0xff]
const MOST_WOUNDS = 6

/** A sample with a few wounds, or rarely no sample at all. */
export function damaged(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  if (randomBelow(random, 50) === 0) return randomBytes(random, randomBelow(random, LONGEST_DATAGRAM))
  let bytes: Uint8Array = randomChoice(random, samples) ?? new Uint8Array()
  for (let wounds = randomBelow(random, MOST_WOUNDS); wounds >= 0; wounds--) bytes = wounded(random, bytes, samples)
  return bytes
}

function wounded(random: Random, bytes: Uint8Array, samples: readonly Uint8Array[]): Uint8Array {
  const place = randomBelow(random, bytes.length + 1)
  const length = randomBelow(random, 40)
  const after = bytes.subarray(place)
  switch (randomBelow(random, 8)) {
    case 0:
      return concatBytes(bytes.subarray(0, place), after.subarray(length))
    case 1:
      return concatBytes(bytes.subarray(0, place), randomBytes(random, length), after)
    case 2:
      return concatBytes(bytes.subarray(0, place), after.subarray(0, length), after)
    case 3:
      return new Uint8Array(bytes.subarray(0, place))
    case 4: {
      const other = randomChoice(random, samples) ?? bytes
      return concatBytes(bytes.subarray(0, place), other.subarray(randomBelow(random, other.length + 1)))
    }
    case 5:
      return withByte(bytes, place, (bytes[place] ?? 0) ^ (1 << randomBelow(random, 8)))
    case 6:
      return withByte(bytes, place, randomChoice(random, INTERESTING) ?? 0)
    default:
      return withByte(bytes, place, randomBelow(random, 256))
  }
}

function withByte(bytes: Uint8Array, place: number, value: number): Uint8Array {
  const changed = new Uint8Array(bytes)
  if (place < changed.length) changed[place] = value
  return changed
}
