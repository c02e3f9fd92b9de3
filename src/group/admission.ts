/**
 * The exchange by which two ends of a link let each other into a group (MS-PPSEC 3.2, 3.3; docs/protocol/group-admission.md), once both
 * identities are proven:
 *
 * ```
 * dialler                                  responder
 *    Hello, MyGMC                       ->
 *                                       <- Hello, MyGMC
 * or, if its certificate has expired, or is still to be fetched:
 *    Hello                              ->
 *                                       <- Hello, MyGMC
 * or, if it has none and knows the password:
 *    Hello, Password (empty)            ->
 *                                       <- Hello, MyGMC, Password
 *    Password                           ->
 *                                       <- Password, YourGMC
 * or, if it has a link of which the text only names the chain above:
 *    Hello, WantChain                   ->
 *                                       <- Chain
 *    MyGMC                              ->
 *                                       <- Hello, MyGMC
 * ```
 *
 * A responder whose own certificate has expired answers with Hello alone. The responder judges what the dialler sent before it
 * shows its own chain. Whoever refuses says why, once, and hears nothing more.
 */
import type { Admission, LinkToJudge } from '../graph/security-provider.ts'
import { type AdmissionItem, decodeAdmission, encodeAdmission } from './admission-message.ts'
import { type AdmissionRefusal, refusalTexts } from './admission-refusal.ts'
import type { ChainDigest } from './digests.ts'
import type { MemberChain } from './member-chain.ts'
import type { PasswordAdmission, PasswordProof } from './password-proof.ts'

/** What one end of the exchange asks of its group. */
export interface AdmissionMember {
  /** What a dialler gets in with. */
  begin(): AdmissionStart
  /** The chain that this node shows; undefined if it has none in force. */
  ownChain(): MemberChain | undefined
  /** Judges the whole chain that the other end has shown (P-065). A responder may let its holder in by it (P-129). */
  judge(link: LinkToJudge, chain: Uint8Array): MemberChain | AdmissionRefusal
  /** Whether a chain in force is known for the key at the other end (P-066). */
  isMember(link: LinkToJudge): boolean
  /** Begins to prove that this node, who dials, knows the password, to the holder of a chain that was judged. */
  prove(link: LinkToJudge): PasswordProof
  /** Begins to let somebody in by password, if this node can. */
  admitByPassword(link: LinkToJudge): AdmissionByPassword | AdmissionRefusal
  /** A chain came for this node, from somebody who has proven the password. @returns why it is no good */
  joined(chain: Uint8Array): AdmissionRefusal | undefined
  /** A chain by its digest, for somebody who is about to ask to be let in under it. */
  chainNamed(digest: ChainDigest): Uint8Array | undefined
  /** The chain came that this node asked for. @returns the one that it gets in with, or why it is no good */
  chainCame(chain: Uint8Array): MemberChain | AdmissionRefusal
  /** Why this end refuses, or was refused; `passed-over` for each item of an unknown kind. */
  counted(event: AdmissionRefusal | `told-${AdmissionRefusal | 'unknown'}` | 'passed-over'): void
}

/** One attempt to get in by password. */
export interface AdmissionByPassword {
  readonly run: PasswordAdmission
  /** The password was proven: issues a certificate. */
  issue(): MemberChain | AdmissionRefusal
}

/** What a dialler begins with. */
export type AdmissionStart =
  | MemberChain
  | { readonly wantsChain: ChainDigest }
  | 'hello-alone'
  | 'password'
  | Extract<AdmissionRefusal, 'no-membership'>

/** Where an end is. The dialler begins before `hello-sent`, `chain-wanted` or `password-sent`, the responder at `graph-named`. */
export type AdmissionState =
  | 'graph-named'
  | 'hello-sent'
  | 'chain-wanted'
  | 'chain-given'
  | 'password-sent'
  | 'password-proven'
  | 'password-received'
  | 'complete'
  | 'refused'

