/** The opening of links on simulated streams: whom it lets in, what it shows to whom, what it costs. */
import { describe, expect, test } from 'vitest'
import { LONGEST_FAREWELL } from '../../src/graph/framed-stream.ts'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import { MOST_STRANGERS, MOST_STRANGERS_OF_PREFIX } from '../../src/graph/link-acceptor.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import { linkKinds } from '../../src/graph/message-header.ts'
import { LONGEST_AUTHENTICATION, LONGEST_UNPROVEN_MESSAGE } from '../../src/graph/opening.ts'
import { concatBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { ByteStream } from '../../src/runtime/streams.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import {
  ADMITTED,
  type Admit,
  admitAll,
  contextOf,
  type Dialled,
  FakeStream,
  GRAPH,
  greetingMessage,
  identityOf,
  keysOf,
  LinkNode,
  openPair,
  PING,
  PORT,
  PRUNE,
  prune,
  type RawMessage,
  Stranger,
} from './simulated-links.ts'

function makeWorld(): SimulatedWorld {
  return new SimulatedWorld({ seed: 'openings', conditions: { latency: 10 } })
}

/** A listening node and another one. */
function makePair(options: ConstructorParameters<typeof LinkNode>[1] = {}) {
  const world = makeWorld()
  const ann = new LinkNode(world.addHost('ann'))
  const bob = new LinkNode(world.addHost('bob'), options).listen()
  return { world, ann, bob }
}

function outcomeOf(world: SimulatedWorld, dialled: Dialled) {
  world.runUntil(() => dialled.outcomes.length > 0, LONGEST_AUTHENTICATION + 10_000)
  const [outcome] = dialled.outcomes
  if (outcome === undefined || 'link' in outcome) throw new Error('it should have failed')
  return outcome
}

/** A stranger whose proof and greeting are good; it has got as far as is said. */
function memberAt(state: 'start' | 'proven' | 'admitted', world: SimulatedWorld, bob: LinkNode): Stranger {
  const member = Stranger.dial(world, world.addHost(`member ${world.now}`), bob.endpoint)
  if (state === 'start') return member
  const link = contextOf(member.stream)
  const messages = [greetingMessage('dialler', link, identityOf('mallory'), undefined)]
  member.send(...messages, ...(state === 'admitted' ? [ADMITTED] : []))
  world.runUntil(() => member.messages.length >= 1, 1000)
  return member
}

const admitNever: Admit = () => ({ verdict: 'undecided', received: () => 'undecided' })

