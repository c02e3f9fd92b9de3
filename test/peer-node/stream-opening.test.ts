/** Streams to link-local addresses, on hosts that are on several links. */
import { expect, test } from 'vitest'
import { LINK_PAUSE, MOST_LINKS_DIALLED, openStream } from '../../src/peer-node/stream-opening.ts'
import { StreamEnd } from '../../src/runtime/acceptance/stream-end.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import type { ByteStream } from '../../src/runtime/streams.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ip } from '../simulation/open-socket.ts'
import { settleIn } from '../simulation/settle-in.ts'

const TO: Endpoint = { host: ip('fe80::99'), port: 3587 }

/** A host that dials, with an interface on each of these links. */
function onLinks(...links: readonly string[]) {
  const world = new SimulatedWorld({ seed: 'links', conditions: { latency: 10 } })
  const interfaces = links.map((segment, index) => ({
    ...{ name: `to ${segment}`, segment },
    addresses: [`192.168.${index}.1/24`, `fe80::${index + 1}`],
  }))
  const ann = world.addHost('ann', { interfaces })
  const dialled: (string | undefined)[] = []
  const { streams, networkInterfaces, clock, random } = ann.ports
  const ports = {
    ...{ networkInterfaces, clock, random },
    streams: {
      listen: streams.listen.bind(streams),
      connect: (...[to, options]: Parameters<typeof streams.connect>) => {
        dialled.push(to.zone)
        return streams.connect(to, options)
      },
    },
  }
  return {
    world,
    ann,
    dialled,
    settle: settleIn(world),
    open: (to = TO, signal = new AbortController().signal) => openStream(ports, to, signal),
  }
}

/** A host on one link at the address that is dialled, and the ends that it takes. */
function listensOn(
  world: SimulatedWorld,
  segment: string,
): { readonly host: SimulatedHost; readonly taken: StreamEnd[] } {
  const host = world.addHost(segment, { interfaces: [{ name: 'eth0', segment, addresses: [TO.host] }] })
  const taken: StreamEnd[] = []
  host.ports.streams.open({ ...TO, zone: 'eth0' }, (stream) => {
    const end = new StreamEnd(stream)
    end.attach()
    taken.push(end)
  })
  return { host, taken }
}

/** What becomes of it, as soon as something has. */
function outcomeOf(opening: Promise<ByteStream>): { readonly is: () => boolean; stream?: ByteStream; error?: unknown } {
  const outcome: { readonly is: () => boolean; stream?: ByteStream; error?: unknown } = {
    is: () => outcome.stream !== undefined || outcome.error !== undefined,
  }
  opening.then(
    (stream) => {
      outcome.stream = stream
    },
    (error: unknown) => {
      outcome.error = error
    },
  )
  return outcome
}

test('the address is found on whichever link it is, and what is told of it has no zone', async () => {
  const { world, dialled, settle, open } = onLinks('a', 'b', 'c')
  const { taken } = listensOn(world, 'c')
  const outcome = outcomeOf(open())
  await settle(outcome.is)
  expect(outcome.stream?.remote).toEqual(TO)
  await settle(() => taken.length === 1)
  expect(taken[0]?.stream.remote.host).toBe('fe80::3')
  expect(dialled).toContain('to c')
})

test('an address that means the same on every link is dialled once, and without a zone', async () => {
  const { world, dialled, settle, open } = onLinks('a', 'b')
  const host = world.addHost('bob', { interfaces: [{ name: 'eth0', segment: 'a', addresses: ['192.168.0.2/24'] }] })
  host.ports.streams.open({ host: ip('192.168.0.2'), port: 1 }, () => undefined)
  const outcome = outcomeOf(open({ host: ip('192.168.0.2'), port: 1 }))
  await settle(outcome.is)
  expect(outcome.stream).toBeDefined()
  expect(dialled).toEqual([undefined])
})

