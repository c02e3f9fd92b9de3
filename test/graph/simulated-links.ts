/**
 * Nodes with links on a simulated network, and strangers that speak the protocol byte by byte, for tests of openings and links.
 */
import { FrameReader } from '../../src/graph/frame-reader.ts'
import { FrameWriter } from '../../src/graph/frame-writer.ts'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { graphProof, type LinkContext, type LinkRole, sealGreeting } from '../../src/graph/greeting.ts'
import { LinkAcceptor } from '../../src/graph/link-acceptor.ts'
import type { OpeningLink, OpeningOutcome } from '../../src/graph/link-opener.ts'
import type { LinkClosing, LinkHandler, LinkPort, LinkPriority } from '../../src/graph/link-port.ts'
import { linkKinds } from '../../src/graph/message-header.ts'
import type { OpeningGraph, OpeningParts } from '../../src/graph/opening.ts'
import { OwnDials } from '../../src/graph/own-dials.ts'
import type { Admission, LinkIdentity, LinkToJudge } from '../../src/graph/security-provider.ts'
import { StreamLinkOpener } from '../../src/graph/stream-link-opener.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { type GraphKeys, graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { concatBytes } from '../../src/runtime/bytes.ts'
import { SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import type { Log } from '../../src/runtime/log.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { ByteStream, StreamClosing } from '../../src/runtime/streams.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import type { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import type { WireWriter } from '../../src/wire/wire-writer.ts'
import { crypto } from '../identity/platform.ts'

export const PORT = 3587
export const GRAPH = 'the graph of these tests'

export function identityOf(classifier: string): LinkIdentity {
  const keyPair = crypto.signingKeyPair(randomBytes(new SeededRandom(`identity ${classifier}`), SEED_LENGTH))
  return { name: makePeerName(authorityOf(crypto, keyPair.publicKey), classifier), keyPair }
}

export function keysOf(graphId: string): GraphKeys {
  return graphKeys(crypto, parseGraphId(graphId))
}

/** A handler that notes what it is told. */
export class Noted implements LinkHandler {
  readonly messages: GraphMessage[] = []
  readonly readies: LinkPriority[] = []
  readonly closings: LinkClosing[] = []
  onReceived: (message: GraphMessage) => void = () => undefined
  onReady: (priority: LinkPriority) => void = () => undefined

  received(message: GraphMessage): void {
    // The bytes of a message belong to whoever sent it on: keep what they are now.
    this.messages.push(structuredClone(message))
    this.onReceived(message)
  }

  ready(priority: LinkPriority): void {
    this.readies.push(priority)
    this.onReady(priority)
  }

  closed(reason: LinkClosing): void {
    this.closings.push(reason)
  }
}

/** Admits a link: by default everybody. */
export type Admit = (link: LinkToJudge, send: (message: Uint8Array) => void) => Admission

export const admitAll: Admit = () => ({ verdict: 'admitted', received: () => 'admitted' })

/** A node that has one graph open. */
export class LinkNode {
  readonly host: SimulatedHost
  readonly identity: LinkIdentity
  readonly graph: OpeningGraph
  readonly parts: OpeningParts
  readonly counters = new GraphCounters()
  readonly acceptor: LinkAcceptor
  readonly opener: StreamLinkOpener
  readonly logged: string[] = []
  /** The links that came in, with their handlers. */
  readonly accepted: { readonly link: LinkPort; readonly noted: Noted }[] = []
  /** Whether handlers are attached at once. */
  attaches = true

  constructor(
    host: SimulatedHost,
    { graphId = GRAPH, admit = admitAll, name = host.name }: { graphId?: string; admit?: Admit; name?: string } = {},
  ) {
    this.host = host
    this.identity = identityOf(name)
    this.graph = { keys: keysOf(graphId), identity: this.identity, provider: { admit }, counters: this.counters }
    const { clock, streams } = host.ports
    const note = (message: string): void => {
      this.logged.push(message)
    }
    const log: Log = { debug: note, info: note, warn: note, error: note }
    this.parts = { clock, crypto, log, deadlines: new Deadlines(clock), counters: this.counters }
    const ownDials = new OwnDials()
    this.acceptor = new LinkAcceptor(this.parts, ownDials)
    this.acceptor.add({
      ...this.graph,
      accepted: (link) => {
        const noted = new Noted()
        this.accepted.push({ link, noted })
        if (this.attaches) link.attach(noted)
      },
    })
    this.opener = new StreamLinkOpener(this.parts, this.graph, streams, ownDials)
  }

  get endpoint(): Endpoint {
    return { host: this.host.ipv4, port: PORT }
  }

  get publicKey(): Uint8Array {
    return this.identity.keyPair.publicKey
  }

  listen(): this {
    this.host.ports.streams.open(this.endpoint, (stream) => this.acceptor.accept(stream))
    return this
  }

  /** Dials without waiting. A link gets a handler at once. */
  dial(to: Endpoint, expected?: Uint8Array): Dialled {
    const dialled: Dialled = { noted: new Noted(), outcomes: [], opening: undefined, link: undefined }
    dialled.opening = this.opener.open(to, expected, (outcome) => {
      dialled.outcomes.push(outcome)
      if (!('link' in outcome)) return
      dialled.link = outcome.link
      outcome.link.attach(dialled.noted)
    })
    return dialled
  }
}

/** What became of dialling. */
export interface Dialled {
  readonly noted: Noted
  readonly outcomes: OpeningOutcome[]
  opening: OpeningLink | undefined
  link: LinkPort | undefined
}

/** A link between two nodes that is open at both ends. */
export function openPair(
  world: SimulatedWorld,
  from: LinkNode,
  to: LinkNode,
): { near: LinkPort; far: LinkPort; nearNoted: Noted; farNoted: Noted } {
  const before = to.accepted.length
  const dialled = from.dial(to.endpoint)
  world.runUntil(() => dialled.outcomes.length > 0 && to.accepted.length > before, 10_000)
  const accepted = to.accepted.at(-1)
  if (dialled.link === undefined || accepted === undefined) throw new Error(JSON.stringify(dialled.outcomes))
  return { near: dialled.link, far: accepted.link, nearNoted: dialled.noted, farNoted: accepted.noted }
}

/** A message as a stranger sends and sees it. */
export interface RawMessage {
  readonly kind: number
  readonly body: Uint8Array
}

/** Of the body of one message, in bytes. */
const LONGEST_OF_STRANGER = 2 ** 22

/** One end of a stream in the hands of somebody who does as they like. */
export class Stranger {
  readonly stream: ByteStream
  /** All bytes that came. */
  bytes: Uint8Array = new Uint8Array(0)
  readonly messages: RawMessage[] = []
  closing: StreamClosing | undefined
  hasEnded = false
  readonly #reader: FrameReader

  constructor(stream: ByteStream, endsToo = true) {
    this.stream = stream
    this.#reader = new FrameReader({
      begins: () => 'take',
      message: (kind, body) => {
        this.messages.push({ kind, body: body.slice() })
      },
    })
    stream.attach({
      received: (bytes) => {
        this.bytes = concatBytes(this.bytes, bytes)
        this.#reader.take(bytes)
      },
      drained: () => undefined,
      ended: () => {
        this.hasEnded = true
        if (endsToo) stream.end()
      },
      closed: (reason) => {
        this.closing = reason
      },
    })
  }

  /** Dials a node. */
  static dial(world: SimulatedWorld, host: SimulatedHost, to: Endpoint, endsToo = true): Stranger {
    const opened: Stranger[] = []
    host.ports.streams.dial(to, {
      opened: (stream) => opened.push(new Stranger(stream, endsToo)),
      failed: (error) => {
        throw error
      },
    })
    world.runUntil(() => opened.length > 0, 10_000)
    const [stranger] = opened
    if (stranger === undefined) throw new Error('it was dialled')
    return stranger
  }

  /** Listens, for one stream. */
  static listen(host: SimulatedHost): { readonly taken: Stranger[]; readonly endpoint: Endpoint } {
    const endpoint = { host: host.ipv4, port: PORT }
    const taken: Stranger[] = []
    host.ports.streams.open(endpoint, (stream) => taken.push(new Stranger(stream)))
    return { taken, endpoint }
  }

  send(...messages: readonly RawMessage[]): void {
    this.sendAs(0x20, ...messages)
  }

  /** The same under another version of the protocol. */
  sendAs(version: number, ...messages: readonly RawMessage[]): void {
    const writer = new FrameWriter()
    writer.version = version
    const write = (wire: WireWriter, body: Uint8Array): void => wire.bytes(body)
    for (const { kind, body } of messages) writer.add('control', kind, LONGEST_OF_STRANGER, write, body)
    for (let frames = writer.next(); frames !== undefined; frames = writer.next()) this.stream.write(frames)
  }
}