describe('two nodes that know the graph', () => {
  test('know each other afterwards, as the one that they are', () => {
    const { world, ann, bob } = makePair()
    const { near, far } = openPair(world, ann, bob)
    expect(near.peer).toEqual({ name: bob.identity.name, publicKey: bob.publicKey, key: toHex(bob.publicKey) })
    expect(far.peer).toEqual({ name: ann.identity.name, publicKey: ann.publicKey, key: toHex(ann.publicKey) })
    expect([near.isDialler, far.isDialler]).toEqual([true, false])
    expect(near.remote).toEqual(bob.endpoint)
    expect([near.features, far.features]).toEqual([0, 0])
    expect(bob.acceptor.strangers).toBe(0)
  })

  test('need one round trip until the dialler has its link', () => {
    const { world, ann, bob } = makePair()
    // Two round trips until the stream is there, one for the opening.
    const dialled = ann.dial(bob.endpoint)
    world.runFor(59.9)
    expect(dialled.outcomes).toEqual([])
    world.runFor(0.5)
    expect(dialled.link).toBeDefined()
  })

  test('find the other one where it is expected, and nobody else', () => {
    const { world, ann, bob } = makePair()
    const good = ann.dial(bob.endpoint, bob.publicKey)
    world.runUntil(() => good.outcomes.length > 0, 1000)
    expect(good.link?.peer.key).toBe(toHex(bob.publicKey))
    // Whoever is dialled for somebody else is not told by whom.
    const wrong = outcomeOf(world, ann.dial(bob.endpoint, ann.publicKey))
    expect(wrong).toMatchObject({ code: 'not-authenticated' })
    expect(bob.counters.read()).toMatchObject({ 'dropped-opening-wrong-signature': 1 })
  })

  test('send what belongs to the graph right behind ADMITTED, and nothing is lost if the owner is slow to attach', () => {
    const { world, ann, bob } = makePair()
    bob.attaches = false
    const dialled = ann.dial(bob.endpoint)
    world.runUntil(() => dialled.link !== undefined, 1000)
    dialled.link?.send(prune)
    dialled.link?.send({ kind: 'DATA_END' })
    world.runFor(1000)
    const [accepted] = bob.accepted
    if (accepted === undefined) throw new Error('the link is open')
    accepted.link.attach(accepted.noted)
    world.runFor(1)
    expect(accepted.noted.messages).toEqual([prune, { kind: 'DATA_END' }])
  })

  test('G-016: one port serves all graphs of a node, and each link belongs to the one that the dialler named', () => {
    const { world, ann, bob } = makePair()
    const counters = new GraphCounters()
    const links: LinkPort[] = []
    const identity = identityOf('bob in another graph')
    const close = bob.acceptor.add({
      ...{ keys: keysOf('another graph'), identity, provider: { admit: admitAll }, counters },
      accepted: (link) => links.push(link),
    })
    const carl = new LinkNode(world.addHost('carl'), { graphId: 'another graph' })
    expect(openPair(world, ann, bob).near.peer.name).toBe(bob.identity.name)
    const dialled = carl.dial(bob.endpoint)
    world.runUntil(() => links.length > 0, 1000)
    expect(dialled.link?.peer.name).toBe(identity.name)
    expect(links.map(({ peer }) => peer.name)).toEqual([carl.identity.name])
    expect(bob.accepted.length).toBe(1)
    expect(counters.read()).toMatchObject({ 'links-opened': 1 })
    // Once it is closed, nobody can tell that it was there.
    close()
    expect(outcomeOf(world, carl.dial(bob.endpoint))).toMatchObject({ code: 'not-authenticated' })
    expect(links.length).toBe(1)
  })

  test('a node that dials itself is told so, and nobody listens elsewhere', () => {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann')).listen()
    expect(outcomeOf(world, ann.dial(ann.endpoint))).toEqual({
      code: 'connect-self',
      reason: 'an address of this node',
    })
    expect(ann.counters.read()).toMatchObject({ 'dropped-opening-own-link': 1 })
    const nobody = { host: ann.host.ipv4, port: PORT + 1 }
    expect(outcomeOf(world, ann.dial(nobody))).toMatchObject({ code: 'connection-failed' })
  })

  test('an attempt that is given up leaves nothing behind', () => {
    for (const after of [0, 25, 45, 55]) {
      const { world, ann, bob } = makePair()
      const dialled = ann.dial(bob.endpoint)
      world.runFor(after)
      dialled.opening?.cancel()
      world.runFor(LONGEST_AUTHENTICATION)
      expect(dialled.outcomes).toEqual([])
      expect(bob.accepted).toEqual([])
      expect(bob.acceptor.strangers).toBe(0)
    }
  })
})

