import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { GLOBAL_CLOUD, makeCloud } from '../../src/pnrp/cloud.ts'
import { countedEvents, dropReasons } from '../../src/pnrp/counters.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

test('the documentation lists every counter, once', () => {
  const text = fromUtf8(readFileSync(new URL('../../docs/protocol/pnrp-counters.md', import.meta.url)))
  const listed = [...(text ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual([...countedEvents, ...dropReasons.map((reason) => `dropped-${reason}`)].toSorted())
})

describe('a datagram that is dropped at the door', () => {
  function setUp(seed: string, cloud = makeCloud('test')): { cloud: SimulatedCloud; node: Member; peer: ScriptedPeer } {
    const simulated = new SimulatedCloud({ seed, cloud, conditions: { latency: 10 } })
    return { cloud: simulated, node: simulated.add({ seeds: [] }), peer: new ScriptedPeer(simulated, 'peer') }
  }

  /** A good datagram of somebody in this cloud. */
  function inquire({ cloud, peer }: ReturnType<typeof setUp>): Uint8Array {
    let sent = new Uint8Array(0)
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    peer.onSent = (bytes) => {
      sent = new Uint8Array(bytes)
    }
    peer.send({ type: 'INQUIRE', messageId: 1, ...flags, validateId: drawPnrpId(cloud, 'id') }, peer.endpoint)
    peer.onSent = undefined
    return sent
  }

  const VERSION_MAJOR = 5
  const TYPE = 7
  const FIRST_OF_TAG = 12
  test.each([
    ['malformed', (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ['other-version', (bytes: Uint8Array) => bytes.with(VERSION_MAJOR, 4)],
    ['unknown-type', (bytes: Uint8Array) => bytes.with(TYPE, 0x55)],
    ['other-cloud', (bytes: Uint8Array) => bytes.with(FIRST_OF_TAG, (bytes[FIRST_OF_TAG] ?? 0) ^ 1)],
  ] as const)('is counted as %s and answered by nothing', (reason, alter) => {
    const parties = setUp(reason)
    const { cloud, node, peer } = parties
    const bytes = inquire(parties)
    cloud.world.runFor(100)
    peer.heard.length = 0
    peer.sendBytes(alter(bytes), node.endpoint)
    cloud.world.runFor(100)
    expect(node.node.counters()[`dropped-${reason}`]).toBe(1)
    expect(peer.heard).toEqual([])
  })

  test('is counted as wrong-seal in a private cloud with a secret', () => {
    const sealed = setUp('seal', makeCloud('test', { secret: toUtf8('sixteen bytes or more') }))
    const bytes = inquire(sealed)
    sealed.peer.sendBytes(bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1), sealed.node.endpoint)
    sealed.cloud.world.runFor(100)
    expect(sealed.node.node.counters()['dropped-wrong-seal']).toBe(1)
  })

  test('is counted as reserved-port and address-out-of-range by where it came from', () => {
    const parties = setUp('source', makeCloud(GLOBAL_CLOUD))
    const { node } = parties.node
    const bytes = inquire(parties)
    node.received(bytes, { ...parties.peer.endpoint, port: 1024 }, undefined)
    const host = parseIpAddress('192.168.1.1')
    if (host === undefined) throw new RangeError('it is an address')
    node.received(bytes, { host, port: 3540 }, undefined)
    expect(node.counters()).toMatchObject({ 'dropped-reserved-port': 1, 'dropped-address-out-of-range': 1 })
  })
})
