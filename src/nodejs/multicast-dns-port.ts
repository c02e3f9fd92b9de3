/**
 * Multicast DNS on one interface in one address family (RFC 6762): answers for the instances that are announced
 * there, and asks for those of others.
 *
 * The socket is that of the package `multicast-dns`. It shares port 5353 with every other program of the machine, and
 * hears all interfaces, so what did not come from this link is passed over.
 */
import { createSocket, type RemoteInfo } from 'node:dgram'
import multicastDns, { type MulticastDNS, type QueryPacket, type ResponsePacket } from 'multicast-dns'
import type { Clock, Timer } from '../runtime/clock.ts'
import { type Endpoint, type IpAddress, ipAddressBytes, isIpv4, parseIpAddress } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { type Random, randomBelow } from '../runtime/random.ts'
import {
  type Answer,
  endpointsIn,
  isSameName,
  recordsOf,
  SERVICE,
  SERVICE_LIST,
  type ServiceInstance,
  serviceListRecord,
} from './service-records.ts'
import { reasonOf } from './system-error.ts'

/** What multicast DNS stands on. */
export interface MulticastDnsPorts {
  readonly random: Random
  readonly clock: Clock
  readonly log: Log
}

/** A browser asks again after these times, in milliseconds; each is twice the one before (RFC 6762 section 5.2). */
const QUERY_TIMES = [0, 1000, 3000]
/** An announcement is made twice, this far apart, in milliseconds (section 8.3). */
const ANNOUNCEMENT_INTERVAL = 1000
/** Answers wait a random time between these, in milliseconds, so that those of many hosts do not collide (section 6). */
const SHORTEST_ANSWER_DELAY = 20
/** The longest such time, in milliseconds. */
const LONGEST_ANSWER_DELAY = 120
/** An answer to everybody is not repeated before this time, in milliseconds (section 6). */
const SHORTEST_REPETITION = 1000
const MDNS_PORT = 5353
const IPV6_GROUP = 'ff02::fb'
/** Whoever asks from another port than 5353 is answered alone, and keeps it no longer than this, in seconds (section 6.7). */
const LONGEST_LEGACY_LIFE = 10
const IPV4_BITS = 32

type Question = NonNullable<QueryPacket['questions']>[number]

interface Announced {
  readonly instance: ServiceInstance
  /** When it was told to everybody the last time. */
  told: number | undefined
}

interface Browser {
  readonly cloudTag: Uint8Array
  readonly found: (endpoint: Endpoint) => void
}

/** One interface, one family. */
export class MulticastDnsPort {
  readonly #at: InterfaceAddress
  readonly #ports: MulticastDnsPorts
  readonly #socket: MulticastDNS
  readonly #announced = new Set<Announced>()
  readonly #browsers = new Set<Browser>()
  readonly #timers = new Set<Timer>()
  #isClosed = false

