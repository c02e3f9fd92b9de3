/** Certified peer addresses, extended payloads and AUTHORITY_BUFFERs as bytes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signFor } from '../../src/identity/signature-purpose.ts'
import {
  type AuthorityBuffer,
  encodeAuthorityBuffer,
  LONGEST_AUTHORITY_BUFFER,
  readAuthorityBuffer,
} from '../../src/pnrp/authority-buffer.ts'
import {
  type CertifiedPeerAddress,
  LONGEST_CPA,
  pnrpIdOfCpa,
  readCpa,
  signCpa,
  verifyCpaSignature,
} from '../../src/pnrp/certified-peer-address.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import {
  LONGEST_EXTENDED_PAYLOAD,
  readExtendedPayload,
  signExtendedPayload,
  verifyExtendedPayloadSignature,
} from '../../src/pnrp/extended-payload.ts'
import { formatPnrpId } from '../../src/pnrp/pnrp-id.ts'
import { FRAGMENT_LENGTH, splitAuthorityBuffer } from '../../src/pnrp/reassembly.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import { LONGEST_DATAGRAM } from '../../src/runtime/datagrams.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { anyRouteEntry } from './any-message.ts'
import {
  address,
  bufferOf,
  cpaOf,
  endpointsOf,
  hex,
  messageCalled,
  payloadOf,
  structureVectors,
} from './pnrp-vectors.ts'

const keyPair = crypto.signingKeyPair(hex(structureVectors.seed))
const SIGNATURE_LENGTH = 64

/** Whether a reader takes the bytes; anything but that or `malformed` fails the test. */
function isLegal(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    read(bytes)
    return true
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return false
    throw error
  }
}

/** Each byte changed, the structure cut short anywhere, and one byte too many. */
function* damagedForms(bytes: Uint8Array): Generator<Uint8Array> {
  for (let place = 0; place < bytes.length; place++) {
    for (const bit of [0x01, 0x80]) {
      const changed = new Uint8Array(bytes)
      changed[place] = (changed[place] ?? 0) ^ bit
      yield changed
    }
    yield bytes.subarray(0, place)
  }
  yield concatBytes(bytes, new Uint8Array(1))
}

