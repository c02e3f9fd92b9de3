/**
 * The PNRP ID: a number of 256 bits that names one registration of one peer name (MS-PNRP 1.3.1.2).
 * The upper half is the P2P ID, the hash of the name; the lower half is the service location.
 *
 * IDs stand on a circle: 2^256 - 1 is next to 0, and distance is the shorter way round. Finding a name
 * is walking to its place on that circle.
 *
 * An ID is kept as a text of 32 characters, one for each byte. So `===` is equality, `<` is the order of
 * the numbers, it is a key of a Map, and it costs 50 bytes.
 */
import type { Branded } from '../runtime/branded.ts'
import { concatBytes, toHex } from '../runtime/bytes.ts'
import { P2P_ID_LENGTH } from './p2p-id.ts'

/** A number of 256 bits as 32 characters of 0 to 255, highest byte first. */
export type PnrpId = Branded<string, 'PnrpId'>

/** In bytes. */
export const PNRP_ID_LENGTH = 32
export const PNRP_ID_BITS = 256
/** The lower half, in bytes. */
export const SERVICE_LOCATION_LENGTH = 16

/** What stands for "not known" in messages. */
export const NO_PNRP_ID: PnrpId = fromCharacters('\0'.repeat(PNRP_ID_LENGTH))

/** The ID of 32 bytes; another length is a programming error. */
export function pnrpIdFromBytes(bytes: Uint8Array): PnrpId {
  if (bytes.length !== PNRP_ID_LENGTH) throw new RangeError(`a PNRP ID has 32 bytes, not ${bytes.length}`)
  // Written out: spreading an array into arguments takes ten times as long, and joining parts takes four times the
  // memory, and each entry of a cache holds an ID.
  return fromCharacters(
    String.fromCharCode(
      bytes[0] ?? 0,
      bytes[1] ?? 0,
      bytes[2] ?? 0,
      bytes[3] ?? 0,
      bytes[4] ?? 0,
      bytes[5] ?? 0,
      bytes[6] ?? 0,
      bytes[7] ?? 0,
      bytes[8] ?? 0,
      bytes[9] ?? 0,
      bytes[10] ?? 0,
      bytes[11] ?? 0,
      bytes[12] ?? 0,
      bytes[13] ?? 0,
      bytes[14] ?? 0,
      bytes[15] ?? 0,
      bytes[16] ?? 0,
      bytes[17] ?? 0,
      bytes[18] ?? 0,
      bytes[19] ?? 0,
      bytes[20] ?? 0,
      bytes[21] ?? 0,
      bytes[22] ?? 0,
      bytes[23] ?? 0,
      bytes[24] ?? 0,
      bytes[25] ?? 0,
      bytes[26] ?? 0,
      bytes[27] ?? 0,
      bytes[28] ?? 0,
      bytes[29] ?? 0,
      bytes[30] ?? 0,
      bytes[31] ?? 0,
    ),
  )
}

/** The ID of a P2P ID and a service location, 16 bytes each. */
export function makePnrpId(p2pId: Uint8Array, serviceLocation: Uint8Array): PnrpId {
  return pnrpIdFromBytes(concatBytes(p2pId, serviceLocation))
}

/** The ID with the P2P ID of another one, and this service location of 16 bytes. */
export function withServiceLocation(id: PnrpId, serviceLocation: Uint8Array): PnrpId {
  return makePnrpId(pnrpIdBytes(id).subarray(0, P2P_ID_LENGTH), serviceLocation)
}

/** The 32 bytes of an ID. */
export function pnrpIdBytes(id: PnrpId): Uint8Array {
  const bytes = new Uint8Array(PNRP_ID_LENGTH)
  for (let index = 0; index < PNRP_ID_LENGTH; index++) bytes[index] = id.charCodeAt(index)
  return bytes
}

/** 64 hexadecimal digits, for people. */
export function formatPnrpId(id: PnrpId): string {
  return toHex(pnrpIdBytes(id))
}

/** Whether two IDs are for the same peer name: their P2P IDs are equal. */
export function sameP2pId(one: PnrpId, other: PnrpId): boolean {
  return one.startsWith(other.slice(0, P2P_ID_LENGTH))
}

/** Whether the `bits` highest bits of two IDs are equal. @param bits 0 to 256 */
export function sameUpperBits(one: PnrpId, other: PnrpId, bits: number): boolean {
  const whole = bits >> 3
  if (one.slice(0, whole) !== other.slice(0, whole)) return false
  const rest = bits & 7
  return rest === 0 || (one.charCodeAt(whole) ^ other.charCodeAt(whole)) >> (8 - rest) === 0
}

/** `id` + `amount` on the circle. */
export function addToPnrpId(id: PnrpId, amount: PnrpId): PnrpId {
  let carry = 0
  const sums = new Uint8Array(PNRP_ID_LENGTH)
  for (let index = PNRP_ID_LENGTH - 1; index >= 0; index--) {
    const sum = id.charCodeAt(index) + amount.charCodeAt(index) + carry
    sums[index] = sum
    carry = sum >> 8
  }
  return pnrpIdFromBytes(sums)
}

