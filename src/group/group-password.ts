/**
 * The password of a group, as its records make it: which one counts, to whom it is sealed, whether it is locked.
 *
 * Setting a password, and removing it, takes a record with the next *generation*. That of the greatest generation counts,
 * and of two that were made apart the one with the greater ID: never the order of arrival. The password is sealed to
 * whom its record names, and to whom additions name. An addition belongs to one record, so that it never undoes a
 * replacement, and several that were made apart all count. Once a certificate is revoked to which the password was ever sealed,
 * the password is locked (P-119), and only the next generation, with another password, unlocks.
 */
import type { PeerName } from '../identity/peer-name.ts'
import { mayGiveRole, ROLES, type Role } from '../identity/role.ts'
import type { RecordId } from '../records/record-id.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { CertificateDigest } from './digests.ts'
import type { MemberChain } from './member-chain.ts'
import {
  LAST_PASSWORD_GENERATION,
  MOST_SEALS_OF_RECORD,
  type PasswordAddition,
  type PasswordRecord,
  type PasswordRemoval,
  type PasswordSetting,
} from './password-record.ts'
import type { PasswordCost, PasswordVerifier } from './password-verifier.ts'
import { type Admitter, canBeSealedTo, openVerifier, type SealedVerifier, sealVerifier } from './verifier-seals.ts'

/** What the records of a group say of its password. */
export interface PasswordStanding {
  /** Of the record that counts; undefined where there is none. */
  readonly generation: number | undefined
  /** Undefined if none was ever set, or the last one was removed. */
  readonly password: GroupPassword | undefined
}

/** The password that is set. */
export interface GroupPassword extends PasswordTerms {
  /** Of the record that has set it. */
  readonly id: RecordId
  /** In each of its records. */
  readonly sealed: readonly SealedVerifier[]
}

/** What a seal belongs to, besides the group. */
interface PasswordTerms {
  readonly generation: number
  readonly role: Role
  readonly cost: PasswordCost
}

/** Whether a password admits anybody: one that is locked says so, with a reason of its own. */
export type PasswordState = 'locked' | 'in-force'

/** What counts, of all password records that are valid here: the same wherever these are the same. */
export function passwordStanding(records: ReadonlyMap<RecordId, PasswordRecord>): PasswordStanding {
  let counting: { readonly id: RecordId; readonly record: PasswordSetting | PasswordRemoval } | undefined
  for (const [id, record] of records) {
    if (record.kind === 'addition') continue
    if (counting === undefined || isAfter(id, record, counting)) counting = { id, record }
  }
  if (counting === undefined) return { generation: undefined, password: undefined }
  const { id, record } = counting
  const { generation } = record
  return { generation, password: record.kind === 'setting' ? passwordOf(id, record, records) : undefined }
}

function passwordOf(
  id: RecordId,
  { generation, role, cost, sealed }: PasswordSetting,
  records: ReadonlyMap<RecordId, PasswordRecord>,
): GroupPassword {
  const added: (readonly [RecordId, SealedVerifier])[] = []
  for (const [additionId, record] of records) {
    if (record.kind === 'addition' && record.password === id) added.push([additionId, record.sealed])
  }
  added.sort(([one], [other]) => inOrder(one, other))
  return { id, generation, role, cost, sealed: [sealed, ...added.map(([, seals]) => seals)] }
}

/**
 * Whether the password admits anybody. It depends on records alone: it is locked while a certificate is revoked to which it
 * is sealed.
 */
export function passwordState(
  { sealed }: GroupPassword,
  isRevoked: (certificate: CertificateDigest) => boolean,
): PasswordState {
  return sealed.some(({ seals }) => seals.some(({ certificate }) => isRevoked(certificate))) ? 'locked' : 'in-force'
}

/** Of these members, those who may admit by a password with this role, each with its certificate: to them it has to be sealed. */
export function admittersOf(crypto: Crypto, inForce: Iterable<MemberChain>, role: Role): readonly Admitter[] {
  const admitters = new Map<CertificateDigest, Admitter>()
  for (const { certificateDigests, leaf, roles } of inForce) {
    const certificate = certificateDigests.at(-1)
    if (certificate === undefined || !mayGiveRole(roles, role) || !canBeSealedTo(crypto, leaf.publicKey)) continue
    admitters.set(certificate, { certificate, publicKey: leaf.publicKey })
  }
  return [...admitters.values()].sort((one, other) => inOrder(one.certificate, other.certificate))
}

/**
 * The record that sets a password. Where there are more than {@link MOST_SEALS_OF_RECORD} admitters, additions
 * follow for {@link missingAdmitters}.
 *
 * @param before What counts until then
 * @param admitters Of {@link admittersOf}
 * @throws PeerageError `not-authorized` if there can be no further generation
 */