describe('certified peer addresses', () => {
  const cpas = structureVectors.cpas.map(({ what, cpa, pnrpId, bytes, endpointsRead }) => {
    const value = cpaOf(cpa)
    return { what, value, pnrpId, bytes: hex(bytes), read: endpointsRead && endpointsOf(endpointsRead) }
  })
  const ours = cpas.filter(({ read }) => read === undefined)
  const [plain] = ours
  if (plain === undefined) throw new Error('no vectors')

  test.each(ours)('N-30, N-70: a CPA $what has these bytes', ({ value, bytes }) => {
    expect(toHex(signCpa(crypto, value, keyPair.secretKey))).toBe(toHex(bytes))
  })

  test.each(cpas)('N-30, N-70, N-114: a CPA $what is read', ({ value, bytes, read }) => {
    expect(readCpa(bytes)).toEqual({ ...value, endpoints: read ?? value.endpoints })
  })

  test.each(cpas)('N-70, N-73, N-74: a CPA $what is signed and has its PNRP ID', ({ value, bytes, pnrpId }) => {
    expect(verifyCpaSignature(crypto, bytes, keyPair.publicKey)).toBe(true)
    expect(formatPnrpId(pnrpIdOfCpa(crypto, value))).toBe(pnrpId)
  })

  test('N-114: endpoints of unknown kinds and relays are passed over, and the CPA stands', () => {
    const strange = cpas.find(({ read }) => read !== undefined)
    if (strange === undefined) throw new Error('no vector')
    expect(readCpa(strange.bytes).endpoints.map(({ port }) => port)).toEqual([443, 8443])
    expect(verifyCpaSignature(crypto, strange.bytes, keyPair.publicKey)).toBe(true)
  })

  test('N-73: each byte changed makes the signature wrong', () => {
    for (const { bytes } of cpas) {
      for (let place = 0; place < bytes.length; place++) {
        const changed = new Uint8Array(bytes)
        changed[place] = (changed[place] ?? 0) ^ 0x10
        expect(verifyCpaSignature(crypto, changed, keyPair.publicKey)).toBe(false)
      }
    }
  })

  test('N-73: a signature for another purpose, and one of another key, is wrong', () => {
    const content = plain.bytes.subarray(0, -SIGNATURE_LENGTH)
    for (const purpose of ['extended-payload', 'record', 'record-header', 'link', 'identity-export'] as const) {
      const other = concatBytes(content, signFor(crypto, purpose, content, keyPair.secretKey))
      expect(verifyCpaSignature(crypto, other, keyPair.publicKey)).toBe(false)
    }
    const bare = concatBytes(content, crypto.sign(content, keyPair.secretKey))
    expect(verifyCpaSignature(crypto, bare, keyPair.publicKey)).toBe(false)
    expect(verifyCpaSignature(crypto, plain.bytes, crypto.signingKeyPair(new Uint8Array(32)).publicKey)).toBe(false)
  })

  test('N-29, N-70: damaged, a CPA is legal or malformed, and cut short never legal', () => {
    for (const { bytes } of cpas) {
      for (const form of damagedForms(bytes)) {
        const legal = isLegal(readCpa, form)
        if (form.length !== bytes.length) expect(legal).toBe(false)
      }
    }
  })

  test('N-70: neither authority nor ClassifierHash is refused, by the reader and by the writer', () => {
    const none = { ...plain.value, authority: undefined, classifierHash: undefined }
    expect(() => signCpa(crypto, none, keyPair.secretKey)).toThrow(RangeError)
    const bytes = concatBytes(plain.bytes.subarray(0, 46), plain.bytes.subarray(66))
    bytes[6] = 0
    bytes.set([bytes.length >> 8, bytes.length & 0xff])
    expect(isLegal(readCpa, bytes)).toBe(false)
  })

  test('N-31: 1 to 4 service addresses, 0 with R; 0 to 10 endpoints; 1 to 39 characters of comment', () => {
    const addresses = (count: number) => Array.from({ length: count }, (_, index) => address(`203.0.113.${index}`))
    const endpoint = { host: address('203.0.113.7'), port: 1, protocol: 6 }
    const make = (changes: Partial<CertifiedPeerAddress>) => () =>
      readCpa(signCpa(crypto, { ...plain.value, ...changes }, keyPair.secretKey))
    for (const count of [1, 4])
      expect(make({ serviceAddresses: addresses(count) })().serviceAddresses).toHaveLength(count)
    for (const count of [0, 5]) expect(make({ serviceAddresses: addresses(count) })).toThrow(RangeError)
    expect(make({ revoked: true, serviceAddresses: [] })().serviceAddresses).toEqual([])
    expect(make({ revoked: true, serviceAddresses: addresses(5) })).toThrow(RangeError)
    for (const count of [0, 10])
      expect(make({ endpoints: new Array(count).fill(endpoint) })().endpoints).toHaveLength(count)
    expect(make({ endpoints: new Array(11).fill(endpoint) })).toThrow(RangeError)
    expect(make({ comment: '中'.repeat(39) })().comment).toHaveLength(39)
    expect(make({ comment: 'x'.repeat(40) })).toThrow(RangeError)
  })

  test('N-31: a reader refuses what a writer does not write', () => {
    // Behind the public fields of the first vector: the number of service addresses, then port and address, then endpoints.
    const count = 66
    const withByte = (place: number, value: number): Uint8Array => {
      const changed = new Uint8Array(plain.bytes)
      changed[place] = value
      return changed
    }
    expect(plain.bytes[count]).toBe(1)
    for (const wrong of [0, 5, 255]) expect(isLegal(readCpa, withByte(count, wrong))).toBe(false)
    expect(plain.bytes[count + 19]).toBe(0)
    for (const wrong of [1, 11, 255]) expect(isLegal(readCpa, withByte(count + 19, wrong))).toBe(false)
    expect(isLegal(readCpa, concatBytes(plain.bytes, new Uint8Array(LONGEST_CPA)))).toBe(false)
  })
})

