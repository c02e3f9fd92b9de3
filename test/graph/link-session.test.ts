/** Which message may come in which state of a link (MS-PPGRH 3.1.1; G-019). */
import { describe, expect, test } from 'vitest'
import type { GraphMessage, MessageKind } from '../../src/graph/graph-message.ts'
import type { LinkClosing, LinkHandler, LinkPort } from '../../src/graph/link-port.ts'
import { LinkSession, type LinkState, LONGEST_CONNECT_WAIT, type SessionOwner } from '../../src/graph/link-session.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import type { Connect, LinkPurpose, Welcome } from '../../src/graph/overlay-message.ts'
import { reconciliationKinds } from '../../src/graph/reconciliation-message.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

const host = parseIpAddress('192.0.2.1')
if (host === undefined) throw new TypeError('an address')
const remote = { host, port: 3587 }
const connect: Connect = {
  ...{ kind: 'CONNECT', nodeId: '0123456789abcdef', peerTime: 0, update: false, purpose: 'neighbor', alone: false },
  ...{ addresses: [remote], types: undefined, protocol: '' },
}
const welcome: Welcome = { kind: 'WELCOME', nodeId: 'fedcba9876543210', peerTime: 0, referrals: [], types: undefined }

/** A link that only notes what is done to it. */
class NotedLink implements LinkPort {
  readonly peer = { name: parsePeerName('0.peer'), key: 'aa', publicKey: new Uint8Array(32) }
  readonly remote = remote
  readonly features = 0
  readonly lastHeard = 0
  readonly roundTrip = 0
  readonly isDialler: boolean
  readonly sent: GraphMessage[] = []
  handler: LinkHandler | undefined
  ended: 'end' | LinkClosing | undefined

  constructor(isDialler: boolean) {
    this.isDialler = isDialler
  }

  attach(handler: LinkHandler): void {
    this.handler = handler
  }
  send(message: GraphMessage): boolean {
    this.sent.push(message)
    return true
  }
  waiting(): number {
    return 0
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.ended ??= 'end'
  }
  destroy(reason: LinkClosing): void {
    this.ended ??= reason
  }
  probe(): void {}
}

/** A session in a state, and what its owner was told. */
function makeSession(state: LinkState): {
  session: LinkSession
  link: NotedLink
  told: string[]
  world: SimulatedWorld
} {
  const world = new SimulatedWorld({ seed: state })
  const told: string[] = []
  const owner: SessionOwner = {
    connectCame: () => told.push('connectCame'),
    welcomed: () => told.push('welcomed'),
    refused: (_session, code) => told.push(`refused ${code}`),
    received: (_session, { kind }) => told.push(kind),
    ready: () => undefined,
    closed: () => told.push('closed'),
    outOfPlace: (_session, kind) => told.push(`out of place ${kind}`),
  }
  const isDialler = state === 'connect-wait'
  const link = new NotedLink(isDialler)
  const session = new LinkSession(link, new Deadlines(world.addHost('host').ports.clock), owner)
  if (isDialler) session.connect(connect)
  if (state === 'neighbor' || state === 'comparison' || state === 'direct') {
    session.welcome({ ...connect, purpose: state }, welcome)
  }
  link.sent.length = 0
  return { session, link, told, world }
}

const states: readonly LinkState[] = ['authenticated', 'connect-wait', 'neighbor', 'comparison', 'direct']
const connected: readonly LinkPurpose[] = ['neighbor', 'comparison', 'direct']
const kinds = Object.keys(messageKinds).filter((kind): kind is MessageKind => Object.hasOwn(messageKinds, kind))
const floods = ['FLOOD', 'ADVERTISE', 'GRAFT', 'PRUNE', 'PROOF_REQUEST', 'PROOF']
const overlay = ['DISCONNECT', 'SHUFFLE', 'SHUFFLE_REPLY', 'BECOME_NEIGHBOR']
const reconciliation = Object.keys(reconciliationKinds)

/** What may come, by the rows of the conformance list. */
const allowed: Readonly<Record<LinkState, readonly string[]>> = {
  authenticated: ['CONNECT'],
  'connect-wait': ['WELCOME', 'REFUSE'],
  neighbor: ['CONNECT', 'REFUSE', ...overlay, ...floods, 'PT2PT', 'PT2PT_ANSWER', ...reconciliation],
  // Over a comparison link each end shows its presence, and may need a proof for what it gets (G-163, G-176).
  comparison: ['CONNECT', 'REFUSE', 'BECOME_NEIGHBOR', 'FLOOD', 'PROOF_REQUEST', 'PROOF', ...reconciliation],
  direct: ['CONNECT', 'REFUSE', 'DATA', 'DATA_END', 'PT2PT', 'PT2PT_ANSWER'],
}

/** Enough of a message for a session, which looks at few fields. */
function messageOf(kind: MessageKind): GraphMessage {
  if (kind === 'CONNECT') return connect
  if (kind === 'WELCOME') return welcome
  if (kind === 'REFUSE') return { kind, code: 'already-connected', referrals: [] }
  const bare: unknown = { kind }
  return bare as GraphMessage
}

describe('in each state of a link, each message is taken or ends the link unprocessed', () => {
  test.each(states.flatMap((state) => kinds.map((kind) => ({ state, kind }))))(
    'G-019: $kind in $state',
    ({ state, kind }) => {
      const { session, link, told } = makeSession(state)
      session.received(messageOf(kind))
      if (allowed[state].includes(kind)) {
        expect(link.ended === 'protocol').toBe(false)
      } else {
        expect(told).toEqual([`out of place ${kind}`])
        expect(link.ended).toBe('protocol')
        expect(link.sent).toEqual([])
      }
    },
  )
})

describe('a link that is being asked for', () => {
  test('ends when neither WELCOME nor REFUSE comes, or no CONNECT', () => {
    for (const state of ['authenticated', 'connect-wait'] as const) {
      const { link, world } = makeSession(state)
      world.runFor(LONGEST_CONNECT_WAIT - 1)
      expect(link.ended).toBeUndefined()
      world.runFor(2)
      expect(link.ended).toBe('silent')
    }
  })

  test('does not end by itself once it is connected', () => {
    for (const state of connected) {
      const { link, world } = makeSession(state)
      world.runFor(10 * LONGEST_CONNECT_WAIT)
      expect(link.ended).toBeUndefined()
    }
  })

  test('G-033: ends with a REFUSE, whatever its code; once connected only the code 2 may come, and changes nothing', () => {
    const waiting = makeSession('connect-wait')
    waiting.session.received({ kind: 'REFUSE', code: 'already-connected', referrals: [] })
    expect([waiting.told, waiting.link.ended]).toEqual([['refused already-connected'], 'end'])
    for (const state of connected) {
      const { session, link, told } = makeSession(state)
      session.received({ kind: 'REFUSE', code: 'already-connected', referrals: [] })
      expect([told, link.ended]).toEqual([[], undefined])
      session.received({ kind: 'REFUSE', code: 'busy', referrals: [] })
      expect(told).toEqual(['out of place REFUSE'])
      expect(link.ended).toBe('protocol')
    }
  })
})
