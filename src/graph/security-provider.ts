/**
 * The graph security provider: who may hold a link, what makes a record valid (MS-PPGRH 1.3.4; DESIGN section 7). A graph
 * names its provider; `none` is one, groups have another one, and an application can bring its own.
 *
 * A provider is synchronous. It takes time, randomness and cryptography from the ports that it is opened with, and
 * must not call the graph that calls it: that gets an error. What it answers about a record may depend on that record and
 * the security state alone, never on what this node saw before: otherwise views differ for ever. A record that it called
 * valid it has to call valid again after a restart, as long as the security state is the same: so proofs that came are kept.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord, RecordAuthor } from '../records/record.ts'
import type { RecordDraft } from '../records/record-draft.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import type { Random } from '../runtime/random.ts'
import type { GraphProperties } from './graph-properties.ts'

/** Opens a provider for one graph. */
export type SecurityProviderFactory = (graph: ProviderContext) => GraphSecurityProvider

/** What a provider stands on. */
export interface ProviderContext {
  /** The cryptography of the node. */
  readonly crypto: Crypto
  /** Random bytes, and the only ones that a provider may use. */
  readonly random: Random
  /** The time of this machine, in milliseconds: since 1970 (`utc`), and one that never goes back (`monotonic`). */
  readonly clock: Pick<Clock, 'utc' | 'monotonic'>
  /** Whose node this is. */
  readonly identity: LinkIdentity
  /**
   * To be called when the security state has changed, so that records and links are judged anew; at any time, once it is opened.
   *
   * @param only `more`: all that was valid is valid still, and all that were admitted are; then only what waits is judged anew
   */
  changed(only?: 'more'): void
}

/** An identity with its key. */
export interface LinkIdentity {
  /** The peer name under which it writes and connects. */
  readonly name: PeerName
  /** Its key, for signing. */
  readonly keyPair: SigningKeyPair
}

/** Judges links and records of one graph. */
export interface GraphSecurityProvider {
  /**
   * Judges a link, at both ends, after both identities are proven. Nothing of the graph passes before both have admitted.
   *
   * @param send Sends a message to the other side's provider: at most 53,248 bytes
   */
  admit(link: LinkToJudge, send: (message: Uint8Array) => void): Admission
  /**
   * A record of one of Peerage's own types that has to be stored here before this draft is signed: the one that proves its author,
   * for example. Asked for that record in turn.
   */
  precedes?(draft: RecordDraft): PrecedingRecord | undefined
  /**
   * The proofs of a record that is about to be signed. Throws if the author may not write it: nothing is stored then.
   *
   * @param previous The version that it is made from; undefined for the first one
   */
  secure(draft: RecordDraft, previous: GraphRecord | undefined): Uint8Array
  /** Judges a record whose form and signatures are right. */
  validate(record: GraphRecord): Validity
  /** Whether who wrote a version is an administrator, whose deletions win over anything (G-062). */
  isAdministrator(author: RecordAuthor, version: GraphRecord): boolean
  /** Whether this identity may still hold a link; asked again after each change of the security state. */
  isAdmitted(publicKey: Uint8Array): boolean
  /**
   * When the right of an author ends, in peer time: no record of theirs may outlive it. undefined: never.
   *
   * @param record A version of the record in question; undefined for a record that is about to be made
   */
  rightEnds(publicKey: Uint8Array, record: GraphRecord | undefined): number | undefined
  /** The types that are compared and copied before all others (G-165). */
  readonly firstTypes: readonly string[]
  /** What was asked for as a missing proof, if it is here: at most 49,152 bytes. */
  proof(request: Uint8Array): Uint8Array | undefined
  /** A proof came that had been asked for. @returns whether it was good: records that lacked it are judged anew */
  proofArrived(request: Uint8Array, proof: Uint8Array): boolean
  /**
   * The properties of the graph, where the provider keeps them: then there is no graph info record. `unknown` until they are known
   * here; undefined where the graph keeps them itself.
   */
  properties?(): GraphProperties | 'unknown' | undefined
  /**
   * A record of one of {@link GraphSecurityProvider.firstTypes} is stored here: one that was judged to be valid, or one that was
   * found when the graph was opened, before any is judged. It can be told again.
   */
  stored?(record: GraphRecord): void
  /** A record of one of these types is stored here no more. */
  removed?(record: GraphRecord): void
  /** The graph was closed: nothing is called any more. */
  close(): void
}

/** A record that goes out before another one. */
export interface PrecedingRecord {
  /** One of the types that begin with `peerage.` */
  readonly type: string
  /** In peer time. */
  readonly expires: number
  /** Bytes. */
  readonly payload: Uint8Array
}

/** A link that is to be admitted. */
export interface LinkToJudge {
  /** Who is at the other end. */
  readonly peer: LinkPeer
  /** Whether this end has dialled. */
  readonly isDialler: boolean
  /** The network prefix of the other end's address (/24 or /48): for limits. undefined where it is not known. */
  readonly source?: string
  /** What both ends of this link share, and nobody else has: 32 bytes. */
  readonly channelBinding: Uint8Array
}

/** Who is at the other end of a link: proven. */
export interface LinkPeer {
  /** The peer name that it gave, with the authority of its key. */
  readonly name: PeerName
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The public key in hexadecimal digits: a key of Maps. */
  readonly key: string
}

/** One side's judgement of one link: `undecided` until the other side's provider has said enough. */
export interface Admission {
  /** As it stands now. It is read again after each message. */
  readonly verdict: 'admitted' | 'refused' | 'undecided'
  /** Why it is refused, in words: for whoever dials, and for the log. */
  readonly reason?: string | undefined
  /** A message of the other side's provider came. */
  received(message: Uint8Array): 'admitted' | 'refused' | 'undecided'
}

/** `missingProof` is what the neighbor that sent the record is asked for: at most 64 bytes. */
export type Validity = 'valid' | 'invalid' | { readonly missingProof: Uint8Array }

/** In bytes: a chain of the greatest size fits, and what goes with it. */
export const LONGEST_PROVIDER_MESSAGE = 52 * 1024
/** In bytes. */
export const LONGEST_PROOF_REQUEST = 64
/** In bytes: a chain of the greatest size fits. */
export const LONGEST_PROOF = 48 * 1024