describe('extended payloads', () => {
  const payloads = structureVectors.extendedPayloads.map(({ what, payload, bytes }) => ({
    what,
    value: payloadOf(payload),
    bytes: hex(bytes),
  }))

  test.each(payloads)(
    'N-30, N-84: an extended payload ($what) has these bytes and is read as its kind',
    ({ value, bytes }) => {
      expect(toHex(signExtendedPayload(crypto, value, keyPair.secretKey))).toBe(toHex(bytes))
      expect(readExtendedPayload(bytes)).toEqual(value)
      expect(verifyExtendedPayloadSignature(crypto, bytes, keyPair.publicKey)).toBe(true)
    },
  )

  test('N-73, N-85: each byte changed, and the purpose of a CPA, makes the signature wrong', () => {
    for (const { bytes } of payloads) {
      const step = bytes.length > 1000 ? 37 : 1
      for (let place = 0; place < bytes.length; place += step) {
        const changed = new Uint8Array(bytes)
        changed[place] = (changed[place] ?? 0) ^ 0x10
        expect(verifyExtendedPayloadSignature(crypto, changed, keyPair.publicKey)).toBe(false)
      }
      const content = bytes.subarray(0, -SIGNATURE_LENGTH)
      const other = concatBytes(content, signFor(crypto, 'certified-peer-address', content, keyPair.secretKey))
      expect(verifyExtendedPayloadSignature(crypto, other, keyPair.publicKey)).toBe(false)
    }
  })

  test('N-29: damaged, an extended payload is legal or malformed, and cut short never legal', () => {
    for (const { bytes } of payloads) {
      if (bytes.length > 1000) continue
      for (const form of damagedForms(bytes)) {
        const legal = isLegal(readExtendedPayload, form)
        if (form.length !== bytes.length) expect(legal).toBe(false)
      }
    }
  })

  test('N-84: 4,096 bytes fit and 4,097 do not, a text counted with its terminator; binary has at least one', () => {
    const [first] = payloads
    if (first === undefined) throw new Error('no vectors')
    const write = (payload: Uint8Array | string) => () =>
      signExtendedPayload(crypto, { ...first.value, payload }, keyPair.secretKey)
    expect(LONGEST_EXTENDED_PAYLOAD).toBe(4096)
    expect(readExtendedPayload(write(new Uint8Array(4096))()).payload).toHaveLength(4096)
    expect(readExtendedPayload(write('x'.repeat(4095))()).payload).toHaveLength(4095)
    for (const payload of [new Uint8Array(4097), 'x'.repeat(4096), new Uint8Array(0)])
      expect(write(payload)).toThrow(RangeError)
    // The same, seen by a reader: the fixed part of the longest binary payload with one byte more.
    const longest = write(new Uint8Array(4096))()
    const longer = concatBytes(longest, new Uint8Array(1))
    longer.set([longer.length >> 8, longer.length & 0xff])
    longer.set([0x10, 0x01], 62)
    expect(isLegal(readExtendedPayload, longer)).toBe(false)
    const asText = new Uint8Array(longest)
    asText[61] = 2
    expect(isLegal(readExtendedPayload, asText)).toBe(false)
  })
})

