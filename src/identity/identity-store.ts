/**
 * The Identity Manager: the operations on the identities of one data directory. How the files lie
 * there, and which identity is the default, is in identity-folder.ts.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Crypto, SEED_LENGTH, type SigningKeyPair } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import type { Storage } from '../runtime/storage.ts'
import { authorityOf } from './authority.ts'
import { CERTIFICATE_LABEL, makeIdentityCertificate } from './certificate/identity-certificate.ts'
import { checkFriendlyName } from './friendly-name.ts'
import { decodeIdentityExport, type ExportedIdentity, encodeIdentityExport } from './identity-export.ts'
import { decryptStoredKey, type IdentityFile } from './identity-file.ts'
import { fileName, IdentityFolder, type IdentityProblem } from './identity-folder.ts'
import { checkPassphrase } from './passphrase.ts'
import { authorityPart, makePeerName, type PeerName, requireSecured } from './peer-name.ts'
import { encodePem } from './pem.ts'
import { encryptPrivateKey } from './private-key.ts'

/** An identity as it is listed and shown: everything but its key. */
export interface StoredIdentity {
  readonly peerName: PeerName
  readonly friendlyName: string
  /** When it came into this data directory, in milliseconds since 1970. */
  readonly created: number
  /** Whether it is the one that an operation uses that is given none. */
  readonly isDefault: boolean
  /** Whether its key cannot be used before {@link IdentityStore.unlock}. */
  readonly locked: boolean
}

/** What a new identity is made from. */
export interface NewIdentity {
  readonly friendlyName: string
  /** {@link DEFAULT_CLASSIFIER} if there is none. */
  readonly classifier?: string | undefined
  /** Encrypts the key; without one, the file can be used by whoever can read it. */
  readonly passphrase?: string | undefined
}

/** What the store stands on. */
export interface IdentityStorePorts {
  readonly storage: Storage
  readonly crypto: Crypto
  readonly random: Random
  readonly clock: Clock
  readonly log: Log
  /** The peer names of the groups that an identity still has; an identity that has any is not deleted. */
  readonly groupsOf: (identity: PeerName) => readonly PeerName[]
}

/** How many identities a data directory holds; files that cannot be used count. */
export const MOST_IDENTITIES = 1000
/** The classifier of an identity that was made without one. */
export const DEFAULT_CLASSIFIER = 'peer'

/**
 * The identities of one data directory. An identity is named by any of its peer names: the authority
 * decides, the classifier does not matter.
 *
 * Every method may also throw what its {@link Storage} throws. Every method that is given an identity
 * may throw `identity-not-found`, `identity-deleted` (by another process, after this object had
 * shown it), `identity-file-damaged`, `identity-file-newer`, `file-too-large`, `file-not-private` and
 * `unsecured-peer-name`.
 */
export class IdentityStore {
  readonly #ports: IdentityStorePorts
  readonly #folder: IdentityFolder
  /** The keys that a passphrase has opened, by authority, for the life of this object. */
  readonly #unlocked = new Map<string, SigningKeyPair>()
  /** The authorities of all identities that this object has shown, so that it can tell when one was deleted by another. */
  readonly #known = new Set<string>()

  constructor(ports: IdentityStorePorts) {
    this.#ports = ports
    this.#folder = new IdentityFolder(ports)
  }

  /**
   * Makes a key pair and keeps it.
   *
   * @throws PeerageError `invalid-friendly-name`, `invalid-classifier`, `classifier-too-long`,
   *   `empty-password`, `invalid-argument` (the passphrase), `too-many-identities`
   */
  create(options: NewIdentity): StoredIdentity {
    const prepared = this.#prepare(this.#generate(options), options.passphrase)
    return this.#ports.storage.exclusively(() => this.#add(prepared))
  }

  /**
   * The default identity, made first if there are no identities at all. Of several processes that try
   * this at the same moment, one makes it.
   *
   * @throws PeerageError as {@link IdentityStore.create} and {@link IdentityStore.get} do
   */
  getOrCreate(options: NewIdentity): StoredIdentity {
    if (this.#folder.authorities().length > 0) return this.get()
    const prepared = this.#prepare(this.#generate(options), options.passphrase)
    return this.#ports.storage.exclusively(() =>
      this.#folder.authorities().length > 0 ? this.get() : this.#add(prepared),
    )
  }

