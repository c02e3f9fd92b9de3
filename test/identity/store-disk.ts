/** Identity stores on a virtual disk, whose processes can be killed and whose disk can fail. */
import { IdentityStore, type IdentityStorePorts } from '../../src/identity/identity-store.ts'
import type { PeerName } from '../../src/identity/peer-name.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import type { Log, LogDetails } from '../../src/runtime/log.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { Storage } from '../../src/runtime/storage.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { VirtualDisk } from '../../src/simulation/virtual-disk.ts'
import { crypto, random } from './platform.ts'

/** What a killed process throws out of everything that it does. */
export class Killed extends Error {}

/** A disk, and the processes that use it one after the other. */
export class StoreDisk {
  readonly disk = new VirtualDisk('ann')
  /** Everything that was logged, each entry in JSON. */
  readonly logged: string[] = []
  readonly #crypto: Crypto
  /** What the clock shows. */
  now = Date.parse('2026-11-22T17:05:00Z')

  /** @param keys `fake` encrypts keys at no cost, for tests that do it often. */
  constructor(keys: 'real' | 'fake' = 'real') {
    this.#crypto = keys === 'real' ? crypto : fakeCrypto(crypto)
  }

  /** The store as a new process sees it. */
  open(groupsOf: (identity: PeerName) => readonly PeerName[] = () => []): IdentityStore {
    return new IdentityStore({ ...this.ports(), groupsOf })
  }

  ports(): Omit<IdentityStorePorts, 'groupsOf'> {
    const clock = { utc: () => this.now, monotonic: () => 0, setTimer: () => ({ cancel: () => undefined }) }
    return { storage: this.storage(), crypto: this.#crypto, random, clock, log: this.#log() }
  }

  /** The files as a new process sees them. */
  storage(): Storage {
    let dead = false
    const requireAlive = (): void => {
      if (dead) throw new Killed('this process is dead')
    }
    const die = (): never => {
      dead = true
      throw new Killed('this process was killed')
    }
    return this.disk.open(FOLDER, { requireAlive, die, utc: () => this.now })
  }

  /** Lets other users read a file. */
  expose(name: string): void {
    this.disk.expose(FOLDER, name)
  }

  /** All files with their bytes, or why they cannot be read, to see that nothing has changed. */
  files(): ReadonlyMap<string, string> {
    const storage = this.storage()
    const contentOf = (name: string): string => {
      try {
        return Buffer.from(storage.read(name, 1e6) ?? []).toString('latin1')
      } catch (error) {
        if (error instanceof PeerageError) return error.code
        throw error
      }
    }
    return new Map(storage.list().map((name) => [name, contentOf(name)]))
  }

  #log(): Log {
    const entry = (level: string) => (message: string, details?: LogDetails) => {
      this.logged.push(JSON.stringify({ level, message, details }))
    }
    return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
  }
}

const FOLDER = 'identities'
