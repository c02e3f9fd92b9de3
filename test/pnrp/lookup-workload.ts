/**
 * A workload for simulated clouds: registers names all over a cloud, lets members all over it look them up, and
 * says what came of it. Tests use it with hundreds of nodes, the scripts of bench/scale/ with ten thousand.
 */
import { isSecured, type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import type { NameResult } from '../../src/pnrp/name-resolution.ts'
import type { PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { equalBytes } from '../../src/runtime/bytes.ts'
import { type Random, randomBelow } from '../../src/runtime/random.ts'
import type { Member, SimulatedCloud } from './simulated-cloud.ts'

/** A name that is registered once, and where. */
export interface RegisteredName {
  readonly name: PeerName
  readonly publisher: Member
  readonly id: PnrpId
  readonly publicKey: Uint8Array
}

/** What came of some lookups. */
export interface LookupReport {
  readonly lookups: number
  /** How many found what is registered. */
  readonly found: number
  /** How many results were for another key than the one that registered the name. */
  readonly wrong: number
  /** LOOKUPs sent for one, repetitions aside, up to and including the one to the publisher: the mean. */
  readonly meanHops: number
  /** How long one took, in virtual milliseconds: the mean, and the time that all but 1 % took at most. */
  readonly meanTime: number
  readonly time99: number
}

/** How lookups are made. */
export interface LookupOptions {
  /** How many in all. */
  readonly lookups: number
  /** How many at the same time, each from another member. */
  readonly atOnce: number
  /** Names the stream of random numbers: which member looks up which name. */
  readonly stream: string
  /** Who looks up; by default all that run. */
  readonly resolvers?: readonly Member[]
}

/** Registers new names at members drawn at random. */
export function registerNames(
  cloud: SimulatedCloud,
  count: number,
  options: { readonly secured?: boolean; readonly publishers?: readonly Member[]; readonly stream?: string } = {},
): RegisteredName[] {
  const { secured = false, publishers = cloud.running, stream = 'names' } = options
  const random = cloud.world.random(stream)
  return Array.from({ length: count }, (_, index) => {
    const publisher = publishers[randomBelow(random, publishers.length)]
    if (publisher === undefined) throw new RangeError('nobody could register a name')
    const classifier = `${stream}-${index}`
    const registration = secured
      ? publisher.registerSecured(classifier)
      : publisher.register(parsePeerName(`0.${classifier}`))
    const { id, name, keyPair } = registration
    return { name, publisher, id, publicKey: keyPair.publicKey }
  })
}

/** Looks names up whose publishers run, each from another node than its publisher. */
export function lookUp(cloud: SimulatedCloud, names: readonly RegisteredName[], options: LookupOptions): LookupReport {
  const random = cloud.world.random(options.stream)
  const lookupIds = new Set<string>()
  const decoder = new DatagramTransport({
    ...{ cloud: cloud.cloud, crypto: cloud.crypto, counters: new Counters(), send: () => {} },
  })
  const formerListener = cloud.onSent
  cloud.onSent = (sent) => {
    formerListener?.(sent)
    const message = decoder.receive(sent.bytes, sent.member.endpoint)
    if (message?.type === 'LOOKUP' && message.reason === 'application') {
      lookupIds.add(`${sent.member.name}/${message.messageId}`)
    }
  }
  const times: number[] = []
  let found = 0
  let wrong = 0
  for (let done = 0; done < options.lookups; done += options.atOnce) {
    const resolvers = (options.resolvers ?? cloud.running).filter(({ isRunning }) => isRunning)
    const count = Math.min(options.atOnce, options.lookups - done, resolvers.length)
    const start = cloud.world.now
    let open = 0
    for (const resolver of drawDistinct(random, resolvers, count)) {
      const available = names.filter(({ publisher }) => publisher.isRunning && publisher !== resolver)
      const registered = available[randomBelow(random, available.length)]
      if (registered === undefined) throw new RangeError('no name is registered any more')
      open++
      let result: NameResult | undefined
      resolver.resolveName(
        registered.name,
        { includesOwn: false },
        {
          found: (one) => {
            result = one
          },
          ended: () => {
            open--
            times.push(cloud.world.now - start)
            if (result !== undefined && isRight(result, registered)) found++
            else if (result !== undefined) wrong++
          },
        },
      )
    }
    cloud.world.runUntil(() => open === 0, LONGEST_BATCH)
  }
  cloud.onSent = formerListener
  times.sort((one, other) => one - other)
  return {
    lookups: times.length,
    found,
    wrong,
    meanHops: lookupIds.size / times.length,
    meanTime: times.reduce((sum, time) => sum + time, 0) / times.length,
    time99: times[Math.ceil(times.length * 0.99) - 1] ?? 0,
  }
}

/** So many different ones, of which there are at least so many. */
function drawDistinct(random: Random, members: readonly Member[], count: number): Set<Member> {
  const drawn = new Set<Member>()
  while (drawn.size < count) {
    const member = members[randomBelow(random, members.length)]
    if (member !== undefined) drawn.add(member)
  }
  return drawn
}

function isRight(result: NameResult, { id, name, publicKey }: RegisteredName): boolean {
  return result.id === id && result.secured === isSecured(name) && equalBytes(result.publicKey, publicKey)
}

/** How long lookups that begin at the same time may take, in virtual milliseconds. */
const LONGEST_BATCH = 120_000
