/** Open links on simulated streams: what passes, in which order, how they push back, and how they end. */
import { describe, expect, test } from 'vitest'
import { LONGEST_FAREWELL } from '../../src/graph/framed-stream.ts'
import { dropReasons } from '../../src/graph/graph-counters.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { LONGEST_SILENCE, linkLimits, MOST_WAITING_BYTES, SIGN_OF_LIFE_INTERVAL } from '../../src/graph/link.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import { LONGEST_PASSED_OVER, linkKinds } from '../../src/graph/message-header.ts'
import { LONGEST_DATA, LONGEST_RECORD_MESSAGE, messageKinds } from '../../src/graph/message-kinds.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { STREAM_WINDOW } from '../../src/simulation/stream-sender.ts'
import {
  ADMITTED,
  contextOf,
  greetingMessage,
  identityOf,
  LinkNode,
  type Noted,
  openPair,
  PING,
  PRUNE,
  prune,
  type RawMessage,
  Stranger,
} from './simulated-links.ts'

function makeWorld(bandwidth = Number.POSITIVE_INFINITY): SimulatedWorld {
  return new SimulatedWorld({ seed: 'links', conditions: { latency: 10, bandwidth } })
}

/** An open link between two nodes. */
function makePair(bandwidth?: number) {
  const world = makeWorld(bandwidth)
  const ann = new LinkNode(world.addHost('ann'))
  const bob = new LinkNode(world.addHost('bob')).listen()
  return { world, ann, bob, ...openPair(world, ann, bob) }
}

/** A node that has accepted a link of a member, whose end is in the test's hands. */
function makeMember() {
  const world = makeWorld()
  const bob = new LinkNode(world.addHost('bob')).listen()
  const member = Stranger.dial(world, world.addHost('member'), bob.endpoint)
  member.send(greetingMessage('dialler', contextOf(member.stream), identityOf('mallory'), undefined), ADMITTED)
  world.runUntil(() => bob.accepted.length > 0, 1000)
  world.runFor(100)
  const [accepted] = bob.accepted
  if (accepted === undefined) throw new Error('the link is open')
  return { world, bob, member, ...accepted }
}

function data(length: number, value = 7): GraphMessage {
  return { kind: 'DATA', bytes: new Uint8Array(length).fill(value) }
}

function flood(length: number): GraphMessage {
  return { kind: 'FLOOD', record: new Uint8Array(length) }
}

/** Sends bulk without end: as much as the link takes. */
function sendForEver(link: LinkPort, noted: Noted): void {
  const fill = (): void => {
    while (link.send(data(LONGEST_DATA))) {}
  }
  noted.onReady = (priority) => {
    if (priority === 'bulk') fill()
  }
  fill()
}

