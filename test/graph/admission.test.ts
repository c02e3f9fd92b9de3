/** Every message in every state of an opening, versions and features, and what security providers decide. */
import { describe, expect, test } from 'vitest'
import { dropReasons } from '../../src/graph/graph-counters.ts'
import { linkKinds } from '../../src/graph/message-header.ts'
import { LONGEST_AUTHENTICATION, MOST_PROVIDER_MESSAGES } from '../../src/graph/opening.ts'
import { type LinkToJudge, LONGEST_PROVIDER_MESSAGE } from '../../src/graph/security-provider.ts'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import {
  ADMITTED,
  type Admit,
  contextOf,
  type Dialled,
  greetingMessage,
  identityOf,
  LinkNode,
  openPair,
  PING,
  PROVIDER,
  PRUNE,
  prune,
  type RawMessage,
  Stranger,
} from './simulated-links.ts'

function makeWorld(): SimulatedWorld {
  return new SimulatedWorld({ seed: 'admission', conditions: { latency: 10 } })
}

const admitNever: Admit = () => ({ verdict: 'undecided', received: () => 'undecided' })
const mallory = identityOf('mallory')

/** What one end of an opening has come to. */
interface Stage {
  readonly what: string
  /** Whether the end under test is the dialler. */
  readonly isDialler: boolean
  /** What the other end, a member, has said so far; `greeting` stands for its greeting. */
  readonly said: readonly (RawMessage | 'greeting')[]
  /** Whether the end under test admits. */
  readonly admits: boolean
  /** The messages that keep the opening going or open the link. */
  readonly legal: ReadonlySet<string>
}

const stages: readonly Stage[] = [
  ...[false, true].flatMap((isDialler): Stage[] => {
    const role = isDialler ? 'dialler' : 'responder'
    return [
      { what: `${role}, nothing said`, isDialler, said: [], admits: true, legal: new Set(['greeting']) },
      {
        ...{ what: `${role}, identities proven, not admitted here`, isDialler, said: ['greeting'], admits: false },
        legal: new Set(['PROVIDER', 'ADMITTED']),
      },
      {
        ...{ what: `${role}, identities proven, admitted here`, isDialler, said: ['greeting'], admits: true },
        legal: new Set(['PROVIDER', 'ADMITTED']),
      },
      {
        ...{ what: `${role}, admitted there, not here`, isDialler, said: ['greeting', ADMITTED], admits: false },
        legal: new Set(['PROVIDER']),
      },
      {
        ...{ what: `${role}, open`, isDialler, said: ['greeting', ADMITTED], admits: true },
        legal: new Set(['PING', 'PRUNE', 'an unknown kind']),
      },
    ]
  }),
]

/** A node in a stage, and the member at the other end. */
function reach({ isDialler, said, admits }: Stage) {
  const world = makeWorld()
  const host = world.addHost('bob')
  const node = new LinkNode(host, admits ? {} : { admit: admitNever })
  let member: Stranger | undefined
  let dialled: Dialled | undefined
  if (isDialler) {
    const { taken, endpoint } = Stranger.listen(world.addHost('member'))
    dialled = node.dial(endpoint)
    world.runUntil(() => (taken[0]?.messages.length ?? 0) > 0, 1000)
    member = taken[0]
  } else {
    node.listen()
    member = Stranger.dial(world, world.addHost('member'), node.endpoint)
    world.runFor(100)
  }
  if (member === undefined) throw new Error('the stream is open')
  const { stream } = member
  const greeting = greetingMessage(
    isDialler ? 'responder' : 'dialler',
    contextOf(stream),
    mallory,
    isDialler ? node.publicKey : undefined,
  )
  const say = (...messages: readonly (RawMessage | 'greeting')[]): void => {
    member.send(...messages.map((message) => (message === 'greeting' ? greeting : message)))
    world.runFor(100)
  }
  if (said.length > 0) say(...said)
  return { world, node, member, greeting, say, dialled }
}

const everyMessage: readonly (readonly [name: string, message: RawMessage | 'greeting'])[] = [
  ['greeting', 'greeting'],
  ['AUTH_INFO of anybody', { kind: linkKinds.AUTH_INFO, body: new Uint8Array(300) }],
  ['AUTH_REPLY of anybody', { kind: linkKinds.AUTH_REPLY, body: new Uint8Array(300) }],
  ['PROVIDER', PROVIDER],
  ['ADMITTED', ADMITTED],
  ['PING', PING],
  ['PRUNE', PRUNE],
  ['an unknown kind', { kind: 0xee, body: new Uint8Array(3) }],
]

