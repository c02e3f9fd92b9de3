/**
 * The identities of a node, as applications see them: data and promises. The work is done by the
 * {@link IdentityStore}, at once; each promise is there because a node may also be another process.
 */
import type { IdentityStore, StoredIdentity } from '../identity/identity-store.ts'
import { authorityPart, classifierPart, type PeerName } from '../identity/peer-name.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'

/** A peer identity: a key pair with a friendly name. */
export interface Identity {
  /** `authority.classifier`: its name everywhere. */
  readonly peerName: PeerName
  /** The part of the peer name before the first dot, 40 digits 0-9 a-f: it stands for the key. */
  readonly authority: string
  /** The part of the peer name after the first dot. */
  readonly classifier: string
  /** What people call it; 1 to 255 characters, not unique. */
  readonly friendlyName: string
  /** When it came into this data directory. */
  readonly created: Date
  /** Whether it is the one that an operation uses that is given none. */
  readonly isDefault: boolean
  /** Whether its key cannot be used before {@link Identities.unlock}. */
  readonly locked: boolean
}

/** A file of the data directory that cannot be used. */
export interface IdentityProblem {
  /** Its name among the identities: `<authority>.pem`, or `default`. */
  readonly file: string
  /** The code of the error that using it gives. */
  readonly code: ErrorCode
  /** For people: what is wrong with it. */
  readonly message: string
  /** What to do about it. */
  readonly advice: string
}

/**
 * The Identity Manager.
 *
 * An identity is named by any of its peer names: the authority decides. Whatever is given one can
 * reject with `identity-not-found`, `identity-deleted` (by another process), `identity-file-damaged`,
 * `identity-file-newer`, `file-too-large`, `file-not-private` and `unsecured-peer-name`; everything
 * with `storage-not-accessible`, `storage-busy`, `disk-full` and `node-closed`. What fails changes nothing.
 */
export interface Identities {
  /**
   * Makes an identity with a new key. The first one becomes the default. A passphrase encrypts the key
   * on disk; the key can be used at once, and after the node was opened again once it is unlocked.
   *
   * @param options The classifier is `peer` if there is none.
   * @throws PeerageError `invalid-friendly-name`, `invalid-classifier`, `classifier-too-long`,
   *   `empty-password`, `invalid-argument` (the passphrase), `too-many-identities` (more than 1,000)
   */
  create(options: {
    friendlyName: string
    classifier?: string | undefined
    passphrase?: string | undefined
  }): Promise<Identity>
  /** Every identity that can be used, the oldest first. */
  list(): Promise<readonly Identity[]>
  /** The files that cannot be used, and why; they concern no other identity. */
  problems(): Promise<readonly IdentityProblem[]>
  /** One identity; without a name, the default. */
  get(identity?: PeerName): Promise<Identity>
  /** Changes the friendly name and nothing else. @throws PeerageError `invalid-friendly-name` */
  rename(identity: PeerName, friendlyName: string): Promise<Identity>
  /** Removes an identity and its key for ever. @throws PeerageError `identity-has-groups` */
  delete(identity: PeerName): Promise<void>
  /** Makes an identity the default. When the default is deleted, the oldest of the others is the next. */
  setDefault(identity: PeerName): Promise<Identity>
  /**
   * Another peer name of an identity. It makes no key and changes nothing.
   *
   * @throws PeerageError `invalid-classifier`, `classifier-too-long`
   */
  makePeerName(identity: PeerName, classifier: string): Promise<PeerName>
  /**
   * Opens the key of an identity that has a passphrase, until the node is closed.
   *
   * @throws PeerageError `wrong-passphrase`, `identity-not-locked`, `empty-password`, `invalid-argument`
   */
  unlock(identity: PeerName, passphrase: string): Promise<Identity>
  /**
   * The identity certificate (IDC), self-signed X.509 in PEM, of an identity; without a name, of the default.
   *
   * @throws PeerageError `identity-locked`
   */
  certificate(identity?: PeerName): Promise<string>
  /**
   * One text that carries an identity to another place, its key encrypted with the password.
   *
   * @throws PeerageError `empty-password`, `invalid-argument` (the password), `identity-locked`
   */
  export(identity: PeerName, password: string): Promise<string>
  /**
   * Keeps the identity of an export.
   *
   * @param options The password of the export, and the passphrase that the key shall have here, if any.
   * @throws PeerageError `invalid-identity-export`, `identity-file-newer`, `wrong-passphrase`,
   *   `identity-exists`, `too-many-identities`, `empty-password`, `invalid-argument`
   */
  import(text: string, options: { password: string; passphrase?: string | undefined }): Promise<Identity>
}

/**
 * The identities of a store.
 *
 * @param open Called with the name of each operation before it begins; throws if the node is closed.
 */
export function identitiesOf(store: IdentityStore, requireOpen: (operation: string) => void): Identities {
  const perform = async <Result>(operation: string, action: () => Result): Promise<Result> => {
    requireOpen(`identities.${operation}`)
    return action()
  }
  return {
    create: (options) => perform('create', () => identityOf(store.create(options))),
    list: () => perform('list', () => store.list().map(identityOf)),
    problems: () =>
      perform('problems', () =>
        store.problems().map(({ file, error: { code, message, advice } }) => ({ file, code, message, advice })),
      ),
    get: (identity) => perform('get', () => identityOf(store.get(identity))),
    rename: (identity, friendlyName) => perform('rename', () => identityOf(store.rename(identity, friendlyName))),
    delete: (identity) => perform('delete', () => store.delete(identity)),
    setDefault: (identity) => perform('setDefault', () => identityOf(store.setDefault(identity))),
    makePeerName: (identity, classifier) => perform('makePeerName', () => store.makePeerName(identity, classifier)),
    unlock: (identity, passphrase) => perform('unlock', () => identityOf(store.unlock(identity, passphrase))),
    certificate: (identity) => perform('certificate', () => store.certificate(identity)),
    export: (identity, password) => perform('export', () => store.export(identity, password)),
    import: (text, options) => perform('import', () => identityOf(store.import(text, options))),
  }
}

function identityOf({ peerName, friendlyName, created, isDefault, locked }: StoredIdentity): Identity {
  return {
    peerName,
    authority: authorityPart(peerName),
    classifier: classifierPart(peerName),
    friendlyName,
    created: new Date(created),
    isDefault,
    locked,
  }
}
