/**
 * A node that does only what a test tells it: it opens and takes links of a simulated graph as any node does, notes what comes,
 * and sends any message at any time.
 */
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { LinkAcceptor } from '../../src/graph/link-acceptor.ts'
import type { OpeningOutcome } from '../../src/graph/link-opener.ts'
import type { LinkClosing, LinkHandler, LinkPort } from '../../src/graph/link-port.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import type { OpeningGraph } from '../../src/graph/opening.ts'
import type { Connect } from '../../src/graph/overlay-message.ts'
import { OwnDials } from '../../src/graph/own-dials.ts'
import { PRUNING_PERIOD } from '../../src/graph/pruning-record.ts'
import type { LinkIdentity } from '../../src/graph/security-provider.ts'
import { StreamLinkOpener } from '../../src/graph/stream-link-opener.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { graphKeys } from '../../src/records/graph-id.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { type Member, PORT, SIMULATED_GRAPH_ID, type SimulatedGraph } from './simulated-graph.ts'

/** Makes links lazy, as their other ends can: by a record of the member that may prune, early in a period. */
export function makeLazy(member: Member, links: readonly ScriptedLink[], type?: string): void {
  const { graph, node } = member
  const period = PRUNING_PERIOD - (node.parts.peerTime.now() % PRUNING_PERIOD)
  graph.world.runFor(period)
  const { digest } = member.write('prunes', type === undefined ? {} : { type })
  for (const link of links) link.send({ kind: 'PRUNE', digest })
  graph.world.runFor(PRUNING_PERIOD / 2)
  for (const link of links) link.messages.length = 0
}

/** How long a scripted node waits for what has to come, in milliseconds. */
const LONGEST_WAIT = 30_000

/** A node of a graph that is told what to do. */
export class ScriptedNode {
  readonly graph: SimulatedGraph
  readonly host: SimulatedHost
  readonly identity: LinkIdentity
  readonly key: string
  /** Links that others opened, the latest last. */
  readonly accepted: ScriptedLink[] = []
  readonly #opener: StreamLinkOpener

  /** @param identity By default one of its own */
  constructor(graph: SimulatedGraph, name: string, identity?: LinkIdentity) {
    this.graph = graph
    this.host = graph.world.addHost(name)
    const { crypto } = graph
    const { clock, random, log, streams } = this.host.ports
    const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
    this.identity = identity ?? { name: makePeerName(authorityOf(crypto, keyPair.publicKey), 'scripted'), keyPair }
    this.key = toHex(this.identity.keyPair.publicKey)
    const parts = { clock, random, crypto, log, deadlines: new Deadlines(clock), counters: new GraphCounters() }
    const provider = noSecurity()
    const keys = graphKeys(crypto, SIMULATED_GRAPH_ID)
    const opening: OpeningGraph = { keys, identity: this.identity, provider, counters: parts.counters }
    const ownDials = new OwnDials()
    const acceptor = new LinkAcceptor(parts, ownDials)
    acceptor.add({ ...opening, accepted: (link) => this.accepted.push(new ScriptedLink(graph, link)) })
    streams.open(this.endpoint, (stream) => acceptor.accept(stream))
    const dialer = {
      dial: streams.dial.bind(streams),
    }
    this.#opener = new StreamLinkOpener(parts, opening, dialer, ownDials)
  }

  get endpoint(): Endpoint {
    return { host: this.host.ipv4, port: PORT }
  }

  /** Opens a link. */
  dial(to: Member): ScriptedLink {
    let link: ScriptedLink | undefined
    let failure = ''
    this.open(to, (outcome) => {
      if ('link' in outcome) link = new ScriptedLink(this.graph, outcome.link)
      else failure = outcome.reason
    })
    this.graph.world.runUntil(() => link !== undefined || failure !== '', LONGEST_WAIT)
    if (link === undefined) throw new Error(`no link: ${failure}`)
    return link
  }

  /** Begins to open a link. */
  open(to: Member, done: (outcome: OpeningOutcome) => void): void {
    this.#opener.open(to.endpoint, undefined, done)
  }

  /** A CONNECT as an honest node would send it, but for what is given. */
  connect(given: Partial<Connect> = {}): Connect {
    return {
      ...{
        kind: 'CONNECT',
        nodeId: this.key.slice(0, 16),
        peerTime: this.graph.world.host(this.host.name).ports.clock.utc(),
      },
      ...{
        update: false,
        purpose: 'neighbor',
        alone: false,
        addresses: [this.endpoint],
        types: undefined,
        protocol: '',
      },
      ...given,
    }
  }

  /** Opens a link and asks for it; the answer is the first message. */
  ask(to: Member, given: Partial<Connect> = {}): ScriptedLink {
    const link = this.dial(to)
    link.send(this.connect(given))
    link.wait(() => link.messages.length > 0 || link.closing !== undefined)
    return link
  }
}

/** A link of a scripted node. */
export class ScriptedLink implements LinkHandler {
  readonly port: LinkPort
  readonly messages: GraphMessage[] = []
  closing: LinkClosing | undefined
  readonly #graph: SimulatedGraph

  constructor(graph: SimulatedGraph, port: LinkPort) {
    this.#graph = graph
    this.port = port
    port.attach(this)
  }

  send(message: GraphMessage): void {
    this.port.send(message)
  }

  /** Lets time pass until something has come. */
  wait(condition: () => boolean, within: number = LONGEST_WAIT): void {
    this.#graph.world.runUntil(condition, within)
  }

  /** The messages of a kind that came. */
  all<Kind extends GraphMessage['kind']>(kind: Kind): Extract<GraphMessage, { kind: Kind }>[] {
    return this.messages.filter((message): message is Extract<GraphMessage, { kind: Kind }> => message.kind === kind)
  }

  /** The latest message of a kind. @throws Error if none came */
  latest<Kind extends GraphMessage['kind']>(kind: Kind): Extract<GraphMessage, { kind: Kind }> {
    const latest = this.all(kind).at(-1)
    if (latest === undefined) throw new Error(`no ${kind} came`)
    return latest
  }

  received(message: GraphMessage): void {
    this.messages.push(copied(message))
  }

  ready(): void {}

  closed(reason: LinkClosing): void {
    this.closing = reason
  }
}

/** What a message holds of the frame that it came in is good only while it is handled. */
function copied(message: GraphMessage): GraphMessage {
  return structuredClone(message)
}