for (const stage of stages) {
  describe(stage.what, () => {
    test('this stage is reached', () => {
      const { member, node, dialled } = reach(stage)
      expect(member.closing).toBeUndefined()
      expect((dialled?.outcomes.length ?? 0) + node.accepted.length).toBe(stage.what.endsWith('open') ? 1 : 0)
    })

    for (const [name, message] of everyMessage) {
      const isLegal = stage.legal.has(name)
      test(`P-068, P-069: ${name} ${isLegal ? 'belongs here' : 'ends the link unprocessed'}`, () => {
        const { member, node, say, dialled } = reach(stage)
        const before = member.messages.length
        say(message)
        expect(member.closing === undefined && !member.hasEnded).toBe(isLegal)
        if (isLegal) return
        // Nothing of it reaches the graph, and nothing is answered; the reason is counted.
        expect(member.messages.length).toBe(before)
        const noted = dialled?.noted ?? node.accepted[0]?.noted
        expect(noted?.messages ?? []).toEqual([])
        const counted = Object.keys(node.counters.read()).filter((counter) => counter.startsWith('dropped-'))
        expect(counted.length).toBe(1)
        expect(dropReasons.map((reason) => `dropped-${reason}`)).toContain(counted[0])
        if (stage.what.endsWith('open')) expect(noted?.closings).toEqual(['protocol'])
        else expect(node.accepted).toEqual([])
      })
    }
  })
}

describe('versions and features', () => {
  /** A responder that speaks these versions. */
  function answerWith(versions: readonly number[], features: number) {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann'))
    const { taken, endpoint } = Stranger.listen(world.addHost('later'))
    const dialled = ann.dial(endpoint)
    world.runUntil(() => (taken[0]?.messages.length ?? 0) > 0, 1000)
    const [later] = taken
    if (later === undefined) throw new Error('it was dialled')
    const greeting = greetingMessage('responder', contextOf(later.stream), mallory, ann.publicKey, versions, features)
    later.send(greeting, ADMITTED)
    world.runFor(100)
    return { world, ann, dialled, later }
  }

  test('G-142: the highest common version is used, and a feature only if both ends have it', () => {
    const { dialled, later, world } = answerWith([0x10, 0x20, 0x31], 0xffff_ffff)
    expect(dialled.link?.features).toBe(0)
    dialled.link?.send(prune)
    world.runFor(100)
    expect(later.messages.map(({ kind }) => kind)).toEqual([linkKinds.AUTH_INFO, linkKinds.ADMITTED, PRUNE.kind])
    later.sendAs(0x31, PRUNE)
    later.send({ kind: 0x31, body: Uint8Array.of(0) })
    world.runFor(100)
    // Another version than the common one is not understood.
    expect(dialled.noted.messages).toEqual([{ kind: 'DATA_END' }])
  })

  test('G-142: none in common ends the link, and both ends can say which ones there are', () => {
    const { dialled, ann } = answerWith([0x21, 0x31], 0)
    expect(dialled.outcomes).toEqual([
      { code: 'no-common-version', reason: 'here 32, there 33, 49', theirVersions: [0x21, 0x31] },
    ])
    expect(ann.counters.read()).toMatchObject({ 'dropped-opening-no-common-version': 1 })
    // A responder answers first: otherwise the dialler could not know.
    const world = makeWorld()
    const bob = new LinkNode(world.addHost('bob')).listen()
    const later = Stranger.dial(world, world.addHost('later'), bob.endpoint)
    later.send(greetingMessage('dialler', contextOf(later.stream), mallory, undefined, [0x31]))
    world.runFor(100)
    expect(later.messages.map(({ kind }) => kind)).toEqual([linkKinds.AUTH_REPLY])
    expect(later.closing).toBe('ended')
    expect(bob.counters.read()).toMatchObject({ 'dropped-opening-no-common-version': 1 })
  })

  test('another identity than the expected one is told, so that its address can be forgotten', () => {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann'))
    const { taken, endpoint } = Stranger.listen(world.addHost('eve'))
    const dialled = ann.dial(endpoint, identityOf('somebody else').keyPair.publicKey)
    world.runUntil(() => (taken[0]?.messages.length ?? 0) > 0, 1000)
    const [eve] = taken
    if (eve === undefined) throw new Error('it was dialled')
    eve.send(greetingMessage('responder', contextOf(eve.stream), mallory, ann.publicKey), ADMITTED)
    world.runFor(100)
    expect(dialled.outcomes).toEqual([
      { code: 'not-authenticated', reason: 'another identity is there', otherIdentity: true },
    ])
  })
})

