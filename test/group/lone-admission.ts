/** Two nodes of a group that have nothing but a link: what they say to each other until both have admitted, or one has not. */
import type { Admission, LinkToJudge } from '../../src/graph/security-provider.ts'
import { type AdmissionItem, decodeAdmission, encodeAdmission } from '../../src/group/admission-message.ts'
import { type GroupEntry, GroupSecurity } from '../../src/group/group-security.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import type { GroupRootCertificate } from '../../src/identity/certificate/certificate.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import { nameOf } from '../identity/certificate/certificate-samples.ts'
import { crypto, random } from '../identity/platform.ts'

/** A group, and the time in it. */
export interface AdmissionGroup {
  readonly root: GroupRootCertificate
  readonly now: number
}

/** A node, as far as it lets in and is let in. */
export class LoneAdmission {
  readonly security: GroupSecurity
  readonly joined: MemberChain[] = []
  readonly letIn: MemberChain[] = []
  readonly keyPair: SigningKeyPair
  now: number

  constructor(
    { root, now }: AdmissionGroup,
    of: { readonly keyPair: SigningKeyPair },
    entry: GroupEntry,
    stored: readonly GraphRecord[],
  ) {
    this.now = now
    this.keyPair = of.keyPair
    const identity = { name: nameOf(of.keyPair), keyPair: of.keyPair }
    const clock = { utc: () => this.now, monotonic: () => this.now }
    this.security = new GroupSecurity(
      { crypto, random, clock, identity, changed: () => undefined },
      {
        ...{ group: root.peerName, root, entry },
        owner: {
          ...{ precedes: () => undefined, changed: () => undefined, rootLearned: () => undefined },
          letIn: (chain) => this.letIn.push(chain),
          joined: (chain) => this.joined.push(chain),
        },
      },
    )
    for (const record of stored) this.security.stored(record)
  }

  /** How many chains of others are known here. */
  get others(): number {
    const { records } = this.security
    return [...(records?.state.keys() ?? [])].filter((key) => key !== toHex(this.keyPair.publicKey)).length
  }

  count(event: string): number {
    return this.security.counters()[event] ?? 0
  }
}

/** One end of a link, and what it has said. */
export class AdmissionEnd {
  readonly said: (readonly AdmissionItem[])[] = []
  readonly admission: Admission

  constructor(node: LoneAdmission, peer: { readonly keyPair: SigningKeyPair }, isDialler: boolean) {
    const { publicKey } = peer.keyPair
    const to: LinkToJudge = {
      peer: { name: nameOf(peer.keyPair), publicKey, key: toHex(publicKey) },
      ...{ isDialler, source: '192.0.2', channelBinding: new Uint8Array(32).fill(7) },
    }
    this.admission = node.security.admit(to, (message) => {
      const read = decodeAdmission(message)
      if (typeof read === 'string') throw new Error(read)
      this.said.push(read.items)
    })
  }

  hear(...items: readonly AdmissionItem[]): this {
    this.admission.received(encodeAdmission(items))
    return this
  }

  get last(): readonly AdmissionItem[] | undefined {
    return this.said.at(-1)
  }
}

/** Both ends, until neither has anything to say. */
export function meet(dialler: LoneAdmission, responder: LoneAdmission): readonly [string, string] {
  const ends = [new AdmissionEnd(dialler, responder, true), new AdmissionEnd(responder, dialler, false)] as const
  const heard = [0, 0]
  for (let hasSaid = true; hasSaid; ) {
    hasSaid = false
    for (const [at, end] of ends.entries()) {
      const items = ends[1 - at]?.said[heard[at] ?? 0]
      if (items === undefined) continue
      heard[at] = (heard[at] ?? 0) + 1
      end.hear(...items)
      hasSaid = true
    }
  }
  return [ends[0].admission.verdict, ends[1].admission.verdict]
}
