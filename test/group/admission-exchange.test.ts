/** The exchange of admission: every state with every message. */
import { expect, test } from 'vitest'
import type { LinkToJudge } from '../../src/graph/security-provider.ts'
import {
  AdmissionExchange,
  type AdmissionMember,
  type AdmissionStart,
  type AdmissionState,
} from '../../src/group/admission.ts'
import {
  ADMISSION_KINDS,
  type AdmissionItem,
  decodeAdmission,
  encodeAdmission,
  MOST_ADMISSION_ITEMS,
} from '../../src/group/admission-message.ts'
import { admissionRefusals, refusalTexts } from '../../src/group/admission-refusal.ts'
import { PasswordAdmission, type PasswordLink, PasswordProof } from '../../src/group/password-proof.ts'
import { LEAST_PASSWORD_MEMORY } from '../../src/group/password-verifier.ts'
import { concatBytes } from '../../src/runtime/bytes.ts'
import { crypto, random } from '../identity/platform.ts'
import { groupKey, groupName, keyPairOf, member } from './member-samples.ts'

const [ann, bob] = [member(groupKey, 1), member(groupKey, 2)]
const binding = new Uint8Array(32).fill(9)
const cost = { memory: LEAST_PASSWORD_MEMORY, passes: 1 }
const right = { cost, value: new Uint8Array(32).fill(5) }
const wrong = { cost, value: new Uint8Array(32).fill(6) }

/** Ann dials, Bob answers. */
const passwordLink: PasswordLink = {
  group: groupName,
  joinerKey: keyPairOf(1).publicKey,
  admitterKey: keyPairOf(2).publicKey,
  channelBinding: binding,
}

class Member implements AdmissionMember {
  readonly events: string[] = []
  start: AdmissionStart = 'hello-alone'
  own: typeof ann.verified | undefined
  verifier = right
  knows = true

  begin() {
    return this.start
  }
  ownChain() {
    return this.own
  }
  judge(_link: LinkToJudge, chain: Uint8Array) {
    return chain.length === 0 ? 'forged' : bob.verified
  }
  isMember() {
    return this.knows
  }
  prove() {
    return new PasswordProof(crypto, random, passwordLink, this.verifier)
  }
  admitByPassword() {
    const run = new PasswordAdmission(crypto, random, passwordLink, right)
    return { run, issue: () => ann.verified }
  }
  chainNamed() {
    return this.knows ? bob.verified.bytes : undefined
  }
  chainCame(chain: Uint8Array) {
    return chain.length === 0 ? 'forged' : ann.verified
  }
  joined(chain: Uint8Array) {
    return chain.length === 0 ? 'forged' : undefined
  }
  counted(event: string) {
    this.events.push(event)
  }
}

class End {
  readonly member = new Member()
  readonly sent: Uint8Array[] = []
  readonly exchange: AdmissionExchange

  constructor(isDialler: boolean, set: (member: Member) => void = () => undefined) {
    set(this.member)
    const { keyPair } = isDialler ? bob : ann
    const peer = { name: groupName, publicKey: keyPair.publicKey, key: '' }
    this.exchange = new AdmissionExchange(this.member, { peer, isDialler, channelBinding: binding }, (message) =>
      this.sent.push(message),
    )
  }

  take(...items: readonly AdmissionItem[]): this {
    this.exchange.received(encodeAdmission(items))
    return this
  }

  get last(): Uint8Array {
    return this.sent.at(-1) ?? new Uint8Array()
  }
}

/** Both ends, until neither has anything to say. */
function run(dialler: End, responder: End): readonly [string, string] {
  let [fromDialler, fromResponder] = [0, 0]
  while (fromDialler < dialler.sent.length || fromResponder < responder.sent.length) {
    const [asked, answered] = [dialler.sent[fromDialler], responder.sent[fromResponder]]
    if (asked !== undefined) {
      fromDialler++
      responder.exchange.received(asked)
    } else if (answered !== undefined) {
      fromResponder++
      dialler.exchange.received(answered)
    }
  }
  return [dialler.exchange.verdict, responder.exchange.verdict]
}