/** One end of one exchange. */
export class AdmissionExchange implements Admission {
  readonly #member: AdmissionMember
  readonly #link: LinkToJudge
  readonly #send: (message: Uint8Array) => void
  #state: AdmissionState = 'graph-named'
  #reason: string | undefined
  #proof: PasswordProof | undefined
  #admission: AdmissionByPassword | undefined

  constructor(member: AdmissionMember, link: LinkToJudge, send: (message: Uint8Array) => void) {
    this.#member = member
    this.#link = link
    this.#send = send
    if (link.isDialler) this.#begin(member.begin())
  }

  get state(): AdmissionState {
    return this.#state
  }

  get reason(): string | undefined {
    return this.#reason
  }

  get verdict(): Admission['verdict'] {
    if (this.#state === 'complete') return 'admitted'
    return this.#state === 'refused' ? 'refused' : 'undecided'
  }

  received(bytes: Uint8Array): Admission['verdict'] {
    if (this.#state === 'refused') return 'refused'
    const message = decodeAdmission(bytes)
    if (typeof message === 'string') return this.#refuse(message)
    for (let left = message.unknown; left > 0; left--) this.#member.counted('passed-over')
    const { items } = message
    const told = items.find((item) => item.kind === 'refused')
    if (told?.kind === 'refused') return this.#wasRefused(told.reason)
    const refusal = this.#take(items)
    return refusal === undefined ? this.verdict : this.#refuse(refusal)
  }

  #begin(start: AdmissionStart): void {
    switch (start) {
      case 'no-membership':
        // Nothing is said: nobody was asked.
        this.#end(start)
        break
      case 'hello-alone':
        this.#tell('hello-sent', { kind: 'hello' })
        break
      case 'password':
        this.#tell('password-sent', { kind: 'hello' }, { kind: 'password', body: new Uint8Array() })
        break
      default:
        if ('wantsChain' in start) {
          this.#tell('chain-wanted', { kind: 'hello' }, { kind: 'want-chain', digest: start.wantsChain })
        } else this.#tell('hello-sent', { kind: 'hello' }, { kind: 'my-gmc', chain: start.bytes })
    }
  }

  /** Each state takes what is listed here, and nothing else. */
  #take(items: readonly AdmissionItem[]): AdmissionRefusal | undefined {
    const [first, second, third] = items
    switch (this.#state) {
      case 'graph-named':
        if (first?.kind !== 'hello' || items.length > 2) return 'unexpected'
        if (second === undefined) return this.#helloAlone()
        if (second.kind === 'my-gmc') return this.#chainShown(second.chain)
        if (second.kind === 'want-chain') return this.#chainWanted(second.digest)
        return second.kind === 'password' ? this.#passwordOffered(second.body) : 'unexpected'
      case 'chain-given':
        return first?.kind === 'my-gmc' && items.length === 1 ? this.#chainShown(first.chain) : 'unexpected'
      case 'chain-wanted':
        return first?.kind === 'chain' && items.length === 1 ? this.#chainCame(first.chain) : 'unexpected'
      case 'hello-sent':
        if (first?.kind !== 'hello' || items.length > 2) return 'unexpected'
        if (second === undefined) return this.#answeredAlone()
        return second.kind === 'my-gmc' ? this.#answered(second.chain) : 'unexpected'
      case 'password-sent':
        if (first?.kind !== 'hello' || second?.kind !== 'my-gmc' || items.length !== 3) return 'unexpected'
        return third?.kind === 'password' ? this.#challenged(second.chain, third.body) : 'unexpected'
      case 'password-received':
        return first?.kind === 'password' && items.length === 1 ? this.#proofCame(first.body) : 'unexpected'
      case 'password-proven':
        if (first?.kind !== 'password' || items.length !== 2) return 'unexpected'
        return second?.kind === 'your-gmc' ? this.#confirmed(first.body, second.chain) : 'unexpected'
      default:
        return 'unexpected'
    }
  }

  // The responder

  #helloAlone(): AdmissionRefusal | undefined {
    if (!this.#member.isMember(this.#link)) return 'not-a-member'
    return this.#answer()
  }