describe('strangers', () => {
  /** First messages that a responder must not answer. */
  const silent: readonly (readonly [
    what: string,
    counted: string,
    first: (stream: ByteStream) => readonly RawMessage[],
  ])[] = [
    [
      'a graph that is not open here',
      'opening-unknown-graph',
      (stream) => [greetingMessage('dialler', contextOf(stream, 'another graph'), identityOf('eve'), undefined)],
    ],
    [
      'a proof without a greeting',
      'opening-wrong-seal',
      (stream) => {
        const { body } = greetingMessage('dialler', contextOf(stream), identityOf('eve'), undefined)
        return [{ kind: linkKinds.AUTH_INFO, body: body.slice(0, 32) }]
      },
    ],
    ['less than a proof', 'opening-malformed', () => [{ kind: linkKinds.AUTH_INFO, body: new Uint8Array(31) }]],
    ['an empty message', 'opening-malformed', () => [{ kind: linkKinds.AUTH_INFO, body: new Uint8Array(0) }]],
    [
      'a greeting that is too long',
      'opening-malformed',
      () => [{ kind: linkKinds.AUTH_INFO, body: new Uint8Array(LONGEST_UNPROVEN_MESSAGE + 1) }],
    ],
    [
      'a greeting of another link',
      'opening-unknown-graph',
      ({ channelBinding }) => [
        greetingMessage(
          'dialler',
          { ...contextOf({ channelBinding } as ByteStream), channelBinding: new Uint8Array(32) },
          identityOf('eve'),
          undefined,
        ),
      ],
    ],
    [
      'a proof of this link and a greeting of another one',
      'opening-wrong-seal',
      (stream) => {
        const link = contextOf(stream)
        const other = { ...link, channelBinding: new Uint8Array(32) }
        const { body } = greetingMessage('dialler', other, identityOf('eve'), undefined)
        const proof = greetingMessage('dialler', link, identityOf('eve'), undefined).body.slice(0, 32)
        return [{ kind: linkKinds.AUTH_INFO, body: concatBytes(proof, body.slice(32)) }]
      },
    ],
    [
      'a greeting for somebody else',
      'opening-wrong-signature',
      (stream) => [
        greetingMessage('dialler', contextOf(stream), identityOf('eve'), identityOf('somebody else').keyPair.publicKey),
      ],
    ],
    [
      'a signature by another key',
      'opening-wrong-signature',
      (stream) => {
        const { name, keyPair } = identityOf('eve')
        const { secretKey } = identityOf('mallory').keyPair
        const liar = { name, keyPair: { publicKey: keyPair.publicKey, secretKey } }
        return [greetingMessage('dialler', contextOf(stream), liar, undefined)]
      },
    ],
  ]
  for (const [what, counted, first] of silent) {
    test(`G-140, P-128: ${what}: the link ends without a byte from the responder`, () => {
      const { world, bob } = makePair()
      const eve = Stranger.dial(world, world.addHost('eve'), bob.endpoint)
      eve.send(...first(eve.stream))
      world.runFor(100)
      expect(eve.closing).toBe('ended')
      expect(eve.bytes.length).toBe(0)
      expect(bob.counters.read()).toMatchObject({ [`dropped-${counted}`]: 1 })
      expect(bob.acceptor.strangers).toBe(0)
    })
  }

  test('G-140: a good greeting under another version of the protocol gets no byte either', () => {
    const { world, bob } = makePair()
    const eve = Stranger.dial(world, world.addHost('eve'), bob.endpoint)
    eve.sendAs(0x31, greetingMessage('dialler', contextOf(eve.stream), identityOf('eve'), undefined))
    world.runFor(100)
    expect([eve.closing, eve.bytes.length]).toEqual(['ended', 0])
    expect(bob.counters.read()).toMatchObject({ 'dropped-opening-malformed': 1 })
  })

  test('G-140: bytes that are no frames, and silence, get no byte either', () => {
    const { world, bob } = makePair()
    for (const bytes of [Uint8Array.of(0, 0, 0), new Uint8Array(100).fill(0xff), toUtf8('GET / HTTP/1.1\r\n\r\n')]) {
      const eve = Stranger.dial(world, world.addHost(`eve ${bytes.length}`), bob.endpoint)
      eve.stream.write(bytes)
      world.runFor(LONGEST_AUTHENTICATION + 100)
      expect(eve.closing).toBeDefined()
      expect(eve.bytes.length).toBe(0)
    }
    const mute = Stranger.dial(world, world.addHost('mute'), bob.endpoint)
    world.runFor(LONGEST_AUTHENTICATION - 100)
    expect(mute.closing).toBeUndefined()
    world.runFor(200)
    expect(mute.closing).toBe('broken')
    expect(mute.bytes.length).toBe(0)
    expect(LONGEST_AUTHENTICATION).toBeLessThanOrEqual(20_000)
    expect(bob.acceptor.strangers).toBe(0)
  })

  test('G-140, P-060: whoever poses as a node without knowing the graph learns no name, key or graph', () => {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann'))
    const { taken, endpoint } = Stranger.listen(world.addHost('eve'))
    const dialled = ann.dial(endpoint)
    world.runUntil(() => (taken[0]?.messages.length ?? 0) > 0, 1000)
    const [eve] = taken
    if (eve === undefined) throw new Error('it was dialled')
    const seen = toHex(eve.bytes)
    for (const secret of [ann.publicKey, toUtf8(GRAPH), toUtf8('ann'), ann.graph.keys.recordKey, ann.graph.keys.tag]) {
      expect(seen).not.toContain(toHex(secret))
    }
    // It has nothing to answer with: not its own greeting under another graph, nor the dialler's own.
    const [{ body } = PING] = eve.messages
    eve.send({ kind: linkKinds.AUTH_REPLY, body: body.slice(32) }, ADMITTED)
    expect(outcomeOf(world, dialled)).toMatchObject({ code: 'not-authenticated' })
    expect(ann.counters.read()).toMatchObject({ 'dropped-opening-wrong-seal': 1 })
  })

  test('G-017, P-061: what one link proved is worth nothing on another one, nor in the other role', () => {
    const { world, ann, bob } = makePair()
    const recorded: RawMessage[] = []
    const { taken, endpoint } = Stranger.listen(world.addHost('eve'))
    const dialled = ann.dial(endpoint)
    world.runUntil(() => (taken[0]?.messages.length ?? 0) > 0, 1000)
    recorded.push(...(taken[0]?.messages ?? []))
    const replaying = Stranger.dial(world, world.addHost('replaying'), bob.endpoint)
    replaying.send(...recorded)
    world.runFor(100)
    expect(replaying.bytes.length).toBe(0)
    expect(replaying.closing).toBe('ended')
    // A member that knows the graph sends the dialler's own proof of this very link back to it.
    const [{ body } = PING] = recorded
    const [eve] = taken
    eve?.send({ kind: linkKinds.AUTH_REPLY, body: body.slice(32) })
    expect(outcomeOf(world, dialled)).toMatchObject({ code: 'not-authenticated' })
    expect(ann.counters.read()).toMatchObject({ 'dropped-opening-wrong-seal': 1 })
  })

  test('G-141: a relay in the middle with a stream to either side brings no link about', () => {
    const { world, ann, bob } = makePair()
    const middle = world.addHost('middle')
    const streams = middle.ports.streams
    const bindings: string[] = []
    let relayed = 0
    streams.open({ host: middle.ipv4, port: PORT }, (inside) => {
      bindings.push(toHex(inside.channelBinding))
      const waiting: Uint8Array[] = []
      let outside: ByteStream | undefined
      const pass = (to: () => ByteStream | undefined) => ({
        received: (bytes: Uint8Array) => {
          relayed += bytes.length
          const stream = to()
          if (stream === undefined) waiting.push(bytes.slice())
          else stream.write(bytes.slice())
        },
        drained: () => undefined,
        ended: () => to()?.end(),
        closed: () => to()?.destroy(),
      })
      inside.attach(pass(() => outside))
      streams.dial(bob.endpoint, {
        opened: (stream) => {
          outside = stream
          bindings.push(toHex(stream.channelBinding))
          stream.attach(pass(() => inside))
          for (const bytes of waiting) stream.write(bytes)
        },
        failed: (error) => {
          throw error
        },
      })
    })
    const dialled = ann.dial({ host: middle.ipv4, port: PORT })
    expect(outcomeOf(world, dialled)).toMatchObject({ code: 'not-authenticated' })
    expect(relayed).toBeGreaterThan(100)
    expect(new Set(bindings).size).toBe(2)
    expect(bob.accepted).toEqual([])
    expect(bob.counters.read()).toMatchObject({ 'dropped-opening-unknown-graph': 1 })
  })

  test('G-018, P-069: a link that is not authenticated in time is ended, whatever it waits for, at either end', () => {
    const world = makeWorld()
    const slow = new LinkNode(world.addHost('slow'), { admit: admitNever }).listen()
    const start = memberAt('start', world, slow)
    const proven = memberAt('proven', world, slow)
    const admitted = memberAt('admitted', world, slow)
    const ann = new LinkNode(world.addHost('ann'))
    const dialled = ann.dial(slow.endpoint)
    const { taken, endpoint } = Stranger.listen(world.addHost('mute'))
    const toMute = ann.dial(endpoint)
    world.runFor(LONGEST_AUTHENTICATION - 1000)
    expect([start, proven, admitted].map(({ closing }) => closing)).toEqual([undefined, undefined, undefined])
    expect(slow.acceptor.strangers).toBe(4)
    world.runFor(2000)
    expect([start, proven, admitted].map(({ closing }) => closing)).toEqual(['broken', 'broken', 'broken'])
    expect(outcomeOf(world, dialled)).toMatchObject({ code: 'not-authenticated' })
    expect(outcomeOf(world, toMute)).toMatchObject({ code: 'not-authenticated' })
    expect(taken[0]?.closing).toBe('broken')
    expect(slow.acceptor.strangers).toBe(0)
  })

  test('G-018, P-069: links that are not authenticated have a limit in all, and one for each prefix; the oldest go', () => {
    const world = makeWorld()
    const bob = new LinkNode(world.addHost('bob')).listen()
    const strangers = Array.from({ length: MOST_STRANGERS_OF_PREFIX + 3 }, () => new FakeStream('203.0.113.7'))
    for (const stream of strangers) bob.acceptor.accept(stream)
    expect(bob.acceptor.strangers).toBe(MOST_STRANGERS_OF_PREFIX)
    expect(strangers.map(({ isDestroyed }) => isDestroyed).slice(0, 4)).toEqual([true, true, true, false])
    const others = Array.from({ length: MOST_STRANGERS - MOST_STRANGERS_OF_PREFIX }, (_, index) => `198.51.${index}.1`)
    const fromOthers = others.map((host) => new FakeStream(host))
    for (const stream of fromOthers) bob.acceptor.accept(stream)
    bob.acceptor.accept(new FakeStream('192.0.2.1'))
    expect(bob.acceptor.strangers).toBe(MOST_STRANGERS)
    expect(strangers[3]?.isDestroyed).toBe(true)
    expect(fromOthers.every(({ isDestroyed }) => !isDestroyed)).toBe(true)
    expect(bob.counters.read()).toMatchObject({ 'dropped-opening-no-room': 4 })
    bob.acceptor.close()
    expect(fromOthers.every(({ isDestroyed }) => isDestroyed)).toBe(true)
  })

  test('one that was turned away and does not go keeps its place until it is thrown out', () => {
    const { world, bob } = makePair()
    const eve = Stranger.dial(world, world.addHost('eve'), bob.endpoint, false)
    eve.send(PRUNE)
    world.runFor(100)
    expect(eve.hasEnded).toBe(true)
    expect(bob.acceptor.strangers).toBe(1)
    world.runFor(LONGEST_FAREWELL + 100)
    expect(eve.closing).toBe('broken')
    expect(bob.acceptor.strangers).toBe(0)
  })

  test('one that was turned away and does not go is the first to make room', () => {
    const { world, bob } = makePair()
    const eve = Stranger.dial(world, world.addHost('eve'), bob.endpoint, false)
    eve.send(PRUNE)
    world.runFor(100)
    for (let index = 0; index < MOST_STRANGERS_OF_PREFIX; index++) {
      bob.acceptor.accept(new FakeStream(world.host('eve').ipv4))
    }
    expect(bob.acceptor.strangers).toBe(MOST_STRANGERS_OF_PREFIX)
    world.runFor(100)
    expect(eve.closing).toBe('broken')
  })
})
