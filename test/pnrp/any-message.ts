/** Any message of each type, for property tests. */
import fc from 'fast-check'
import type { Message } from '../../src/pnrp/message.ts'
import { type PnrpId, pnrpIdFromBytes } from '../../src/pnrp/pnrp-id.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import { type Endpoint, type IpAddress, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const uint16 = fc.integer({ min: 0, max: 0xffff })
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const port = fc.integer({ min: 1, max: 0xffff })
const pnrpId: fc.Arbitrary<PnrpId> = bytes(32).map(pnrpIdFromBytes)
export const anyAddress: fc.Arbitrary<IpAddress> = fc.oneof(bytes(4), bytes(16)).map(ipAddressFromBytes)
const endpoint: fc.Arbitrary<Endpoint> = fc.record({ host: anyAddress, port })

export const anyRouteEntry: fc.Arbitrary<RouteEntry> = fc.record({
  id: pnrpId,
  port: uint16,
  addresses: fc.array(anyAddress, { minLength: 1, maxLength: 20 }),
})

const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined })
const constant = <const Value>(value: Value): fc.Arbitrary<Value> => fc.constant(value)

const message = { messageId: uint32 }
const request = { ...message, cookie: optional(bytes(16)) }
const reply = { ...message, ackedMessageId: uint32, observed: endpoint, cookie: bytes(16) }

/** Every message that can be written, of any type. None has padding, which is not kept when it is read. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: constant('SOLICIT'),
    ...request,
    solicitType: fc.constantFrom('any', 'local'),
    routeEntry: optional(anyRouteEntry),
    hashedNonce: bytes(32),
    features: uint32,
  }),
  fc.record({
    type: constant('ADVERTISE'),
    ...reply,
    ids: fc.array(pnrpId, { maxLength: 32 }),
    hashedNonce: bytes(32),
    features: uint32,
  }),
  fc.record({ type: constant('REQUEST'), ...request, nonce: bytes(16), ids: fc.array(pnrpId, { maxLength: 32 }) }),
  fc.record({
    type: constant('FLOOD'),
    ...request,
    withoutAck: fc.boolean(),
    validateId: pnrpId,
    revokeCpa: optional(fc.uint8Array({ maxLength: 300 })),
    routeEntry: optional(anyRouteEntry),
    alreadyFlooded: fc.array(endpoint, { maxLength: 22 }),
  }),
  fc.record({
    type: constant('INQUIRE'),
    ...request,
    wantsCpa: fc.boolean(),
    wantsPayload: fc.boolean(),
    wantsChain: fc.boolean(),
    validateId: pnrpId,
    nonce: optional(bytes(16)),
  }),
  fc.record({
    type: constant('AUTHORITY'),
    ...reply,
    size: uint16,
    offset: uint16,
    fragment: fc.uint8Array({ maxLength: 1128 }),
  }),
  fc.record({ type: constant('ACK'), ...reply, notFound: fc.boolean(), cookieNeeded: fc.boolean() }),
  fc.record({
    type: constant('LOOKUP'),
    ...request,
    target: pnrpId,
    validateId: pnrpId,
    criterion: fc.constantFrom('none', 'any', 'nearest', 'nearest-64', 'upper-bits'),
    precision: fc.integer({ min: 0, max: 256 }),
    reason: fc.constantFrom('application', 'registration', 'cache-maintenance', 'split-detection'),
    acceptsFarther: fc.boolean(),
    bestMatch: optional(anyRouteEntry),
    flaggedPath: fc.array(endpoint, { minLength: 1, maxLength: 22 }),
  }),
)