describe('security providers', () => {
  function meet(annAdmits: Admit, bobAdmits: Admit) {
    const world = makeWorld()
    const ann = new LinkNode(world.addHost('ann'), { admit: annAdmits })
    const bob = new LinkNode(world.addHost('bob'), { admit: bobAdmits }).listen()
    return { world, ann, bob, dialled: ann.dial(bob.endpoint) }
  }

  test('G-126: judge at both ends, after both identities are proven, and get each message of the other one', () => {
    const judged: LinkToJudge[] = []
    const heard: string[] = []
    /** Three words each way; then it admits. */
    const talk =
      (who: string): Admit =>
      (link, send) => {
        judged.push(link)
        let words = 0
        send(toUtf8(`${who} 0`))
        return {
          verdict: 'undecided',
          received(message) {
            heard.push(fromUtf8(message) ?? '')
            words++
            if (words < 3) send(toUtf8(`${who} ${words}`))
            return words < 3 ? 'undecided' : 'admitted'
          },
        }
      }
    const { world, ann, bob, dialled } = meet(talk('ann'), talk('bob'))
    world.runUntil(() => dialled.link !== undefined && bob.accepted.length > 0, 1000)
    expect(heard.toSorted()).toEqual(['ann 0', 'ann 1', 'ann 2', 'bob 0', 'bob 1', 'bob 2'])
    const byKey = new Map(judged.map((link) => [link.peer.key, link]))
    expect(byKey.get(toHex(ann.publicKey))).toMatchObject({ isDialler: false, peer: { name: ann.identity.name } })
    expect(byKey.get(toHex(bob.publicKey))).toMatchObject({ isDialler: true, peer: { name: bob.identity.name } })
    const [one, other] = judged
    expect(one && toHex(one.channelBinding)).toBe(other && toHex(other.channelBinding))
  })

  test('one that has admitted still answers the other one', () => {
    const asks: Admit = (_link, send) => {
      send(toUtf8('who are you?'))
      return { verdict: 'undecided', received: (answer) => (fromUtf8(answer) === 'bob' ? 'admitted' : 'refused') }
    }
    const answers: Admit = (_link, send) => ({
      verdict: 'admitted',
      received() {
        send(toUtf8('bob'))
        return 'undecided'
      },
    })
    const { world, dialled, bob } = meet(asks, answers)
    world.runUntil(() => dialled.link !== undefined && bob.accepted.length > 0, 1000)
  })

  const refusals: readonly (readonly [what: string, admit: Admit, counted: string])[] = [
    ['refuses', () => ({ verdict: 'refused', received: () => 'refused' }), 'opening-refused'],
    [
      'refuses after a message',
      (_link, send) => {
        send(toUtf8('a'))
        return { verdict: 'undecided', received: () => 'refused' }
      },
      'opening-refused',
    ],
    [
      'throws',
      () => {
        throw new Error('no such table')
      },
      'opening-provider-failed',
    ],
    [
      'returns a promise',
      // What somebody writes who has not read that it must be synchronous.
      (() => Promise.resolve({ verdict: 'admitted', received: () => 'admitted' })) as unknown as Admit,
      'opening-provider-failed',
    ],
    [
      'sends too long a message',
      (_link, send) => {
        send(new Uint8Array(LONGEST_PROVIDER_MESSAGE + 1))
        return { verdict: 'admitted', received: () => 'admitted' }
      },
      'opening-provider-failed',
    ],
  ]
  const talkative: Admit = (_link, send) => {
    send(toUtf8('b'))
    return { verdict: 'undecided', received: () => 'admitted' }
  }
  for (const [what, admit, counted] of refusals) {
    test(`G-126, G-130: one that ${what} ends the link at either end, and the opener is told`, () => {
      for (const [annAdmits, bobAdmits] of [
        [admit, talkative],
        [talkative, admit],
      ] as const) {
        const { world, ann, bob, dialled } = meet(annAdmits, bobAdmits)
        world.runUntil(() => dialled.outcomes.length > 0, 1000)
        world.runFor(100)
        expect(dialled.outcomes).toMatchObject([{ code: 'not-authenticated' }])
        expect(bob.accepted).toEqual([])
        expect(bob.acceptor.strangers).toBe(0)
        const failing = annAdmits === admit ? ann : bob
        expect(failing.counters.read()).toMatchObject({ [`dropped-${counted}`]: 1 })
        expect(failing.logged.length).toBe(counted === 'opening-provider-failed' ? 1 : 0)
        // The node goes on.
        const carl = new LinkNode(world.addHost('carl')).listen()
        const next = new LinkNode(world.addHost('dora'))
        openPair(world, next, carl)
      }
    })
  }

  test('P-069: one that talks without end is stopped', () => {
    const { member, node, say } = reach({
      ...{ what: '', isDialler: false, said: ['greeting'], admits: false, legal: new Set() },
    })
    say(...Array.from({ length: MOST_PROVIDER_MESSAGES }, () => PROVIDER))
    expect(member.closing).toBeUndefined()
    say(PROVIDER)
    expect(member.closing).toBeDefined()
    expect(node.counters.read()).toMatchObject({ 'dropped-opening-out-of-order': 1 })
    const { member: other, say: tell } = reach({
      ...{ what: '', isDialler: false, said: ['greeting'], admits: false, legal: new Set() },
    })
    tell({ kind: linkKinds.PROVIDER, body: new Uint8Array(LONGEST_PROVIDER_MESSAGE) })
    expect(other.closing).toBeUndefined()
    tell({ kind: linkKinds.PROVIDER, body: new Uint8Array(LONGEST_PROVIDER_MESSAGE + 1) })
    expect(other.closing).toBeDefined()
  })

  test('a crash in the middle is a broken connection, for the opener too', () => {
    const { world, bob, dialled } = meet(admitNever, admitNever)
    world.runFor(100)
    expect(bob.acceptor.strangers).toBe(1)
    bob.host.crash('process')
    world.runFor(LONGEST_AUTHENTICATION)
    expect(dialled.outcomes).toEqual([{ code: 'connection-failed', reason: 'the connection broke' }])
  })
})