/** What a stranger says who knows the graph. */
export function greetingMessage(
  role: LinkRole,
  link: LinkContext,
  identity: LinkIdentity,
  other: Uint8Array | undefined,
  versions: readonly number[] = [0x20],
  features = 0,
): RawMessage {
  const sealed = sealGreeting(link, role, identity, { versions, features }, other)
  return role === 'dialler'
    ? { kind: linkKinds.AUTH_INFO, body: concatBytes(graphProof(link), sealed) }
    : { kind: linkKinds.AUTH_REPLY, body: sealed }
}

/** What a link's proofs are made from, on this stream. */
export function contextOf(
  { channelBinding }: Pick<ByteStream, 'channelBinding'>,
  graphId: string = GRAPH,
): LinkContext {
  return { crypto, keys: keysOf(graphId), channelBinding: channelBinding.slice() }
}

export const ADMITTED: RawMessage = { kind: linkKinds.ADMITTED, body: new Uint8Array(0) }
export const PROVIDER: RawMessage = { kind: linkKinds.PROVIDER, body: Uint8Array.of(1, 2, 3) }
export const PING: RawMessage = { kind: linkKinds.PING, body: Uint8Array.of(0) }
/** Any message of the graph, as it is and as it is sent. */
export const prune = { kind: 'PRUNE', digest: new Uint8Array(32) } as const
export const PRUNE: RawMessage = { kind: 0x23, body: new Uint8Array(33) }

/** A stream that came from some address and says nothing. */
export class FakeStream implements ByteStream {
  readonly remote: Endpoint
  readonly channelBinding: Uint8Array = new Uint8Array(32)
  readonly waiting = 0
  isDestroyed = false

  constructor(host: string) {
    const address = parseIpAddress(host)
    if (address === undefined) throw new Error(`not an address: ${host}`)
    this.remote = { host: address, port: 50_000 }
  }

  attach(): void {}
  write(): boolean {
    return true
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {
    this.isDestroyed = true
  }
}