const hello: AdmissionItem = { kind: 'hello' }
const myGmc: AdmissionItem = { kind: 'my-gmc', chain: bob.verified.bytes }
const yourGmc: AdmissionItem = { kind: 'your-gmc', chain: ann.verified.bytes }
const wantChain: AdmissionItem = { kind: 'want-chain', digest: bob.verified.digest }
const chain: AdmissionItem = { kind: 'chain', chain: bob.verified.bytes }
const none: AdmissionItem = { kind: 'password', body: new Uint8Array() }
const challenge: AdmissionItem = {
  kind: 'password',
  body: new PasswordAdmission(crypto, random, passwordLink, right).challenge,
}

const states: Readonly<Record<AdmissionState, () => End>> = {
  'graph-named': () => new End(false),
  'hello-sent': () => new End(true),
  'chain-wanted': () => new End(true, (one) => (one.start = { wantsChain: bob.verified.digest })),
  'chain-given': () => new End(false).take(hello, wantChain),
  'password-sent': () => new End(true, (one) => (one.start = 'password')),
  'password-proven': () => new End(true, (one) => (one.start = 'password')).take(hello, myGmc, challenge),
  'password-received': () => new End(false, (one) => (one.own = bob.verified)).take(hello, none),
  complete: () => new End(true).take(hello, myGmc),
  refused: () => new End(true).take({ kind: 'refused', reason: 'revoked' }),
}

const messages: Readonly<Record<string, readonly AdmissionItem[]>> = {
  nothing: [],
  hello: [hello],
  'hello, my-gmc': [hello, myGmc],
  'hello, password': [hello, none],
  'hello, my-gmc, password': [hello, myGmc, challenge],
  'hello, your-gmc': [hello, yourGmc],
  'hello, hello': [hello, hello],
  'hello, my-gmc, my-gmc': [hello, myGmc, myGmc],
  'my-gmc': [myGmc],
  'your-gmc': [yourGmc],
  password: [challenge],
  'password, your-gmc': [challenge, yourGmc],
  'your-gmc, password': [yourGmc, challenge],
  'want-chain': [wantChain],
  'hello, want-chain': [hello, wantChain],
  'hello, want-chain, my-gmc': [hello, wantChain, myGmc],
  chain: [chain],
  'hello, chain': [hello, chain],
  'chain, my-gmc': [chain, myGmc],
}

/** What each state takes, and what comes of it. Everything else is unexpected. */
const taken: Readonly<Partial<Record<AdmissionState, Readonly<Record<string, string>>>>> = {
  'graph-named': {
    ...{ hello: 'complete', 'hello, my-gmc': 'complete', 'hello, password': 'refused may-not-admit' },
    'hello, want-chain': 'chain-given',
  },
  'chain-wanted': { chain: 'hello-sent' },
  'chain-given': { 'my-gmc': 'complete' },
  'hello-sent': { hello: 'complete', 'hello, my-gmc': 'complete' },
  'password-sent': { 'hello, my-gmc, password': 'password-proven' },
  'password-received': { password: 'refused malformed' },
  'password-proven': { 'password, your-gmc': 'refused wrong-password' },
}

test('P-062, P-068: every state takes the messages that it waits for, and refuses every other one as unexpected', () => {
  for (const [state, make] of Object.entries(states)) {
    expect(make().exchange.state).toBe(state)
    for (const [name, items] of Object.entries(messages)) {
      const end = make()
      const sent = end.sent.length
      end.take(...items)
      const reached = end.exchange.state
      const reason = end.member.events.at(-1)
      const outcome = reached === 'refused' && state !== 'refused' ? `refused ${reason}` : reached
      const expected = state === 'refused' ? 'refused' : undefined
      const listed = Object.entries(taken).find(([one]) => one === state)?.[1]?.[name]
      expect(outcome, `${state}: ${name}`).toBe(expected ?? listed ?? 'refused unexpected')
      if (state === 'refused') expect(end.sent).toHaveLength(sent)
      if (outcome.startsWith('refused ')) {
        expect(decodeAdmission(end.last)).toEqual({ items: [{ kind: 'refused', reason }], unknown: 0 })
      }
    }
    const [damaged, later] = [make(), make()]
    damaged.exchange.received(Uint8Array.of(0, 0, 50, 1))
    expect(damaged.exchange.state, state).toBe('refused')
    later.exchange.received(concatBytes(Uint8Array.of(0, 0, 3, 2, 0, 0)))
    expect(later.exchange.state, state).toBe('refused')
    if (state !== 'refused') {
      expect(damaged.member.events.at(-1)).toBe('malformed')
      expect(later.member.events.at(-1)).toBe('other-version')
    }
  }
})