  /** Every identity that can be used, the oldest first; for others see {@link IdentityStore.problems}. */
  list(): readonly StoredIdentity[] {
    const { files, defaultAuthority } = this.#folder.read()
    return files.map((file) => this.#describe(file, defaultAuthority))
  }

  /** The files that cannot be used. */
  problems(): readonly IdentityProblem[] {
    return this.#folder.read().problems
  }

  /** One identity; without a name, the default. */
  get(identity?: PeerName): StoredIdentity {
    return this.#show(this.#require(identity))
  }

  /** Changes the friendly name and nothing else. @throws PeerageError `invalid-friendly-name` */
  rename(identity: PeerName, friendlyName: string): StoredIdentity {
    checkFriendlyName(friendlyName)
    return this.#ports.storage.exclusively(() => {
      const renamed = { ...this.#require(identity), friendlyName }
      this.#folder.replace(renamed)
      return this.#show(renamed)
    })
  }

  /**
   * Removes an identity and its key for ever. If it was the default, the oldest of the others is the next.
   *
   * @throws PeerageError `identity-has-groups`
   */
  delete(identity: PeerName): void {
    const { storage, groupsOf, log } = this.#ports
    const authority = authorityPart(requireSecured(identity))
    storage.exclusively(() => {
      const { peerName } = this.#require(identity)
      const groups = groupsOf(peerName)
      if (groups.length > 0) throw new PeerageError('identity-has-groups', { identity: peerName, groups })
      this.#folder.remove(authority)
      log.info('identity deleted', { peerName })
    })
    this.#unlocked.delete(authority)
    this.#known.delete(authority)
  }