  /** @param at An address of the interface. */
  constructor(at: InterfaceAddress, ports: MulticastDnsPorts) {
    this.#at = at
    this.#ports = ports
    this.#socket = openMulticastDns(at)
    const problem = (error: Error): void => {
      ports.log.warn('multicast DNS does not work on an interface', {
        interface: at.interface,
        reason: reasonOf(error),
      })
    }
    this.#socket.on('error', problem)
    this.#socket.on('warning', (error: Error) => {
      ports.log.debug('multicast DNS passed something over', { interface: at.interface, reason: reasonOf(error) })
    })
    this.#socket.on('query', (query, from) => this.#asked(query, from))
    this.#socket.on('response', (response, from) => this.#answered(response, from))
  }

  /** Whether anybody announces or browses here. */
  get isUsed(): boolean {
    return this.#announced.size + this.#browsers.size > 0
  }

  /** Announces an instance until what this returns is called. */
  announce(instance: ServiceInstance): () => void {
    const announced: Announced = { instance, told: undefined }
    this.#announced.add(announced)
    this.#tellAll(announced)
    this.#later(ANNOUNCEMENT_INTERVAL, () => {
      if (this.#announced.has(announced)) this.#tellAll(announced)
    })
    return () => {
      if (this.#announced.delete(announced)) this.#socket.respond({ answers: recordsOf(instance, 0) })
    }
  }

  /** Asks for the instances of a cloud until what this returns is called. */
  browse(cloudTag: Uint8Array, found: (endpoint: Endpoint) => void): () => void {
    const browser = { cloudTag: cloudTag.slice(), found }
    this.#browsers.add(browser)
    for (const time of QUERY_TIMES) {
      this.#later(time, () => {
        if (this.#browsers.has(browser)) this.#socket.query({ questions: [{ name: SERVICE, type: 'PTR' }] })
      })
    }
    return () => this.#browsers.delete(browser)
  }

  /** Closes the socket, after what was sent last. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const timer of this.#timers) timer.cancel()
    // An empty query is nothing to anybody, and goes out after the goodbyes.
    this.#socket.query({ questions: [] }, () => this.#socket.destroy())
  }

  #tellAll(announced: Announced): void {
    announced.told = this.#ports.clock.monotonic()
    this.#socket.respond({ answers: recordsOf(announced.instance) })
  }

  #asked(query: QueryPacket, from: RemoteInfo): void {
    if (!isOfLink(this.#at, from)) return
    const questions = query.questions ?? []
    for (const announced of this.#announced) {
      const records = recordsOf(announced.instance)
      const answers = records.filter((record) => questions.some((question) => asksFor(question, record)))
      if (questions.some(({ name }) => isSameName(name, SERVICE_LIST))) answers.push(serviceListRecord())
      if (answers.length === 0 || isKnown(answers, query.answers ?? [])) continue
      const additionals = records.filter((record) => !answers.includes(record))
      if (from.port === MDNS_PORT) this.#answerAll(announced, answers, additionals)
      else this.#answerOne(query, from, answers, additionals)
    }
  }

  #answerAll(announced: Announced, answers: Answer[], additionals: Answer[]): void {
    const { clock, random } = this.#ports
    const now = clock.monotonic()
    if (announced.told !== undefined && now - announced.told < SHORTEST_REPETITION) return
    announced.told = now
    const delay = SHORTEST_ANSWER_DELAY + randomBelow(random, LONGEST_ANSWER_DELAY - SHORTEST_ANSWER_DELAY + 1)
    this.#later(delay, () => {
      if (this.#announced.has(announced)) this.#socket.respond({ answers, additionals })
    })
  }

  /** A simple resolver, which expects an ordinary DNS reply. */
  #answerOne(query: QueryPacket, from: RemoteInfo, answers: Answer[], additionals: Answer[]): void {
    const shortLived = (record: Answer): Answer =>
      'ttl' in record ? { ...record, ttl: Math.min(record.ttl ?? 0, LONGEST_LEGACY_LIFE), flush: false } : record
    const reply = { answers: answers.map(shortLived), additionals: additionals.map(shortLived) }
    const { id } = query
    this.#socket.respond({ ...(id !== undefined && { id }), questions: query.questions ?? [], ...reply }, from)
  }

  #answered({ answers, additionals }: ResponsePacket, from: RemoteInfo): void {
    if (!isOfLink(this.#at, from)) return
    const records = [...(answers ?? []), ...(additionals ?? [])]
    const own = new Set([...this.#announced].flatMap(({ instance }) => [`${instance.instance}.${SERVICE}`]))
    const others = records.filter((record) => !own.has(record.name))
    for (const browser of this.#browsers) for (const one of endpointsIn(others, browser.cloudTag)) browser.found(one)
  }

  #later(delay: number, action: () => void): void {
    if (this.#isClosed) return
    const timer = this.#ports.clock.setTimer(delay, () => {
      this.#timers.delete(timer)
      action()
    })
    this.#timers.add(timer)
  }
}

/** Whether something came from the link of an address. */
export function isOfLink(at: InterfaceAddress, { address }: Pick<RemoteInfo, 'address'>): boolean {
  const [text = '', zone] = address.split('%')
  const from = parseIpAddress(text)
  if (from === undefined || isIpv4(from) !== isIpv4(at.address)) return false
  // An IPv6 sender has the interface behind its address; an IPv4 one shares the subnet.
  return zone === undefined ? isSameSubnet(from, at) : zone === at.interface
}

/** A socket in the group of multicast DNS, on one interface and in one family. */
export function openMulticastDns({ address, interface: name }: InterfaceAddress): MulticastDNS {
  if (isIpv4(address)) return multicastDns({ type: 'udp4', interface: address, bind: '0.0.0.0' })
  const socket = createSocket({ type: 'udp6', ipv6Only: true, reuseAddr: true })
  return multicastDns({ type: 'udp6', ip: IPV6_GROUP, interface: `::%${name}`, bind: '::', socket })
}

function asksFor({ name, type }: Question, record: Answer): boolean {
  // The package's types know no question for records of any type, which there is.
  const wanted: string = type
  return isSameName(name, record.name) && (wanted === 'ANY' || wanted === record.type)
}

/** Whether who asks has all of this already (section 7.1). */
function isKnown(answers: readonly Answer[], known: readonly Answer[]): boolean {
  return answers.every((answer) =>
    known.some(
      (one) =>
        one.type === 'PTR' &&
        answer.type === 'PTR' &&
        isSameName(one.name, answer.name) &&
        isSameName(one.data, answer.data),
    ),
  )
}

function isSameSubnet(address: IpAddress, at: InterfaceAddress): boolean {
  const bits = at.prefixLength + (isIpv4(address) ? 128 - IPV4_BITS : 0)
  const one = ipAddressBytes(address)
  const other = ipAddressBytes(at.address)
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7)
    if (((one[bit >> 3] ?? 0) & mask) !== ((other[bit >> 3] ?? 0) & mask)) return false
  }
  return true
}