export function settingPassword(
  crypto: Crypto,
  random: Random,
  group: PeerName,
  before: PasswordStanding,
  { role, verifier }: { readonly role: Role; readonly verifier: PasswordVerifier },
  admitters: readonly Admitter[],
): PasswordSetting {
  const terms = { generation: nextGeneration(before), role, cost: verifier.cost }
  return { kind: 'setting', ...terms, sealed: sealedFor(crypto, random, group, terms, verifier, admitters) }
}

/** The record that removes the password. @throws PeerageError `not-authorized` if there can be no further generation */
export function removingPassword(before: PasswordStanding): PasswordRemoval {
  return { kind: 'removal', generation: nextGeneration(before) }
}

/** Those who may admit and cannot yet, because the password is not sealed to them. */
export function missingAdmitters({ sealed }: GroupPassword, admitters: readonly Admitter[]): readonly Admitter[] {
  const present = new Set(sealed.flatMap(({ seals }) => seals.map(({ certificate }) => certificate)))
  return admitters.filter(({ certificate }) => !present.has(certificate))
}

/**
 * The record that seals a password to some more: to the first {@link MOST_SEALS_OF_RECORD} of them. It is also good for a
 * password that is locked, and leaves it so: whoever is added can tell whether it is set again.
 *
 * @param verifier What {@link openPassword} gave
 * @param missing Of {@link missingAdmitters}
 */
export function addingAdmitters(
  crypto: Crypto,
  random: Random,
  group: PeerName,
  password: GroupPassword,
  verifier: PasswordVerifier,
  missing: readonly Admitter[],
): PasswordAddition {
  const sealed = sealedFor(crypto, random, group, password, verifier, missing)
  return { kind: 'addition', password: password.id, sealed }
}

/**
 * The verifier, for a holder of certificates; undefined if it is sealed to none of them, or not for this group.
 *
 * @param certificates All of one key
 */
export function openPassword(
  crypto: Crypto,
  group: PeerName,
  password: GroupPassword,
  certificates: readonly CertificateDigest[],
  keyPair: SigningKeyPair,
): PasswordVerifier | undefined {
  const context = sealContext(group, password)
  for (const sealed of password.sealed) {
    for (const certificate of certificates) {
      const value = openVerifier(crypto, sealed, certificate, keyPair, context)
      if (value !== undefined) return { cost: password.cost, value }
    }
  }
  return undefined
}

/**
 * The verifiers of all passwords that are locked, the former ones too, as far as a holder of certificates can open them:
 * none of these passwords is set again (P-119).
 */
export function openLockedPasswords(
  crypto: Crypto,
  group: PeerName,
  records: ReadonlyMap<RecordId, PasswordRecord>,
  isRevoked: (certificate: CertificateDigest) => boolean,
  certificates: readonly CertificateDigest[],
  keyPair: SigningKeyPair,
): readonly PasswordVerifier[] {
  const verifiers: PasswordVerifier[] = []
  for (const [id, record] of records) {
    if (record.kind !== 'setting') continue
    const password = passwordOf(id, record, records)
    if (passwordState(password, isRevoked) !== 'locked') continue
    const verifier = openPassword(crypto, group, password, certificates, keyPair)
    if (verifier !== undefined) verifiers.push(verifier)
  }
  return verifiers
}

function sealedFor(
  crypto: Crypto,
  random: Random,
  group: PeerName,
  terms: PasswordTerms,
  verifier: PasswordVerifier,
  admitters: readonly Admitter[],
): SealedVerifier {
  const first = admitters.slice(0, MOST_SEALS_OF_RECORD)
  return sealVerifier(crypto, random, verifier.value, first, sealContext(group, terms))
}

/** Where a verifier belongs: seals of one group, generation, role or cost do not open as those of another one. */
function sealContext(group: PeerName, { generation, role, cost }: PasswordTerms): Uint8Array {
  const name = toUtf8(group)
  const writer = new WireWriter(TERMS_LENGTH + name.length)
  writer.uint32(generation)
  writer.uint8(ROLES.indexOf(role) + 1)
  writer.uint32(cost.memory)
  writer.uint16(cost.passes)
  writer.bytes(name)
  return writer.view()
}

/** In bytes, on the wire. */
const TERMS_LENGTH = 11

function nextGeneration({ generation }: PasswordStanding): number {
  if (generation === undefined) return 0
  if (generation < LAST_PASSWORD_GENERATION) return generation + 1
  throw new PeerageError('not-authorized', {
    operation: 'set or remove the password',
    problem: 'an administrator has used up its generations; revoke the certificate under which that was done',
  })
}

function isAfter(
  id: RecordId,
  { generation }: { readonly generation: number },
  other: { readonly id: RecordId; readonly record: { readonly generation: number } },
): boolean {
  return generation === other.record.generation ? id > other.id : generation > other.record.generation
}

/** IDs and digests are texts of hexadecimal digits, in the order of their bytes. */
function inOrder(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
