/**
 * The files of an identity store: one for each identity, `<authority>.pem`, and one more, `default`,
 * with the authority of the default identity.
 *
 * Writing or removing the file of an identity is the one step that makes a change; what happens to
 * `default` before or after it means the same whether or not it gets done. So a process that is
 * killed leaves the old state or the new one.
 *
 * **The default** is the identity that `default` names. If it names none that is there, it is the
 * oldest of those that can be used, by {@link IdentityFile.order}. An identity whose file is damaged
 * stays the default: nothing ever falls back to another identity.
 *
 * Whatever changes something is called within {@link Storage.exclusively}.
 */
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'
import { decodeIdentityFile, encodeIdentityFile, type IdentityFile, LARGEST_IDENTITY_FILE } from './identity-file.ts'
import { authorityPart } from './peer-name.ts'

/** What the files say together. */
export interface FolderContents {
  /** Those that can be used, the oldest first. */
  readonly files: readonly IdentityFile[]
  readonly problems: readonly IdentityProblem[]
  /** Of the default identity, which may be one that cannot be used; undefined if there is none. */
  readonly defaultAuthority: string | undefined
}

/** A file of the store that cannot be used, and why. */
export interface IdentityProblem {
  /** Its name in the data directory: `<authority>.pem`, or `default`. */
  readonly file: string
  readonly error: PeerageError
}

const IDENTITY_FILE = /^([0-9a-f]{40})\.pem$/
const DEFAULT_FILE = 'default'
/** In bytes: an authority and a line feed. */
const LARGEST_DEFAULT_FILE = 41

/** Reads and writes the files. Every method may also throw what its {@link Storage} throws. */
export class IdentityFolder {
  readonly #storage: Storage
  readonly #crypto: Crypto
  readonly #log: Log
  /** What was logged last of each file, so that each problem is logged once. */
  readonly #logged = new Map<string, string>()

  constructor(ports: { readonly storage: Storage; readonly crypto: Crypto; readonly log: Log }) {
    this.#storage = ports.storage
    this.#crypto = ports.crypto
    this.#log = ports.log
  }

  /** The authorities of all files, also of those that cannot be used. */
  authorities(): readonly string[] {
    return this.#storage.list().flatMap((name) => IDENTITY_FILE.exec(name)?.[1] ?? [])
  }

  /** Reads everything. What is wrong with one file is a problem of that file and hides no other. */
  read(): FolderContents {
    const problems: IdentityProblem[] = []
    const attempt = <Result>(file: string, read: () => Result): Result | undefined => {
      try {
        return read()
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        problems.push({ file, error })
        this.#warn(file, error)
        return undefined
      }
    }
    const authorities = this.authorities()
    const files = authorities
      .flatMap((authority) => attempt(fileName(authority), () => this.readFile(authority)) ?? [])
      .sort((one, other) => one.order - other.order || (one.peerName < other.peerName ? -1 : 1))
    const chosen = attempt(DEFAULT_FILE, () => ({ authority: this.#chosen() }))
    const chosenIsThere = chosen?.authority !== undefined && authorities.includes(chosen.authority)
    const oldest = files[0] === undefined ? undefined : authorityPart(files[0].peerName)
    const rule = chosenIsThere ? chosen.authority : oldest
    return { files, problems, defaultAuthority: chosen === undefined ? undefined : rule }
  }

  /**
   * One file, or undefined if it is not there.
   *
   * @throws PeerageError `identity-file-damaged`, `identity-file-newer`, `file-too-large`, `file-not-private`
   */
  readFile(authority: string): IdentityFile | undefined {
    const name = fileName(authority)
    const bytes = this.#storage.read(name, LARGEST_IDENTITY_FILE)
    return bytes && decodeIdentityFile(this.#crypto, bytes, authority, this.#storage.locate(name))
  }

  /**
   * The authority of the default identity, undefined if there are no identities.
   *
   * @throws PeerageError what is wrong with `default`, or with another file if that is why none is the default
   */
  defaultAuthority(): string | undefined {
    const { problems, defaultAuthority } = this.read()
    // What is wrong with `default` itself is the last of the problems.
    const problem = problems.at(-1)
    if (defaultAuthority === undefined && problem !== undefined) throw problem.error
    return defaultAuthority
  }

  /** Makes `default` name an identity. */
  writeDefault(authority: string): void {
    this.#storage.write(DEFAULT_FILE, toUtf8(`${authority}\n`))
  }

  /** Replaces a file that is there. */
  replace(file: IdentityFile): void {
    this.#storage.write(fileName(authorityPart(file.peerName)), encodeIdentityFile(this.#crypto, file))
  }

  /** Adds an identity that is not there yet. The first one becomes the default. */
  add(identity: Omit<IdentityFile, 'order'>): IdentityFile {
    const { files, problems, defaultAuthority } = this.read()
    const file = { ...identity, order: (files.at(-1)?.order ?? 0) + 1 }
    const added = authorityPart(file.peerName)
    // Before the identity is there, it does not count that `default` names it; once it is there, no other may be meant.
    const isUnknown = problems.some((problem) => problem.file === DEFAULT_FILE)
    const next = isUnknown ? undefined : (defaultAuthority ?? added)
    if (next !== undefined && next !== this.#chosen()) this.writeDefault(next)
    try {
      this.replace(file)
    } catch (error) {
      if (next === added) this.#keepDefault(undefined)
      throw error
    }
    return file
  }

  /** Removes an identity. If it was the default, the oldest of the others is the next. */
  remove(authority: string): void {
    const wasDefault = this.read().defaultAuthority === authority
    this.#storage.remove(fileName(authority))
    if (wasDefault) this.#keepDefault(this.read().defaultAuthority)
  }

  /** Writes down the default that the rule gives anyway. That it cannot be written changes nothing. */
  #keepDefault(authority: string | undefined): void {
    try {
      if (authority === undefined) this.#storage.remove(DEFAULT_FILE)
      else this.writeDefault(authority)
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#warn(DEFAULT_FILE, error)
    }
  }

  #chosen(): string | undefined {
    const bytes = this.#storage.read(DEFAULT_FILE, LARGEST_DEFAULT_FILE)
    if (bytes === undefined) return undefined
    const authority = /^([0-9a-f]{40})\n$/.exec(fromUtf8(bytes) ?? '')?.[1]
    if (authority !== undefined) return authority
    throw new PeerageError('identity-file-damaged', {
      file: this.#storage.locate(DEFAULT_FILE),
      problem: 'it does not name the default identity',
    })
  }

  #warn(file: string, error: PeerageError): void {
    if (this.#logged.get(file) === error.message) return
    this.#logged.set(file, error.message)
    this.#log.warn(error.message, { code: error.code, advice: error.advice })
  }
}

/** The name of the file of an identity. */
export function fileName(authority: string): string {
  return `${authority}.pem`
}
