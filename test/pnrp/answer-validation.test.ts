/** Which answers to an INQUIRE count: certified peer address, chain and extended payload together. */
import { describe, expect, test } from 'vitest'
import { authorityBytes, authorityOf } from '../../src/identity/authority.ts'
import { CLOCK_TOLERANCE } from '../../src/identity/certificate/certificate-verification.ts'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { validateAnswer } from '../../src/pnrp/answer-validation.ts'
import type { AuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import {
  type CertifiedPeerAddress,
  LONGEST_CPA_LIFE,
  pnrpIdOfCpa,
  SHORTEST_CPA_LIFE,
  signCpa,
} from '../../src/pnrp/certified-peer-address.ts'
import { delegationValidator } from '../../src/pnrp/delegation.ts'
import { type ExtendedPayload, signExtendedPayload } from '../../src/pnrp/extended-payload.ts'
import { CPA_LIFE } from '../../src/pnrp/lookup-answer.ts'
import { NO_NONCE } from '../../src/pnrp/message.ts'
import { classifierHash } from '../../src/pnrp/p2p-id.ts'
import type { PnrpId } from '../../src/pnrp/pnrp-id.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import { keyPairOf, NOW, YEAR } from '../identity/certificate/certificate-samples.ts'
import { chainOf, ROOT_KEY, type Step } from '../identity/certificate/chain-samples.ts'
import { crypto } from '../identity/platform.ts'
import { address } from './pnrp-vectors.ts'

const NONCE = new Uint8Array(16).fill(9)
const OTHER_NONCE = new Uint8Array(16).fill(8)
const ann = keyPairOf(1)
const mallory = keyPairOf(66)
const noFlags = { cookieNeeded: false, leafSet: false, busy: false, notFound: false }

const authority = (keyPair: SigningKeyPair): Uint8Array => authorityBytes(authorityOf(crypto, keyPair.publicKey))

/** Ann's CPA for her name with the classifier `chat`, made for {@link NONCE}. */
const honest: CertifiedPeerAddress = {
  revoked: false,
  hasPayload: false,
  notAfter: NOW + CPA_LIFE,
  serviceLocation: new Uint8Array(16).fill(5),
  nonce: NONCE,
  authority: authority(ann),
  classifierHash: classifierHash(crypto, 'chat'),
  comment: '',
  servicePort: 3540,
  serviceAddresses: [address('203.0.113.7')],
  endpoints: [],
  publicKey: ann.publicKey,
}

interface Answer {
  readonly cpa?: Partial<CertifiedPeerAddress>
  readonly signer?: SigningKeyPair
  readonly chain?: Uint8Array | undefined
  readonly classifier?: string | undefined
  readonly payload?: Uint8Array | undefined
}

interface Question {
  readonly id?: PnrpId
  readonly nonce?: Uint8Array
  readonly withPayload?: boolean
  readonly now?: number
}

/** What is said of an answer: `proven`, or why not. */
function verdict({ cpa = {}, signer = ann, chain, classifier, payload }: Answer, question: Question = {}): string {
  const said = { ...honest, ...cpa }
  const buffer: AuthorityBuffer = {
    ...noFlags,
    certificateChain: chain,
    classifier,
    extendedPayload: payload,
    cpa: signCpa(crypto, said, signer.secretKey),
  }
  return verdictOf(buffer, { id: pnrpIdOfCpa(crypto, said), ...question })
}

function verdictOf(buffer: AuthorityBuffer, question: Question & { readonly id: PnrpId }): string {
  const { id, nonce = NONCE, withPayload = false, now = NOW } = question
  const clock: Clock = { ...stoppedClock, utc: () => now }
  const parts = { crypto, chains: delegationValidator(crypto), clock }
  const answer = validateAnswer(parts, buffer, { id, nonce, withPayload })
  return typeof answer === 'string' ? answer : 'proven'
}

/** Nothing here waits for anything. */
const stoppedClock: Clock = {
  utc: () => NOW,
  monotonic: () => 0,
  setTimer: () => {
    throw new Error('no timer is needed')
  },
}

describe('a certified peer address', () => {
  test('N-70, N-75: counts for a secured name with and without a classifier, and for an unsecured one', () => {
    expect(verdict({})).toBe('proven')
    expect(verdict({ cpa: { classifierHash: undefined } })).toBe('proven')
    expect(verdict({ cpa: { authority: undefined } })).toBe('proven')
  })

  test('N-71: is refused with another nonce, zero included', () => {
    for (const nonce of [OTHER_NONCE, NO_NONCE]) expect(verdict({ cpa: { nonce } })).toBe('cpa-nonce')
  })

  test('N-72: is refused after its Not After, and when that is more than a week ahead, within a tolerance', () => {
    const at = (notAfter: number): string => verdict({ cpa: { notAfter } })
    expect(CLOCK_TOLERANCE).toBe(600_000)
    expect(at(NOW - CLOCK_TOLERANCE)).toBe('proven')
    expect(at(NOW - CLOCK_TOLERANCE - 1)).toBe('cpa-expired')
    expect(at(NOW + 7 * 86_400_000 + CLOCK_TOLERANCE)).toBe('proven')
    expect(at(NOW + 7 * 86_400_000 + CLOCK_TOLERANCE + 1)).toBe('cpa-too-far-ahead')
  })

  test('N-72: ours end between 12 hours and one week ahead', () => {
    expect(SHORTEST_CPA_LIFE).toBe(12 * 3_600_000)
    expect(LONGEST_CPA_LIFE).toBe(7 * 86_400_000)
    expect(CPA_LIFE).toBeGreaterThanOrEqual(SHORTEST_CPA_LIFE)
    expect(CPA_LIFE).toBeLessThanOrEqual(LONGEST_CPA_LIFE)
  })

  test('N-74: is refused if authority, classifier and service location do not give the ID that was asked for', () => {
    const id = pnrpIdOfCpa(crypto, honest)
    expect(verdict({}, { id })).toBe('proven')
    expect(verdict({ cpa: { serviceLocation: new Uint8Array(16) } }, { id })).toBe('cpa-id')
    expect(verdict({ cpa: { classifierHash: classifierHash(crypto, 'other') } }, { id })).toBe('cpa-id')
    expect(verdict({ cpa: { classifierHash: undefined } }, { id })).toBe('cpa-id')
    expect(
      verdict({ cpa: { authority: authority(mallory), publicKey: mallory.publicKey }, signer: mallory }, { id }),
    ).toBe('cpa-id')
    expect(verdict({ cpa: { authority: undefined } }, { id })).toBe('cpa-id')
  })

  test('N-75: of a secured name is refused if it is signed by a key that is not behind the authority', () => {
    expect(verdict({ cpa: { publicKey: mallory.publicKey }, signer: mallory })).toBe('cpa-authority')
  })

  test('N-70, N-75: with an authority of zeros it is of no unsecured name', () => {
    expect(verdict({ cpa: { authority: new Uint8Array(20) } })).toBe('cpa-authority')
  })

  test('N-73, N-75: is refused if the signature is not that of its key, also for an unsecured name', () => {
    expect(verdict({ signer: mallory })).toBe('cpa-signature')
    expect(verdict({ cpa: { authority: undefined }, signer: mallory })).toBe('cpa-signature')
  })

  test('N-71: that revokes answers no INQUIRE', () => {
    expect(verdict({ cpa: { revoked: true, serviceAddresses: [] } })).toBe('revocation')
  })

  test('N-36: N, or nothing at all, proves nothing', () => {
    const id = pnrpIdOfCpa(crypto, honest)
    expect(verdictOf(noFlags, { id })).toBe('entry-unproven')
    const cpa = signCpa(crypto, honest, ann.secretKey)
    expect(verdictOf({ ...noFlags, notFound: true, cpa }, { id })).toBe('entry-unproven')
    expect(verdictOf({ ...noFlags, cpa: cpa.subarray(1) }, { id })).toBe('malformed')
  })
})

describe('a delegated name', () => {
  const bob = keyPairOf(2)
  const group = keyPairOf(ROOT_KEY)
  /** Bob's CPA for the group's name with a classifier, with a chain to him. */
  const delegated = (
    classifier: string,
    steps: readonly Step[] = [{ key: 1 }, { key: 2, roles: ['member'], classifiers: ['fish', 'cheese'] }],
    more: Partial<Answer> = {},
    root: Parameters<typeof chainOf>[1] = {},
  ): string =>
    verdict({
      cpa: {
        authority: authority(group),
        classifierHash: classifier === '' ? undefined : classifierHash(crypto, classifier),
        publicKey: bob.publicKey,
        ...more.cpa,
      },
      signer: bob,
      chain: encodeChain(chainOf(steps, root)),
      classifier,
      ...(more.classifier === undefined ? {} : { classifier: more.classifier }),
    })

  test('N-75, N-79: counts if a chain leads from the authority to the key that signed', () => {
    expect(delegated('fish')).toBe('proven')
    expect(delegated('fish', [{ key: 2 }])).toBe('proven')
    expect(delegated('', [{ key: 2 }])).toBe('proven')
  })

  test('N-75: without its chain it does not count', () => {
    const cpa = { authority: authority(group), publicKey: bob.publicKey }
    expect(verdict({ cpa, signer: bob })).toBe('cpa-authority')
  })

  test('N-79: the first key is that of the authority and the last that of the CPA', () => {
    expect(delegated('fish', undefined, { cpa: { authority: authority(ann) } })).toBe('cpa-chain')
    expect(delegated('fish', [{ key: 1 }])).toBe('cpa-chain')
    expect(delegated('fish', [{ key: 2 }, { key: 1 }])).toBe('cpa-chain')
  })

  test('N-83: the last list must allow the classifier', () => {
    expect(delegated('cheese')).toBe('proven')
    expect(delegated('ham')).toBe('cpa-chain')
    expect(delegated('fish food')).toBe('cpa-chain')
    expect(delegated('fish food', [{ key: 2, roles: ['inviting-member'], classifiers: ['fish'] }])).toBe('proven')
    expect(delegated('', [{ key: 2, roles: ['member'], classifiers: ['fish'] }])).toBe('cpa-chain')
  })

  test('N-83: a delegate for fish who signs cheese and shows fish is refused', () => {
    const forFish: readonly Step[] = [{ key: 2, roles: ['member'], classifiers: ['fish'] }]
    expect(delegated('cheese', forFish, { classifier: 'fish' })).toBe('cpa-classifier')
    expect(delegated('fish', forFish)).toBe('proven')
  })

  test('N-75: a chain must be valid also where the key itself is behind the authority', () => {
    const ofGroup = { cpa: { authority: authority(group), publicKey: group.publicKey }, signer: group }
    expect(verdict(ofGroup)).toBe('proven')
    const chain = encodeChain(chainOf([{ key: 2 }]))
    expect(verdict({ ...ofGroup, chain, classifier: 'chat' })).toBe('cpa-chain')
    expect(verdict({ ...ofGroup, chain: chain.subarray(1), classifier: 'chat' })).toBe('cpa-chain')
  })

  test('N-75: an unsecured name has no chain', () => {
    const chain = encodeChain(chainOf([{ key: 1 }]))
    expect(verdict({ cpa: { authority: undefined }, chain, classifier: 'chat' })).toBe('cpa-chain')
  })

  test('N-76, N-77, N-78, N-80, N-81: one wrong link refuses the chain', () => {
    const wrong: readonly (readonly Step[])[] = [
      [{ key: 1, signer: 7 }, { key: 2 }],
      [{ key: 1 }, { key: 2, signer: 7 }],
      [
        { key: 1, notAfter: NOW - CLOCK_TOLERANCE - 1000 },
        { key: 2, notAfter: NOW - CLOCK_TOLERANCE - 1000 },
      ],
      [{ key: 1 }, { key: 2, notBefore: NOW + CLOCK_TOLERANCE + 1000, notAfter: NOW + YEAR }],
      [{ key: 1, roles: ['member'] }, { key: 2 }],
      [
        { key: 1, roles: ['inviting-member'] },
        { key: 2, roles: ['administrator'] },
      ],
      [
        { key: 1, classifiers: ['ham'] },
        { key: 2, classifiers: ['fish'] },
      ],
      [
        { key: 1, classifiers: ['fish'] },
        { key: 2, classifiers: [] },
      ],
    ]
    for (const steps of wrong) expect(delegated('fish', steps)).toBe('cpa-chain')
    expect(delegated('fish', [{ key: 2 }], {}, { signer: 7 })).toBe('cpa-chain')
    expect(
      delegated(
        'fish',
        Array.from({ length: 25 }, (_, index) => ({ key: index === 24 ? 2 : index + 100 })),
      ),
    ).toBe('cpa-chain')
  })

  test('N-80: the key of a link publishes nothing', () => {
    expect(delegated('fish', [{ key: 1 }, { key: 2, kind: 'link', roles: ['member'], classifiers: [] }])).toBe(
      'cpa-chain',
    )
  })
})

describe('an extended payload', () => {
  const withPayload = { hasPayload: true }
  const id = pnrpIdOfCpa(crypto, honest)
  const right: ExtendedPayload = { notAfter: honest.notAfter, id, nonce: NONCE, payload: new Uint8Array([1, 2, 3]) }
  const signed = (changes: Partial<ExtendedPayload> = {}, keyPair = ann): Uint8Array =>
    signExtendedPayload(crypto, { ...right, ...changes }, keyPair.secretKey)
  const judged = (
    payload: Uint8Array | undefined,
    asked = true,
    cpa: Partial<CertifiedPeerAddress> = withPayload,
  ): string => verdict({ cpa, payload }, { withPayload: asked })

  test('N-85: counts with the Not After of the CPA, its PNRP ID, the nonce and the signature of its key', () => {
    expect(judged(signed())).toBe('proven')
    expect(judged(signed({ payload: 'text' }))).toBe('proven')
  })

  test('N-85: is refused if any of the four is wrong', () => {
    expect(judged(signed({ notAfter: honest.notAfter + 1 }))).toBe('payload')
    expect(judged(signed({ id: pnrpIdOfCpa(crypto, { ...honest, serviceLocation: new Uint8Array(16) }) }))).toBe(
      'payload',
    )
    expect(judged(signed({ nonce: OTHER_NONCE }))).toBe('payload')
    expect(judged(signed({}, mallory))).toBe('payload')
    expect(judged(signed().subarray(1))).toBe('payload')
  })

  test('N-85: must be there if it was asked for and the CPA says that it exists', () => {
    expect(judged(undefined)).toBe('payload')
    expect(judged(undefined, false)).toBe('proven')
    expect(judged(undefined, true, {})).toBe('proven')
  })

  test('N-85: is refused if the CPA does not say that it exists, asked for or not', () => {
    expect(judged(signed(), true, {})).toBe('payload')
    expect(judged(signed(), false, {})).toBe('payload')
  })
})