/** The next ID on the circle. */
export function nextPnrpId(id: PnrpId): PnrpId {
  return addToPnrpId(id, ONE)
}

/** How far one walks upwards from `from` to `to`. */
export function upwardDistance(from: PnrpId, to: PnrpId): PnrpId {
  let borrow = 0
  const differences = new Uint8Array(PNRP_ID_LENGTH)
  for (let index = PNRP_ID_LENGTH - 1; index >= 0; index--) {
    const difference = to.charCodeAt(index) - from.charCodeAt(index) - borrow
    differences[index] = difference
    borrow = difference < 0 ? 1 : 0
  }
  return pnrpIdFromBytes(differences)
}

/** The ID in the middle of the way upwards from `from` to `to`; of the whole circle if they are the same. */
export function middleBetween(from: PnrpId, to: PnrpId): PnrpId {
  const distance = upwardDistance(from, to)
  let carry = from === to ? 1 : 0
  const codes: number[] = []
  for (let index = 0; index < PNRP_ID_LENGTH; index++) {
    const code = distance.charCodeAt(index)
    codes.push((carry << 7) | (code >> 1))
    carry = code & 1
  }
  return addToPnrpId(from, fromCharacters(String.fromCharCode(...codes)))
}

/** The shorter way round between two IDs. */
export function circleDistance(one: PnrpId, other: PnrpId): PnrpId {
  const upward = upwardDistance(one, other)
  const downward = upwardDistance(other, one)
  return upward < downward ? upward : downward
}

/** How far IDs are from a target, each as a part of the greatest of these distances: exact enough however near they are. */
export function relativeDistances(target: PnrpId, ids: readonly PnrpId[]): number[] {
  const distances = ids.map((id) => circleDistance(target, id))
  const digits = [...Array(PNRP_ID_LENGTH).keys()]
  const start = Math.max(
    0,
    digits.findIndex((index) => distances.some((distance) => distance.charCodeAt(index) > 0)),
  )
  const leading = distances.map((distance) =>
    digits.slice(start, start + LEADING_DIGITS).reduce((sum, index) => sum * 256 + distance.charCodeAt(index), 0),
  )
  const greatest = Math.max(...leading, 1)
  return leading.map((distance) => distance / greatest)
}

/**
 * Whether `one` is closer to `target` than `other` is. Of two at equal distance the numerically lower one
 * counts as closer, so that a run can be repeated; an ID is never closer than itself.
 */
export function isCloser(target: PnrpId, one: PnrpId, other: PnrpId): boolean {
  const place = placeOf(target)
  const difference = placeDistance(place, placeOf(one)) - placeDistance(place, placeOf(other))
  // The rounding of three places is less than this: only what is nearly as close needs the exact numbers.
  if (difference < -PLACE_ERROR) return true
  if (difference > PLACE_ERROR) return false
  const oneDistance = circleDistance(target, one)
  const otherDistance = circleDistance(target, other)
  return oneDistance === otherDistance ? one < other : oneDistance < otherDistance
}

/** Whether walking upwards from `from` one meets `id` before `to`. The two ends are not between. */
export function isBetween(from: PnrpId, id: PnrpId, to: PnrpId): boolean {
  if (id === from || id === to) return false
  if (from === to) return true
  return from < to ? from < id && id < to : id > from || id < to
}

/** Where an ID stands on a circle of length 1, to 48 bits. */
export function placeOf(id: PnrpId): number {
  const upper = id.charCodeAt(0) * 2 ** 16 + id.charCodeAt(1) * 2 ** 8 + id.charCodeAt(2)
  const lower = id.charCodeAt(3) * 2 ** 16 + id.charCodeAt(4) * 2 ** 8 + id.charCodeAt(5)
  return upper * 2 ** -24 + lower * 2 ** -48
}

/** The ID at a place of the circle of length 1. @param place 0 up to, and not including, 1; else it is taken modulo 1. */
export function pnrpIdAt(place: number): PnrpId {
  let rest = place - Math.floor(place)
  const bytes = new Uint8Array(PNRP_ID_LENGTH)
  for (let index = 0; index < PNRP_ID_LENGTH; index++) {
    rest *= 256
    const byte = Math.floor(rest)
    bytes[index] = byte
    rest -= byte
  }
  return pnrpIdFromBytes(bytes)
}

/** The shorter way round between two places of a circle of length 1. */
export function placeDistance(one: number, other: number): number {
  const way = Math.abs(one - other)
  return way > 0.5 ? 1 - way : way
}

const ONE = fromCharacters(`${'\0'.repeat(PNRP_ID_LENGTH - 1)}\u0001`)
const PLACE_ERROR = 2 ** -46
/** Bytes of a distance that a number holds exactly. */
const LEADING_DIGITS = 6

function fromCharacters(characters: string): PnrpId {
  return characters as PnrpId
}