describe('AUTHORITY_BUFFERs', () => {
  const buffers = structureVectors.authorityBuffers.map(({ what, buffer, bytes }) => ({
    what,
    value: bufferOf(buffer),
    bytes: hex(bytes),
  }))

  test.each(buffers)('N-30: an AUTHORITY_BUFFER $what has these bytes and is read back', ({ value, bytes }) => {
    expect(toHex(encodeAuthorityBuffer(value))).toBe(toHex(bytes))
    expect(readAuthorityBuffer(bytes)).toEqual(value)
  })

  const anyBuffer: fc.Arbitrary<AuthorityBuffer> = fc
    .record({
      flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
      chain: fc.option(fc.record({ certificateChain: fc.uint8Array(), classifier: fc.string({ unit: 'grapheme' }) }), {
        nil: {},
      }),
      extendedPayload: fc.option(fc.uint8Array(), { nil: undefined }),
      routeEntry: fc.option(anyRouteEntry, { nil: undefined }),
      cpa: fc.option(fc.uint8Array(), { nil: undefined }),
    })
    .map(({ flags: [cookieNeeded, leafSet, busy, notFound], chain, ...rest }) => ({
      ...{ cookieNeeded, leafSet, busy, notFound },
      ...chain,
      ...rest,
    }))

  test('N-29: any buffer is what is read of what was written', () => {
    fc.assert(
      fc.property(anyBuffer, (buffer) => {
        expect(readAuthorityBuffer(encodeAuthorityBuffer(buffer))).toEqual(buffer)
      }),
    )
  })

  test('N-29: damaged, a buffer is legal or malformed', () => {
    for (const { bytes } of buffers)
      for (const form of damagedForms(bytes.subarray(0, 900))) isLegal(readAuthorityBuffer, form)
  })

  test('N-83: a chain without a classifier, and a classifier without a chain, is malformed', () => {
    const whole = buffers.find(({ what }) => what === 'with everything')
    if (whole === undefined) throw new Error('no vector')
    const { certificateChain, classifier, ...rest } = whole.value
    for (const half of [
      { ...rest, certificateChain },
      { ...rest, classifier },
    ]) {
      expect(isLegal(readAuthorityBuffer, encodeAuthorityBuffer(half))).toBe(false)
    }
  })

  test('N-31: a buffer of 37,348 bytes is written and a longer one is not', () => {
    const flags = { cookieNeeded: false, leafSet: false, busy: false, notFound: false }
    const longest = { ...flags, cpa: new Uint8Array(LONGEST_AUTHORITY_BUFFER - 8 - 4) }
    expect(encodeAuthorityBuffer(longest)).toHaveLength(37_348)
    expect(() => encodeAuthorityBuffer({ ...longest, cpa: new Uint8Array(LONGEST_AUTHORITY_BUFFER - 8) })).toThrow(
      RangeError,
    )
  })

  test.each(structureVectors.fragments)('N-34: $size bytes are cut into these fragments', ({ size, fragments }) => {
    const buffer = Uint8Array.from({ length: size }, (_, index) => 31 * index + (index >> 8))
    const authority = messageCalled('AUTHORITY', ' with a whole buffer')
    const sent: Uint8Array[] = []
    const transport = new DatagramTransport({
      cloud: makeCloud('Global_'),
      crypto,
      counters: new Counters(),
      send: (bytes) => sent.push(bytes),
    })
    const parts = splitAuthorityBuffer(buffer)
    for (const part of parts)
      transport.send({ ...authority, size, ...part }, { host: address('203.0.113.7'), port: 3540 })
    const found = parts.map(({ offset, fragment }, index) => ({
      offset,
      length: fragment.length,
      messageLength: sent[index]?.length,
      messageSha256: toHex(crypto.sha256(sent[index] ?? new Uint8Array())),
    }))
    expect(found).toEqual(fragments)
  })

  test('N-28, N-34: an AUTHORITY with a whole fragment fills a datagram of a private cloud, and nothing is longer', () => {
    const lengths: number[] = []
    for (const secret of [undefined, new Uint8Array(16)]) {
      const transport = new DatagramTransport({
        cloud: makeCloud('private', { secret }),
        crypto,
        counters: new Counters(),
        send: (bytes) => lengths.push(bytes.length),
      })
      const authority = messageCalled('AUTHORITY', ' with a whole buffer')
      const fragment = new Uint8Array(FRAGMENT_LENGTH)
      transport.send({ ...authority, size: 40_000, offset: 0, fragment }, { host: address('203.0.113.7'), port: 3540 })
    }
    expect(lengths).toEqual([LONGEST_DATAGRAM - 20, LONGEST_DATAGRAM])
    expect(FRAGMENT_LENGTH).toBeLessThanOrEqual(1188)
    expect(FRAGMENT_LENGTH % 4).toBe(0)
  })
})
