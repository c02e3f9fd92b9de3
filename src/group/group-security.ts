/**
 * The security provider of a group (MS-PPSEC 3.1.7; DESIGN section 8): who is let in, under which chain this node writes, and
 * which records are valid. What it knows it learns from the records that are stored (group-records.ts) and, before the
 * first of them is here, from whoever lets this node in.
 */

import type { GraphProperties } from '../graph/graph-properties.ts'
import {
  type Admission,
  type GraphSecurityProvider,
  type LinkToJudge,
  LONGEST_PROOF,
  type PrecedingRecord,
  type ProviderContext,
  type Validity,
} from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord, RecordAuthor } from '../records/record.ts'
import type { RecordDraft } from '../records/record-draft.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import { AdmissionExchange } from './admission.ts'
import { type ChainDigest, chainDigestFromBytes, DIGEST_LENGTH } from './digests.ts'
import { GROUP_PROPERTIES_TYPE, graphPropertiesOf } from './group-properties.ts'
import { GROUP_TYPES, GroupRecords } from './group-records.ts'
import { LettingIn } from './letting-in.ts'
import type { MemberChain } from './member-chain.ts'
import { OwnChains } from './own-chains.ts'
import type { PasswordVerifier } from './password-verifier.ts'
import { readProofs } from './record-proofs.ts'

/** What a node of a group is opened with. */
export interface GroupSecurityOptions {
  readonly group: PeerName
  /** undefined for a joiner who has not got it: then it is taken from whoever lets in. */
  readonly root: GroupRootCertificate | undefined
  readonly entry: GroupEntry
  readonly owner: GroupSecurityOwner
}

/**
 * With what a node gets in, beside the chains that records have brought: its own chain; the name of a chain that it fetches; a link of
 * which it fetches the chain above (P-130); or what proves the password.
 */
export type GroupEntry =
  | { readonly kind: 'chain'; readonly chain: MemberChain }
  | { readonly kind: 'fetched'; readonly digest: ChainDigest }
  | {
      readonly kind: 'link'
      /** The chain above the link, which members have. */
      readonly digest: ChainDigest
      /** Makes a chain for this node's identity of it. @throws PeerageError if what came is no good */
      join(above: Uint8Array): MemberChain
    }
  | {
      readonly kind: 'password'
      /** What was derived from the password: read when somebody who was dialled asks for a proof, and not before. */
      readonly verifier: PasswordVerifier
    }

/** Asked, and told what happens, inside a judgement: it must not call the graph before the next turn. */
export interface GroupSecurityOwner {
  /** What has to be stored here before this draft is signed. */
  precedes(draft: RecordDraft): PrecedingRecord | undefined
  /** Other things may be known of members than before: of these keys, or of any. */
  changed(keys: Iterable<string> | 'any'): void
  /** This node has let somebody in: it is to publish the membership record of this chain now. */
  letIn(chain: MemberChain, peer: PeerName): void
  /** This node was given a chain, and uses it from now on: it is to be kept. */
  joined(chain: MemberChain): void
  /** The GRC is known now: it is to be kept. */
  rootLearned(root: GroupRootCertificate): void
}

/** The provider of one group at one node. */
export class GroupSecurity implements GraphSecurityProvider {
  readonly firstTypes: readonly string[] = GROUP_TYPES
  readonly #context: ProviderContext
  readonly #options: GroupSecurityOptions
  readonly #counts = new Map<string, number>()
  readonly #own: OwnChains
  readonly #letting: LettingIn
  #records: GroupRecords | undefined