test('a link that does not answer holds nobody up for longer than the pause, and its attempt is given up', async () => {
  const { world, ann, dialled, settle, open } = onLinks('a', 'b')
  const silent = listensOn(world, 'a')
  const right = listensOn(world, 'b')
  world.network.partition(['ann'], ['a'])
  // The links are drawn: until the silent one is the first.
  for (;;) {
    dialled.length = 0
    const begin = ann.ports.clock.monotonic()
    const outcome = outcomeOf(open())
    await settle(outcome.is)
    outcome.stream?.destroy()
    if (dialled[0] === 'to b') continue
    expect(dialled).toEqual(['to a', 'to b'])
    expect(ann.ports.clock.monotonic() - begin).toBeLessThan(LINK_PAUSE + 100)
    break
  }
  await settle(() => right.taken.length > 0 && right.taken.every(({ closings }) => closings.length > 0))
  world.network.heal()
  world.runFor(60_000)
  expect(silent.taken).toEqual([])
})

test('of two machines with the address, each has its turn: whoever proves the wrong identity is not met for ever', async () => {
  const { world, settle, open } = onLinks('a', 'b')
  const [one, other] = [listensOn(world, 'a'), listensOn(world, 'b')]
  for (let attempts = 0; one.taken.length === 0 || other.taken.length === 0; attempts++) {
    expect(attempts).toBeLessThan(50)
    const outcome = outcomeOf(open())
    await settle(outcome.is)
    await settle(() => one.taken.length + other.taken.length === attempts + 1)
    outcome.stream?.destroy()
  }
})

test('where no link leads to it, each says why', async () => {
  const { world, settle, open } = onLinks('a', 'b')
  world.addHost('closed', { interfaces: [{ name: 'eth0', segment: 'a', addresses: [TO.host] }] })
  const outcome = outcomeOf(open())
  await settle(outcome.is)
  expect(outcome.error).toMatchObject({ code: 'connection-failed', details: { endpoint: '[fe80::99]:3587' } })
  const reasons = String(Object(outcome.error).details.reason).split('; ').sort()
  expect(reasons).toEqual(['to a: refused: nothing listens there', 'to b: no route'])
})

test('a machine without a link-local address is told so', async () => {
  const world = new SimulatedWorld({ seed: 'none' })
  const { streams, networkInterfaces, clock, random } = world.addHost('ann').ports
  const opening = openStream({ streams, networkInterfaces, clock, random }, TO, new AbortController().signal)
  await expect(opening).rejects.toMatchObject({
    code: 'connection-failed',
    details: { reason: 'no interface of this machine has an IPv6 link-local address' },
  })
})

test('not more links than the limit are dialled', async () => {
  const { dialled, settle, open } = onLinks(
    ...Array.from({ length: MOST_LINKS_DIALLED + 3 }, (_, index) => `link${index}`),
  )
  const outcome = outcomeOf(open())
  await settle(outcome.is)
  expect(outcome.error).toMatchObject({ code: 'connection-failed' })
  expect(new Set(dialled).size).toBe(MOST_LINKS_DIALLED)
  expect(dialled.length).toBe(MOST_LINKS_DIALLED)
})

test('whoever gives up gives up on all links', async () => {
  const { world, dialled, settle, open } = onLinks('a', 'b', 'c')
  const all = ['a', 'b', 'c'].map((link) => listensOn(world, link))
  world.network.partition(['ann'], ['a', 'b', 'c'])
  const controller = new AbortController()
  const outcome = outcomeOf(open(TO, controller.signal))
  await settle(() => dialled.length === 2)
  controller.abort('enough')
  await settle(outcome.is)
  expect(outcome.error).toBe('enough')
  world.network.heal()
  world.runFor(60_000)
  expect(dialled.length).toBe(2)
  expect(all.flatMap(({ taken }) => taken)).toEqual([])
  await expect(open(TO, AbortSignal.abort('before'))).rejects.toBe('before')
  expect(dialled.length).toBe(2)
})