describe('messages', () => {
  test('of each family come as they were sent, both ways', () => {
    const { world, near, far, nearNoted, farNoted } = makePair()
    const messages: readonly GraphMessage[] = [
      { kind: 'GRAFT', eager: true, ids: [] },
      flood(LONGEST_RECORD_MESSAGE - 100),
      data(LONGEST_DATA),
      { kind: 'DATA_END' },
    ]
    for (const message of messages) {
      expect(near.send(message)).toBe(true)
      expect(far.send(message)).toBe(true)
    }
    world.runFor(1000)
    expect(farNoted.messages).toEqual(messages)
    expect(nearNoted.messages).toEqual(messages)
  })

  test('G-143: a ping or a flooded record waits for at most one frame of bulk', () => {
    // 160 KB/s: a frame takes 100 ms.
    const { world, near, far, nearNoted, farNoted } = makePair(160_000)
    sendForEver(near, nearNoted)
    world.runFor(5000)
    const arrivals: string[] = []
    farNoted.onReceived = ({ kind }) => arrivals.push(kind)
    for (let turn = 0; turn < 20; turn++) {
      arrivals.length = 0
      near.send(flood(300))
      near.send(prune)
      const heard = far.lastHeard
      expect(near.waiting('bulk')).toBeGreaterThan(3 * LONGEST_DATA)
      world.runUntil(() => arrivals.includes('FLOOD'), 60_000)
      expect(heard).toBeLessThan(far.lastHeard)
      const before = arrivals.slice(0, arrivals.indexOf('PRUNE'))
      // What the network had taken already arrives first: the window of the stream. Of what waits here, nothing does.
      expect(before.length).toBeLessThanOrEqual(STREAM_WINDOW / LONGEST_DATA + 2)
      expect(arrivals.indexOf('FLOOD')).toBe(arrivals.indexOf('PRUNE') + 1)
      world.runFor(500)
    }
  })

  test('what is not known is passed over and counted, and the link stays', () => {
    const { world, bob, member, link, noted } = makeMember()
    member.send({ kind: 0xee, body: new Uint8Array(LONGEST_PASSED_OVER) }, PRUNE)
    member.sendAs(0x21, PRUNE)
    member.send(PRUNE)
    world.runFor(5000)
    expect(noted.messages).toEqual([prune, prune])
    expect(noted.closings).toEqual([])
    expect(bob.counters.read()).toMatchObject({
      'dropped-message-unknown-kind': 1,
      'dropped-message-unknown-version': 1,
    })
    expect(link.features).toBe(0)
  })

  const bad: readonly (readonly [what: string, counted: string, message: RawMessage])[] = [
    ['an empty body', 'message-malformed', { kind: 0x23, body: new Uint8Array(0) }],
    ['bytes left over', 'message-malformed', { kind: 0x23, body: new Uint8Array(2) }],
    ['an invalid value', 'message-malformed', { kind: messageKinds.REFUSE.number, body: Uint8Array.of(99, 0, 0) }],
    [
      'a count that leads outside',
      'message-malformed',
      { kind: messageKinds.GRAFT.number, body: Uint8Array.of(1, 60) },
    ],
    ['a PING without a body', 'message-malformed', { kind: linkKinds.PING, body: new Uint8Array(0) }],
    ['a PING that is too long', 'message-too-large', { kind: linkKinds.PING, body: new Uint8Array(65) }],
    ['junk of an unknown kind', 'message-too-large', { kind: 0xee, body: new Uint8Array(LONGEST_PASSED_OVER + 1) }],
    ...Object.entries(messageKinds).map(
      ([kind, { number, longest }]) =>
        [
          `${kind} longer than its limit`,
          'message-too-large',
          { kind: number, body: new Uint8Array(longest + 1) },
        ] as const,
    ),
  ]
  for (const [what, counted, message] of bad) {
    test(`G-020, G-021: ${what} ends that one link, and is counted`, () => {
      const { world, bob, member, noted } = makeMember()
      const other = new LinkNode(world.addHost('other'))
      const beside = openPair(world, other, bob)
      member.send(message)
      world.runFor(5000)
      expect(noted.closings).toEqual(['protocol'])
      expect(noted.messages).toEqual([])
      expect(member.closing).toBe('broken')
      expect(dropReasons).toContain(counted)
      expect(bob.counters.read()).toMatchObject({ [`dropped-${counted}`]: 1 })
      beside.near.send(prune)
      world.runFor(100)
      expect(beside.farNoted.messages).toEqual([prune])
    })
  }
})

