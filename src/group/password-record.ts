/**
 * The payloads of `peerage.password` records, of which the password of a group consists (P-118): one sets it, and holds its role
 * and its verifier, sealed to everybody who may admit by it; others add who came to that role later; or one says that
 * there is none any more. docs/protocol/group-password.md has the layout; group-password.ts says what counts, and makes them.
 *
 * Such records are only ever added, never changed or deleted: so what was sealed to whom is known wherever they
 * are, in whatever order they come, also when administrators have written apart. One lives for the group's longest record life,
 * counted from its creation, whatever becomes of its author's certificate. No revocation that locks its password ends
 * earlier: that lives as long after the end of the certificate, and nothing is sealed to one that has ended.
 */
import { ROLES, type Role } from '../identity/role.ts'
import type { GraphRecord } from '../records/record.ts'
import { RECORD_ID_LENGTH, type RecordId, recordIdBytes, recordIdFromBytes } from '../records/record-id.ts'
import { LARGEST_RECORD } from '../records/record-size.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { AuthorChain } from './author-chain.ts'
import { certificateDigestFromBytes, DIGEST_LENGTH, digestBytes } from './digests.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { addOnlyProblem, authorshipProblem } from './group-record-rules.ts'
import { GROUP_RECORD_FIELDS, GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { isLegalCost, type PasswordCost } from './password-verifier.ts'
import { hasRight } from './rights.ts'
import { SEAL_LENGTH, SEALING_KEY_LENGTH, type SealedVerifier, type VerifierSeal } from './verifier-seals.ts'

/** The type of such records. */
export const PASSWORD_TYPE = 'peerage.password'

/** What a record of this type says. */
export type PasswordRecord = PasswordSetting | PasswordRemoval | PasswordAddition

/** Sets a password, in the place of any other. */
export interface PasswordSetting {
  readonly kind: 'setting'
  /** How often a password was set or removed before. */
  readonly generation: number
  /** Of whoever joins by it. */
  readonly role: Role
  readonly cost: PasswordCost
  /** In ascending order of the certificates' digests. */
  readonly sealed: SealedVerifier
}

/** Removes the password. */
export interface PasswordRemoval {
  readonly kind: 'removal'
  readonly generation: number
}

/** Adds certificates to which a password is sealed. */
export interface PasswordAddition {
  readonly kind: 'addition'
  /** The record that has set the password. */
  readonly password: RecordId
  readonly sealed: SealedVerifier
}

/** Certificates to which one record seals: there can be several records. */
export const MOST_SEALS_OF_RECORD = 600
/** After it no further password can be set. */
export const LAST_PASSWORD_GENERATION = 0xffff_ffff

/** What a record is, on the wire. One that sets a password has the place of its role in {@link ROLES}, and 1 more. */
const REMOVAL = 0
const ADDITION = 4

/**
 * Judges the record itself, whose payload is read elsewhere. That nothing is revoked is not looked at.
 *
 * @param author The chain that it names
 * @param longestLife In milliseconds, from the group's properties
 */
export function passwordRecordProblem(
  record: GraphRecord,
  author: AuthorChain,
  longestLife: number,
): GroupRecordProblem | undefined {
  const problem = addOnlyProblem(record) ?? authorshipProblem(record, { creator: author, author })
  if (problem !== undefined) return problem
  if (!hasRight(author.roles, 'set-password')) return 'no-right'
  return record.expires === expirationOfPassword(record.created, longestLife) ? undefined : 'expiration'
}

/** When a password record has to end. */
export function expirationOfPassword(created: number, longestLife: number): number {
  return Math.min(created + longestLife, LATEST_UTC)
}

/** The payload of a record. */
export function encodePasswordRecord(record: PasswordRecord): Uint8Array {
  const writer = new WireWriter(LARGEST_RECORD)
  writer.uint8(GROUP_VERSION)
  switch (record.kind) {
    case 'setting':
      writer.uint8(ROLES.indexOf(record.role) + 1)
      writer.uint32(record.generation)
      writer.uint32(record.cost.memory)
      writer.uint16(record.cost.passes)
      writeSeals(writer, record.sealed)
      break
    case 'removal':
      writer.uint8(REMOVAL)
      writer.uint32(record.generation)
      break
    case 'addition':
      writer.uint8(ADDITION)
      writer.bytes(recordIdBytes(record.password))
      writeSeals(writer, record.sealed)
      break
  }
  writeTaggedFields(writer, [], GROUP_RECORD_FIELDS)
  return writer.copy()
}

/** Reads a payload; nothing of it is a view of the input. @throws PeerageError `malformed`, `unsupported-version` */
export function decodePasswordRecord(payload: Uint8Array): PasswordRecord {
  const reader = new WireReader(payload, 'password record')
  requireGroupVersion(reader.uint8(), 'password record')
  const record = readKind(reader)
  readTaggedFields(reader, GROUP_RECORD_FIELDS)
  reader.finish()
  return record
}

function readKind(reader: WireReader): PasswordRecord {
  const code = reader.uint8()
  if (code === REMOVAL) return { kind: 'removal', generation: reader.uint32() }
  if (code === ADDITION) {
    const password = recordIdFromBytes(reader.bytes(RECORD_ID_LENGTH))
    return { kind: 'addition', password, sealed: readSeals(reader) }
  }
  const role = ROLES[code - 1]
  if (role === undefined) throw reader.malformed(`no record of a password is of kind ${code}`)
  const generation = reader.uint32()
  const cost = { memory: reader.uint32(), passes: reader.uint16() }
  if (!isLegalCost(cost)) throw reader.malformed('the cost of Argon2id is out of bounds')
  return { kind: 'setting', generation, role, cost, sealed: readSeals(reader) }
}

function writeSeals(writer: WireWriter, { sealingKey, seals }: SealedVerifier): void {
  writer.bytes(sealingKey)
  writer.count(seals.length, MOST_SEALS_OF_RECORD)
  for (const { certificate, sealed } of seals) {
    writer.bytes(digestBytes(certificate))
    writer.bytes(sealed)
  }
}

function readSeals(reader: WireReader): SealedVerifier {
  const sealingKey = reader.bytes(SEALING_KEY_LENGTH).slice()
  const seals: VerifierSeal[] = []
  let last = ''
  for (let left = reader.count(MOST_SEALS_OF_RECORD, DIGEST_LENGTH + SEAL_LENGTH); left > 0; left--) {
    const certificate = certificateDigestFromBytes(reader.bytes(DIGEST_LENGTH))
    if (certificate <= last) throw reader.malformed('certificates are not in ascending order')
    seals.push({ certificate, sealed: reader.bytes(SEAL_LENGTH).slice() })
    last = certificate
  }
  return { sealingKey, seals }
}
