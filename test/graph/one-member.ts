/**
 * One member of a graph, and scripted nodes around it that answer as a test wants: for tests of whom the member dials.
 */
import type { GraphScope } from '../../src/graph/graph-scope.ts'
import { DEFAULT_NEIGHBOR_COUNTS } from '../../src/graph/neighbors.ts'
import type { Referral, Welcome } from '../../src/graph/overlay-message.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { type ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { type Member, type MemberOptions, PORT, SimulatedGraph } from './simulated-graph.ts'

/** Places for links that others dial. */
export const GUESTS: number = DEFAULT_NEIGHBOR_COUNTS.maximum / 2
/** One at a time, and enough with one. */
export const ONE = { minimum: 1, ideal: 1, maximum: 2 }
/** Scripted nodes look for what came so often, in milliseconds. */
const STEP = 10

/** A graph of one member, and what makes scripted nodes beside it. */
export interface OneMember {
  readonly graph: SimulatedGraph
  readonly member: Member
  readonly peer: (name: string) => ScriptedNode
}

export function makeOne(seed: string, options: MemberOptions = {}, scope: GraphScope = 'global'): OneMember {
  const graph = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0, scope } })
  const member = graph.add(options)
  graph.world.runFor(1000)
  return { graph, member, peer: (name: string) => new ScriptedNode(graph, name) }
}

export function at(text: string, port = PORT): Endpoint {
  const host = parseIpAddress(text)
  if (host === undefined) throw new RangeError(text)
  return { host, port }
}

export function referralTo(peer: ScriptedNode, endpoint: Endpoint = peer.endpoint): Referral {
  return { publicKey: peer.identity.keyPair.publicKey, addresses: [endpoint] }
}

export function referralsTo(peers: readonly ScriptedNode[]): Referral[] {
  return peers.map((peer) => referralTo(peer))
}

/** The names in the passive view of a member. */
export function passive({ node }: Member): readonly string[] {
  return node.overlay.passive.nodes().map(({ name }) => name)
}

/** Lets a member know an address as it would after it has met the node there. */
export function remember({ node }: Member, peer: ScriptedNode, endpoint: Endpoint = peer.endpoint): void {
  const { key } = peer
  const { publicKey } = peer.identity.keyPair
  node.overlay.memory.confirm({ endpoint, publicKey, key, confirmed: node.now(), isProven: true })
}

/** Scripted nodes that answer while time passes. */
export interface Answering {
  /** Who was asked for a neighbor link, in this order. */
  readonly asked: readonly ScriptedNode[]
  runFor(time: number): void
  /** @throws Error if that is not so within the time */
  runUntil(isSo: () => boolean, within: number): void
}

/** Calls `answer` with each link over which a neighbor is wanted. Comparisons are refused. */
export function answering(
  graph: SimulatedGraph,
  peers: readonly ScriptedNode[],
  answer: (link: ScriptedLink) => void,
): Answering {
  const answered = new Set<ScriptedLink>()
  const asked: ScriptedNode[] = []
  const look = (): void => {
    for (const peer of peers) {
      for (const link of peer.accepted) {
        if (answered.has(link) || link.messages.length === 0) continue
        answered.add(link)
        if (link.latest('CONNECT').purpose === 'comparison') {
          link.send({ kind: 'REFUSE', code: 'busy', referrals: [] })
          continue
        }
        asked.push(peer)
        answer(link)
      }
    }
  }
  const step = (): void => {
    graph.world.runFor(STEP)
    look()
  }
  return {
    asked,
    runFor(time: number): void {
      for (let passed = 0; passed < time; passed += STEP) step()
    },
    runUntil(isSo: () => boolean, within: number): void {
      const end = graph.world.now + within
      while (!isSo() && graph.world.now < end) step()
      if (!isSo()) throw new Error(`${within} ms were not enough`)
    },
  }
}

export function welcome(member: Member, referrals: readonly Referral[] = []): Welcome {
  const peerTime = member.host.ports.clock.utc()
  return { kind: 'WELCOME', nodeId: '00000000000000aa', peerTime, referrals, types: undefined }
}