  /** Makes an identity the default. */
  setDefault(identity: PeerName): StoredIdentity {
    return this.#ports.storage.exclusively(() => {
      const file = this.#require(identity)
      this.#folder.writeDefault(authorityPart(file.peerName))
      return this.#show(file)
    })
  }

  /**
   * Another peer name of an identity. It makes no key and changes nothing.
   *
   * @throws PeerageError `invalid-classifier`, `classifier-too-long`
   */
  makePeerName(identity: PeerName, classifier: string): PeerName {
    return makePeerName(authorityPart(this.#require(identity).peerName), classifier)
  }

  /**
   * Opens the key of an identity that has a passphrase, for the life of this object. Slow by intention.
   *
   * @throws PeerageError `wrong-passphrase`, `identity-not-locked`, `empty-password`, `invalid-argument`
   */
  unlock(identity: PeerName, passphrase: string): StoredIdentity {
    checkPassphrase(passphrase, 'unlocking an identity')
    const file = this.#require(identity)
    const { peerName, key } = file
    if ('keyPair' in key) throw new PeerageError('identity-not-locked', { identity: peerName })
    const { crypto, storage } = this.#ports
    const authority = authorityPart(peerName)
    const location = storage.locate(fileName(authority))
    const keyPair = decryptStoredKey(crypto, file, key.encrypted, passphrase, location)
    if (keyPair === undefined) throw new PeerageError('wrong-passphrase', { identity: peerName })
    this.#unlocked.set(authority, keyPair)
    return this.#show(file)
  }

  /** The key pair of an identity; without a name, of the default. @throws PeerageError `identity-locked` */
  keyPair(identity?: PeerName): SigningKeyPair {
    return this.#openKey(this.#require(identity))
  }

  /**
   * A new identity certificate (IDC) in PEM, of an identity; without a name, of the default.
   *
   * @throws PeerageError `identity-locked`
   */
  certificate(identity?: PeerName): string {
    const { crypto, random, clock } = this.#ports
    const file = this.#require(identity)
    const { peerName, friendlyName } = file
    const identification = { peerName, friendlyName, keyPair: this.#openKey(file), now: clock.utc() }
    return encodePem(CERTIFICATE_LABEL, makeIdentityCertificate(crypto, random, identification))
  }

  /**
   * One text that carries an identity to another place, protected with a password. Slow by intention.
   *
   * @throws PeerageError `empty-password`, `invalid-argument` (the password), `identity-locked`
   */
  export(identity: PeerName, password: string): string {
    checkPassphrase(password, 'the export of an identity')
    const { crypto, random } = this.#ports
    const file = this.#require(identity)
    return encodeIdentityExport(crypto, random, { ...file, keyPair: this.#openKey(file) }, password)
  }

  /**
   * Keeps the identity of an export. Slow by intention.
   *
   * @param options The password of the export, and the passphrase that the key shall have here, if any.
   * @throws PeerageError `invalid-identity-export`, `identity-file-newer`, `wrong-passphrase`,
   *   `identity-exists`, `too-many-identities`, `empty-password`, `invalid-argument`
   */
  import(
    text: string,
    options: { readonly password: string; readonly passphrase?: string | undefined },
  ): StoredIdentity {
    checkPassphrase(options.password, 'the import of an identity')
    const identity = decodeIdentityExport(this.#ports.crypto, text, options.password)
    const prepared = this.#prepare(identity, options.passphrase)
    return this.#ports.storage.exclusively(() => this.#add(prepared))
  }

  #generate({ friendlyName, classifier = DEFAULT_CLASSIFIER }: NewIdentity): ExportedIdentity {
    checkFriendlyName(friendlyName)
    const { crypto, random } = this.#ports
    const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
    return { peerName: makePeerName(authorityOf(crypto, keyPair.publicKey), classifier), friendlyName, keyPair }
  }

  /** What to write. Encrypting is slow, so it is done before {@link Storage.exclusively}. */
  #prepare({ peerName, friendlyName, keyPair }: ExportedIdentity, passphrase: string | undefined): PreparedIdentity {
    const { crypto, random, clock } = this.#ports
    const named = { peerName, friendlyName, publicKey: keyPair.publicKey, created: clock.utc() }
    if (passphrase === undefined) return { keyPair, file: { ...named, key: { keyPair } } }
    checkPassphrase(passphrase, 'an identity with a passphrase')
    const encrypted = encryptPrivateKey(crypto, random, keyPair.secretKey, passphrase)
    return { keyPair, file: { ...named, key: { encrypted } } }
  }

  #add({ file, keyPair }: PreparedIdentity): StoredIdentity {
    const { peerName } = file
    const authority = authorityPart(peerName)
    const authorities = this.#folder.authorities()
    if (authorities.includes(authority)) throw new PeerageError('identity-exists', { identity: peerName })
    if (authorities.length >= MOST_IDENTITIES) {
      throw new PeerageError('too-many-identities', { limit: MOST_IDENTITIES })
    }
    const added = this.#folder.add(file)
    // Its passphrase has just been given.
    if ('encrypted' in file.key) this.#unlocked.set(authority, keyPair)
    this.#ports.log.info('identity added', { peerName })
    return this.#show(added)
  }

  #require(identity?: PeerName): IdentityFile {
    const authority = identity === undefined ? this.#folder.defaultAuthority() : authorityPart(requireSecured(identity))
    const file = authority === undefined ? undefined : this.#folder.readFile(authority)
    if (file !== undefined) return file
    const wasKnown = authority !== undefined && this.#known.has(authority)
    throw new PeerageError(wasKnown ? 'identity-deleted' : 'identity-not-found', {
      identity: identity ?? 'the default',
    })
  }

  #openKey({ peerName, key }: IdentityFile): SigningKeyPair {
    const keyPair = 'keyPair' in key ? key.keyPair : this.#unlocked.get(authorityPart(peerName))
    if (keyPair === undefined) throw new PeerageError('identity-locked', { identity: peerName })
    return keyPair
  }

  #show(file: IdentityFile): StoredIdentity {
    return this.#describe(file, this.#folder.read().defaultAuthority)
  }

  #describe(file: IdentityFile, defaultAuthority: string | undefined): StoredIdentity {
    const { peerName, friendlyName, created, key } = file
    const authority = authorityPart(peerName)
    this.#known.add(authority)
    return {
      peerName,
      friendlyName,
      created,
      isDefault: authority === defaultAuthority,
      locked: 'encrypted' in key && !this.#unlocked.has(authority),
    }
  }
}

/** An identity that is about to be added. */
interface PreparedIdentity {
  readonly file: Omit<IdentityFile, 'order'>
  readonly keyPair: SigningKeyPair
}