describe('back pressure', () => {
  test('G-143: a reader that pauses stops the writer, which has a limit for each priority; then all comes, in order', () => {
    const { world, near, far, nearNoted, farNoted } = makePair()
    far.pause()
    let sent = 0
    nearNoted.onReady = () => undefined
    while (near.send(data(1000, sent % 251)) || near.waiting('bulk') < linkLimits.bulk) {
      sent++
      world.runFor(1)
      if (sent > 5000) throw new Error('nothing stops the writer')
    }
    sent++
    world.runFor(10_000)
    expect(farNoted.messages).toEqual([])
    expect(near.waiting('bulk')).toBeLessThan(linkLimits.bulk + 2000)
    expect(nearNoted.readies).toEqual([])
    far.resume()
    world.runFor(10_000)
    expect(farNoted.messages.length).toBe(sent)
    expect(
      farNoted.messages.every((message, index) => message.kind === 'DATA' && message.bytes[0] === index % 251),
    ).toBe(true)
    expect(nearNoted.readies).toEqual(['bulk'])
  })

  test('each priority has a limit of its own, and says when it is ready', () => {
    const { world, near, far, nearNoted } = makePair()
    far.pause()
    world.runFor(10)
    while (near.send(data(LONGEST_DATA))) world.runFor(10)
    while (near.send(flood(10_000))) {}
    expect(near.send(prune)).toBe(true)
    expect(near.waiting('flood')).toBeGreaterThanOrEqual(linkLimits.flood)
    far.resume()
    world.runFor(10_000)
    expect(nearNoted.readies).toEqual(['flood', 'bulk'])
  })

  test('a pause in the middle of what came holds the rest back', () => {
    const { world, near, far, farNoted } = makePair()
    farNoted.onReceived = () => far.pause()
    for (let index = 0; index < 5; index++) near.send(data(10, index))
    for (let index = 0; index < 5; index++) {
      world.runFor(100)
      expect(farNoted.messages.length).toBe(index + 1)
      far.resume()
      expect(farNoted.messages.length).toBe(index + 1)
    }
  })

  test('whoever sends without end to a reader that never reads loses the link, not the memory', () => {
    const { world, ann, near, far, nearNoted } = makePair()
    far.pause()
    let sent = 0
    while (nearNoted.closings.length === 0) {
      near.send(flood(60_000))
      sent += 60_000
      if (sent > 3 * MOST_WAITING_BYTES) throw new Error('it grows without end')
      if (sent % 600_000 === 0) world.runFor(1)
    }
    expect(nearNoted.closings).toEqual(['broken'])
    expect(ann.counters.read()).toMatchObject({ 'dropped-link-overrun': 1 })
  })

  test('a neighbor that asks for answers without reading them gets no more of them at some point', () => {
    const { world, member, link } = makeMember()
    member.stream.pause()
    for (let index = 0; index < 40_000; index++) {
      member.send({ ...PING, body: Uint8Array.of(1) })
      if (index % 100 === 0) world.runFor(1)
    }
    world.runFor(1000)
    expect(link.waiting('control')).toBeLessThan(linkLimits.control + 100)
  })
})

describe('signs of life', () => {
  test('G-023: an idle link stays, and its pings are shown to nobody', () => {
    const { world, ann, nearNoted, farNoted } = makePair()
    const before = ann.counters.read()['bytes-sent'] ?? 0
    world.runFor(30 * 60_000)
    for (const noted of [nearNoted, farNoted]) expect([noted.messages, noted.closings]).toEqual([[], []])
    const sent = (ann.counters.read()['bytes-sent'] ?? 0) - before
    expect(sent).toBeGreaterThan(0)
    // 12 bytes each.
    expect(sent).toBeLessThanOrEqual((12 * 30 * 60_000) / SIGN_OF_LIFE_INTERVAL)
  })

  test('G-023: a peer that vanished without closing is noticed within 60 s, at either end', () => {
    for (const vanishing of ['ann', 'bob']) {
      for (const after of [0, 1000, 19_999, 30_000]) {
        const { world, nearNoted, farNoted } = makePair()
        world.runFor(after)
        world.host(vanishing).crash('power')
        world.runFor(60_000)
        const { closings } = vanishing === 'ann' ? farNoted : nearNoted
        // The system may find out first: what this end sent was never acknowledged.
        expect(closings.map((reason) => reason === 'silent' || reason === 'broken')).toEqual([true])
      }
    }
    const { world, bob, member, noted } = makeMember()
    world.runFor(LONGEST_SILENCE - 200)
    expect(noted.closings).toEqual([])
    world.runFor(200)
    expect(noted.closings).toEqual(['silent'])
    expect(bob.counters.read()).toMatchObject({ 'dropped-link-silent': 1 })
    expect(member.messages.filter(({ kind }) => kind === linkKinds.PING).length).toBe(2)
    expect(LONGEST_SILENCE).toBeLessThan(60_000)
  })

  test('G-022: reserved flags of a PING are ignored, and so is what later releases add to it', () => {
    const { world, member, noted } = makeMember()
    const answers = (): number => member.messages.filter(({ kind }) => kind === linkKinds.PING).length
    member.send({ ...PING, body: Uint8Array.of(0xfe, 1, 2, 3) })
    world.runFor(1000)
    expect([answers(), noted.closings]).toEqual([0, []])
    member.send({ ...PING, body: Uint8Array.of(0xff, 1, 2, 3) })
    world.runFor(1000)
    expect([answers(), noted.closings]).toEqual([1, []])
  })

  test('a probe finds out sooner, and does nothing to a peer that is there', () => {
    const { world, near, nearNoted } = makePair()
    near.probe(1000)
    world.runFor(5000)
    expect(nearNoted.closings).toEqual([])
    world.host('bob').crash('power')
    near.probe(1000)
    world.runFor(999)
    expect(nearNoted.closings).toEqual([])
    world.runFor(2)
    expect(nearNoted.closings).toEqual(['silent'])
  })

  test('a reader that pauses for long is no dead peer, to itself or to the other end', () => {
    const { world, near, far, nearNoted, farNoted } = makePair()
    sendForEver(near, nearNoted)
    world.runFor(100)
    far.pause()
    world.runFor(10 * 60_000)
    expect([nearNoted.closings, farNoted.closings]).toEqual([[], []])
    const before = farNoted.messages.length
    far.resume()
    world.runFor(1000)
    expect(farNoted.messages.length).toBeGreaterThan(before)
    // Silence counts from the end of the pause on.
    const { world: other, link, noted } = makeMember()
    link.pause()
    other.runFor(10 * 60_000)
    link.resume()
    other.runFor(LONGEST_SILENCE - 100)
    expect(noted.closings).toEqual([])
    other.runFor(200)
    expect(noted.closings).toEqual(['silent'])
  })
})