  #chainShown(chain: Uint8Array): AdmissionRefusal | undefined {
    const judged = this.#member.judge(this.#link, chain)
    return typeof judged === 'string' ? judged : this.#answer()
  }

  #answer(): undefined {
    const own = this.#member.ownChain()
    if (own === undefined) this.#tell('complete', { kind: 'hello' })
    else this.#tell('complete', { kind: 'hello' }, { kind: 'my-gmc', chain: own.bytes })
  }

  #chainWanted(digest: ChainDigest): AdmissionRefusal | undefined {
    const chain = this.#member.chainNamed(digest)
    if (chain === undefined) return 'chain-not-known'
    this.#tell('chain-given', { kind: 'chain', chain })
    return undefined
  }

  #passwordOffered(body: Uint8Array): AdmissionRefusal | undefined {
    if (body.length > 0) return 'unexpected'
    const own = this.#member.ownChain()
    if (own === undefined) return 'may-not-admit'
    const admission = this.#member.admitByPassword(this.#link)
    if (typeof admission === 'string') return admission
    this.#admission = admission
    this.#tell(
      'password-received',
      { kind: 'hello' },
      { kind: 'my-gmc', chain: own.bytes },
      { kind: 'password', body: admission.run.challenge },
    )
    return undefined
  }

  #proofCame(proof: Uint8Array): AdmissionRefusal | undefined {
    if (this.#admission === undefined) return 'unexpected'
    const result = this.#admission.run.received(proof)
    if (typeof result === 'string') return result
    const issued = this.#admission.issue()
    if (typeof issued === 'string') return issued
    this.#tell('complete', { kind: 'password', body: result.confirmation }, { kind: 'your-gmc', chain: issued.bytes })
    return undefined
  }

  // The dialler

  #answered(chain: Uint8Array): AdmissionRefusal | undefined {
    const judged = this.#member.judge(this.#link, chain)
    if (typeof judged === 'string') return judged
    this.#state = 'complete'
    return undefined
  }

  #answeredAlone(): AdmissionRefusal | undefined {
    if (!this.#member.isMember(this.#link)) return 'not-a-member'
    this.#state = 'complete'
    return undefined
  }

  #chainCame(chain: Uint8Array): AdmissionRefusal | undefined {
    const own = this.#member.chainCame(chain)
    if (typeof own === 'string') return own
    this.#tell('hello-sent', { kind: 'my-gmc', chain: own.bytes })
    return undefined
  }

  #challenged(chain: Uint8Array, challenge: Uint8Array): AdmissionRefusal | undefined {
    const judged = this.#member.judge(this.#link, chain)
    if (typeof judged === 'string') return judged
    this.#proof = this.#member.prove(this.#link)
    const answer = this.#proof.answer(challenge)
    if (answer === 'malformed') return answer
    if ('otherCost' in answer) return 'other-password-cost'
    this.#tell('password-proven', { kind: 'password', body: answer.proof })
    return undefined
  }

  #confirmed(confirmation: Uint8Array, chain: Uint8Array): AdmissionRefusal | undefined {
    if (this.#proof?.isConfirmed(confirmation) !== true) return 'wrong-password'
    const refusal = this.#member.joined(chain)
    if (refusal === undefined) this.#state = 'complete'
    return refusal
  }

  // Both

  #tell(state: AdmissionState, ...items: readonly AdmissionItem[]): void {
    this.#state = state
    this.#send(encodeAdmission(items))
  }

  #refuse(reason: AdmissionRefusal): 'refused' {
    this.#send(encodeAdmission([{ kind: 'refused', reason }]))
    return this.#end(reason)
  }

  #end(reason: AdmissionRefusal): 'refused' {
    this.#state = 'refused'
    this.#reason = `refused here: ${refusalTexts[reason]}`
    this.#member.counted(reason)
    return 'refused'
  }

  #wasRefused(reason: AdmissionRefusal | undefined): 'refused' {
    this.#state = 'refused'
    this.#reason = `refused there: ${reason === undefined ? 'for a reason that is not known here' : refusalTexts[reason]}`
    this.#member.counted(`told-${reason ?? 'unknown'}`)
    return 'refused'
  }
}