  constructor(context: ProviderContext, options: GroupSecurityOptions) {
    this.#context = context
    this.#options = options
    const { entry, root } = options
    const known = entry.kind === 'chain' ? entry.chain.chain[0] : root
    if (known !== undefined) this.#open(known)
    this.#own = new OwnChains(context, options.group, () => this.#records)
    if (entry.kind === 'chain') this.#own.add(entry.chain)
    if (entry.kind === 'fetched') this.#own.expect(entry.digest)
    this.#letting = new LettingIn(context, options, this.#own, {
      records: () => this.#records,
      open: (first) => {
        this.#options.owner.rootLearned(first)
        return this.#open(first)
      },
      counted: (event) => this.#count(event),
    })
  }

  /** The chains of this node's identity. */
  get own(): OwnChains {
    return this.#own
  }

  /** The records of the group; undefined until its GRC is known. */
  get records(): GroupRecords | undefined {
    return this.#records
  }

  /** How often each thing happened: `refused-…`, `told-…`, `passed-over`, `record-…`. */
  counters(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  admit(link: LinkToJudge, send: (message: Uint8Array) => void): Admission {
    return new AdmissionExchange(this.#letting, link, send)
  }

  precedes(draft: RecordDraft): PrecedingRecord | undefined {
    return this.#options.owner.precedes(draft)
  }

  secure(draft: RecordDraft, previous: GraphRecord | undefined): Uint8Array {
    return this.#own.secure(draft, previous)
  }

  validate(record: GraphRecord): Validity {
    return this.#records?.validate(record) ?? 'invalid'
  }

  isAdministrator(_author: RecordAuthor, version: GraphRecord): boolean {
    return this.#records?.isAdministrator(version) ?? false
  }

  isAdmitted(publicKey: Uint8Array): boolean {
    return this.#letting.isIn(toHex(publicKey))
  }

  rightEnds(publicKey: Uint8Array, record: GraphRecord | undefined): number | undefined {
    if (record !== undefined) {
      const creator = readProofs(record.proofs)?.creator
      return creator && this.#records?.state.author(creator)?.notAfter
    }
    const isOwn = equalBytes(publicKey, this.#context.identity.keyPair.publicKey)
    return isOwn ? this.#own.toWrite(this.#context.clock.utc(), 'publish')?.notAfter : undefined
  }

  proof(request: Uint8Array): Uint8Array | undefined {
    if (request.length !== DIGEST_LENGTH) return undefined
    const bytes = this.#records?.state.chain(chainDigestFromBytes(request))?.bytes
    return bytes !== undefined && bytes.length <= LONGEST_PROOF ? bytes : undefined
  }

  proofArrived(request: Uint8Array, proof: Uint8Array): boolean {
    const chain = this.#letting.read(proof)
    if (typeof chain === 'string' || request.length !== DIGEST_LENGTH) return false
    if (chain.digest !== chainDigestFromBytes(request)) return false
    this.#records?.learn(chain)
    this.#options.owner.changed([chain.key])
    this.#tellChanges()
    return true
  }

  properties(): GraphProperties | 'unknown' {
    const properties = this.#records?.properties
    return properties === undefined ? 'unknown' : graphPropertiesOf(properties)
  }

  stored(record: GraphRecord): void {
    this.#options.owner.changed(this.#records?.stored(record) ?? [])
    this.#tellChanges(record.type === GROUP_PROPERTIES_TYPE)
  }

  removed(record: GraphRecord): void {
    this.#records?.removed(record)
    this.#options.owner.changed('any')
    this.#tellChanges()
  }

  close(): void {}

  #open(root: GroupRootCertificate): GroupRecords {
    this.#records = new GroupRecords(this.#context.crypto, root, (problem) => this.#count(`record-${problem}`))
    return this.#records
  }

  /** @param isAnything Whether it is more than what the security state says of it */
  #tellChanges(isAnything = false): void {
    const state = this.#records?.state
    const hasOnlyGrown = state?.hasOnlyGrown ?? true
    const changes = state?.takeChanges().size ?? 0
    if (!isAnything && changes === 0) return
    this.#options.owner.changed('any')
    if (isAnything || !hasOnlyGrown) this.#context.changed()
    else this.#context.changed('more')
  }

  #count(event: string): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + 1)
  }
}