describe('the end', () => {
  test('end sends what waits of control, and the other end hears that it was ended', () => {
    const { world, near, nearNoted, farNoted } = makePair()
    near.send({ kind: 'DISCONNECT', reason: 'leaving', referrals: [] })
    near.send(flood(300))
    near.send(data(1000))
    near.end()
    near.send(prune)
    world.runFor(1000)
    expect(farNoted.messages).toEqual([{ kind: 'DISCONNECT', reason: 'leaving', referrals: [] }])
    expect(farNoted.closings).toEqual(['ended'])
    expect(nearNoted.closings).toEqual(['closed'])
  })

  test('end works in the middle of bulk that nobody reads, and does not wait for ever', () => {
    const { world, near, far, nearNoted, farNoted } = makePair()
    far.pause()
    sendForEver(near, nearNoted)
    world.runFor(1000)
    near.end()
    world.runFor(LONGEST_FAREWELL + 100)
    expect(nearNoted.closings).toEqual(['closed'])
    expect(farNoted.closings).toEqual(['broken'])
  })

  test('end hears of the other end although it had paused', () => {
    const { world, near, nearNoted, farNoted } = makePair()
    near.pause()
    near.end()
    world.runFor(100)
    expect([nearNoted.closings, farNoted.closings]).toEqual([['closed'], ['ended']])
  })

  test('destroy gives its reason here, and breaks the link there; nothing comes afterwards', () => {
    const { world, near, far, nearNoted, farNoted } = makePair()
    far.send(prune)
    world.runFor(1)
    near.destroy('not-admitted')
    near.destroy('closed')
    expect(nearNoted.closings).toEqual([])
    world.runFor(100)
    expect(nearNoted.closings).toEqual(['not-admitted'])
    expect(farNoted.closings).toEqual(['broken'])
    expect(nearNoted.messages).toEqual([])
    expect(near.send(prune)).toBe(false)
    near.probe(10)
    near.end()
    near.pause()
    near.resume()
    world.runFor(1000)
    expect(nearNoted.closings).toEqual(['not-admitted'])
  })

  test('a handler that ends the link in the middle of what came gets nothing more of it', () => {
    for (const way of ['end', 'destroy'] as const) {
      const { world, near, far, farNoted } = makePair()
      farNoted.onReceived = () => (way === 'end' ? far.end() : far.destroy('protocol'))
      for (let index = 0; index < 3; index++) near.send(prune)
      world.runFor(1000)
      expect(farNoted.messages.length).toBe(1)
      expect(farNoted.closings).toEqual([way === 'end' ? 'closed' : 'protocol'])
    }
  })

  test('a link that closed before its owner attached says so afterwards', () => {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann'))
    const bob = new LinkNode(world.addHost('bob')).listen()
    bob.attaches = false
    const { near } = openPair(world, ann, bob)
    near.destroy('closed')
    world.runFor(100)
    const [accepted] = bob.accepted
    accepted?.link.attach(accepted.noted)
    expect(accepted?.noted.closings).toEqual([])
    world.runFor(1)
    expect(accepted?.noted.closings).toEqual(['broken'])
  })

  test('nothing is left behind: no timer runs once all links are closed', () => {
    const { world, near } = makePair()
    near.probe(30_000)
    near.end()
    world.runFor(1000)
    expect(near.waiting('control')).toBe(0)
    // The world comes to rest: no event is left in it.
    expect(world.step()).toBe(false)
  })
})
