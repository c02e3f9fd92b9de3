/**
 * Setting, replacing and removing the password at one node, and sealing it to those who may admit by it and came later: an
 * administrator's node does that by itself (P-115, P-118, P-119).
 */
import type { Role } from '../identity/role.ts'
import { equalSecrets } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomFraction } from '../runtime/random.ts'
import type { CertificateDigest } from './digests.ts'
import type { GroupDone } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import {
  addingAdmitters,
  admittersOf,
  missingAdmitters,
  openLockedPasswords,
  openPassword,
  type PasswordState,
  passwordState,
  removingPassword,
  settingPassword,
} from './group-password.ts'
import type { GroupWriting } from './group-writing.ts'
import type { MemberChain } from './member-chain.ts'
import { encodePasswordRecord, expirationOfPassword, PASSWORD_TYPE, type PasswordRecord } from './password-record.ts'
import { isSameCost, type PasswordVerifier } from './password-verifier.ts'
import { hasRight } from './rights.ts'
import type { Admitter } from './verifier-seals.ts'

/** The password that counts. */
export interface GroupPasswordInfo {
  readonly role: Role
  readonly state: PasswordState
}

/** The verifiers that this node can open: of the password that counts, and of all that are locked. */
export interface KnownVerifiers {
  readonly current: PasswordVerifier | undefined
  readonly locked: readonly PasswordVerifier[]
}

/** How long a node waits at most before it seals the password to others by itself, in milliseconds: it may be that another one does. */
export const LONGEST_SEALING_WAIT = 30_000

/** The password at one node. */
export class PasswordKeeping {
  readonly #parts: GroupParts
  readonly #writing: GroupWriting
  #sealing: Deadline | undefined

  constructor(parts: GroupParts, writing: GroupWriting) {
    this.#parts = parts
    this.#writing = writing
  }

  get info(): GroupPasswordInfo | undefined {
    const password = this.#parts.records?.password.password
    return password && { role: password.role, state: passwordState(password, this.#isRevoked) }
  }

  known(): KnownVerifiers {
    const { crypto, group, identity, records } = this.#parts
    const password = records?.password.password
    if (records === undefined) return { current: undefined, locked: [] }
    const { keyPair } = identity
    const own = this.#ownCertificates()
    return {
      current: password && openPassword(crypto, group, password, own, keyPair),
      locked: openLockedPasswords(crypto, group, records.standingPasswords(), this.#isRevoked, own, keyPair),
    }
  }

  set(verifier: PasswordVerifier, role: Role, done: GroupDone<void>): void {
    const { crypto, random, group } = this.#parts
    const records = this.#parts.requireRecords()
    this.#requireRight('setting the password')
    const isLocked = this.known().locked.some((locked) => {
      return isSameCost(locked.cost, verifier.cost) && equalSecrets(locked.value, verifier.value)
    })
    if (isLocked) throw new PeerageError('password-locked', { group })
    const setting = settingPassword(crypto, random, group, records.password, { role, verifier }, this.#admitters(role))
    this.#write(setting, (error) => {
      if (error === undefined) this.#sealSoon(0)
      done(error)
    })
  }

  remove(done: GroupDone<void>): void {
    this.#requireRight('removing the password')
    const records = this.#parts.requireRecords()
    if (records.password.password === undefined) this.#parts.deadlines.set(0, () => done(undefined))
    else this.#write(removingPassword(records.password), done)
  }

  /** Something may have changed: somebody may be able to admit who was not when the password was set. */
  look(): void {
    if (this.#sealing !== undefined || !this.#maySet()) return
    this.#sealSoon(LONGEST_SEALING_WAIT * randomFraction(this.#parts.random))
  }

  #sealSoon(wait: number): void {
    if (this.#sealing !== undefined) this.#parts.deadlines.cancel(this.#sealing)
    this.#sealing = this.#parts.deadlines.set(wait, () => {
      this.#sealing = undefined
      this.#sealMissing()
    })
  }

  /** Seals the password to whom it is not sealed yet. What is stored then makes this node look again, until there is nobody left. */
  #sealMissing(): void {
    const { crypto, random, group, identity, records, log } = this.#parts
    const password = records?.password.password
    if (password === undefined || !this.#maySet()) return
    const missing = missingAdmitters(password, this.#admitters(password.role))
    if (missing.length === 0) return
    const verifier = openPassword(crypto, group, password, this.#ownCertificates(), identity.keyPair)
    if (verifier === undefined) return
    try {
      this.#write(addingAdmitters(crypto, random, group, password, verifier, missing), (error) => {
        if (error !== undefined) log.warn('the password could not be sealed to others', { problem: error.message })
        else this.#sealSoon(0)
      })
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      log.warn('the password could not be sealed to others', { problem: error.message })
    }
  }

  #write(record: PasswordRecord, written: (error: PeerageError | undefined) => void): void {
    const now = this.#parts.graph.now()
    const expires = expirationOfPassword(now, this.#parts.requireRecords().longestLife)
    this.#writing.add({ type: PASSWORD_TYPE, expires, payload: encodePasswordRecord(record) }, written, now)
  }

  #requireRight(operation: string): void {
    this.#parts.requireOwn(operation, ({ roles }) => hasRight(roles, 'set-password'))
  }

  #maySet(): boolean {
    const { security, now } = this.#parts
    return security.own.toWrite(now, 'set-password') !== undefined
  }

  #admitters(role: Role): readonly Admitter[] {
    const { crypto, now, records } = this.#parts
    const inForce: MemberChain[] = []
    for (const key of records?.state.keys() ?? []) {
      inForce.push(...(records?.state.chainsInForce(key, now) ?? []).filter(({ notAfter }) => notAfter >= now))
    }
    return admittersOf(crypto, inForce, role)
  }

  #ownCertificates(): readonly CertificateDigest[] {
    return this.#parts.security.own.all().flatMap(({ certificateDigests }) => certificateDigests.slice(-1))
  }

  readonly #isRevoked = (certificate: CertificateDigest): boolean => {
    return this.#parts.records?.state.isRevoked(certificate) ?? false
  }
}