test('two members, two whose certificates have expired, and a joiner who knows the password get in', () => {
  const chained = (one: Member): void => {
    one.start = ann.verified
    one.own = bob.verified
  }
  expect(run(new End(true, chained), new End(false, chained))).toEqual(['admitted', 'admitted'])
  expect(run(new End(true), new End(false))).toEqual(['admitted', 'admitted'])
  const joiner = new End(true, (one) => (one.start = 'password'))
  expect(run(joiner, new End(false, chained))).toEqual(['admitted', 'admitted'])
})

test('whoever has the wrong password, another cost or nothing to get in with hears why', () => {
  const admitter = (one: Member): void => {
    one.own = bob.verified
  }
  const guesser = new End(true, (one) => {
    one.start = 'password'
    one.verifier = wrong
  })
  const guessed = new End(false, admitter)
  expect(run(guesser, guessed)).toEqual(['refused', 'refused'])
  expect([guesser.member.events, guessed.member.events]).toEqual([['told-wrong-password'], ['wrong-password']])
  expect(guesser.exchange.reason).toContain(refusalTexts['wrong-password'])
  const slower = new End(true, (one) => {
    one.start = 'password'
    one.verifier = { ...right, cost: { ...cost, passes: 2 } }
  })
  const admits = new End(false, admitter)
  expect(run(slower, admits)).toEqual(['refused', 'refused'])
  expect(admits.member.events).toEqual(['told-other-password-cost'])
  const silent = new End(true, (one) => (one.start = 'no-membership'))
  expect([silent.exchange.verdict, silent.sent]).toEqual(['refused', []])
  const unknown = new End(false, (one) => (one.knows = false))
  expect(run(new End(true), unknown)).toEqual(['refused', 'refused'])
  expect(unknown.member.events).toEqual(['not-a-member'])
  const stranger = new End(true)
  expect(stranger.take({ kind: 'refused', reason: undefined }).member.events).toEqual(['told-unknown'])
})

test('P-062: items of unknown kinds are passed over and counted, up to a limit', () => {
  const unknown = Uint8Array.of(0x02, 0x00, 1, 7)
  const end = new End(false)
  end.exchange.received(concatBytes(unknown, encodeAdmission([hello]), unknown))
  expect([end.exchange.state, end.member.events]).toEqual(['complete', ['passed-over', 'passed-over']])
  const many = new End(false)
  many.exchange.received(concatBytes(...Array.from({ length: MOST_ADMISSION_ITEMS + 1 }, () => unknown)))
  expect(many.member.events).toEqual(['malformed'])
})

test('P-062: what is written is read again, each reason too, and the kinds have their numbers', () => {
  const items = [hello, myGmc, yourGmc, none, challenge, wantChain, chain]
  expect(decodeAdmission(encodeAdmission(items))).toEqual({ items, unknown: 0 })
  for (const reason of admissionRefusals) {
    const refused: AdmissionItem[] = [{ kind: 'refused', reason }]
    expect(decodeAdmission(encodeAdmission(refused))).toEqual({ items: refused, unknown: 0 })
  }
  expect(ADMISSION_KINDS).toEqual({
    ...{ hello: 0, 'my-gmc': 1, 'your-gmc': 2, password: 5, refused: 256 },
    ...{ 'want-chain': 257, chain: 258 },
  })
})

test('P-130: the chain above a link is asked for by its digest, and without it the exchange ends', () => {
  const dialler = (): End => new End(true, (one) => (one.start = { wantsChain: bob.verified.digest }))
  const [knowing, asking] = [new End(false, (one) => (one.own = bob.verified)), dialler()]
  expect(run(asking, knowing)).toEqual(['admitted', 'admitted'])
  const ignorant = new End(false, (one) => (one.knows = false))
  const refused = dialler()
  expect(run(refused, ignorant)).toEqual(['refused', 'refused'])
  expect(refused.exchange.reason).toBe(`refused there: ${refusalTexts['chain-not-known']}`)
  const fooled = dialler().take({ kind: 'chain', chain: new Uint8Array() })
  expect(fooled.exchange.reason).toBe(`refused here: ${refusalTexts.forged}`)
})
