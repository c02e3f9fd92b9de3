/**
 * The records of one node, without an overlay: its store, what arrives over links that a test holds the other end of, and what is
 * written here, on a host of a {@link SimulatedWorld} with a database in memory. And records that anybody may have made.
 */
import { Expiry } from '../../src/graph/expiry.ts'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import type { GraphEvents, RecordChange } from '../../src/graph/graph-events.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import type { GraphParts } from '../../src/graph/graph-parts.ts'
import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import { GuardedProvider } from '../../src/graph/guarded-provider.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import { LinkSession, type SessionOwner } from '../../src/graph/link-session.ts'
import { Neighbors } from '../../src/graph/neighbors.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import { NodeRecords } from '../../src/graph/node-records.ts'
import { PeerTime } from '../../src/graph/peer-time.ts'
import type { NewRecord, RecordUpdate } from '../../src/graph/publishing.ts'
import type { ArrivalOutcome, ArrivalSource } from '../../src/graph/record-arrival.ts'
import type { RecordVerifier } from '../../src/graph/record-verifier.ts'
import { refreshRecords } from '../../src/graph/refreshing.ts'
import type { GraphSecurityProvider, LinkIdentity, ProviderContext } from '../../src/graph/security-provider.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { type GraphKeys, graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { type Crypto, SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

export const crypto = fakeCrypto(platformCrypto())
export const keys = graphKeys(crypto, parseGraphId('the graph of one node'))
export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE

/** Somebody, always with the same key. */
export function identityOf(name: string): LinkIdentity {
  const keyPair = crypto.signingKeyPair(crypto.sha256(toUtf8(name)).subarray(0, SEED_LENGTH))
  return { name: makePeerName(authorityOf(crypto, keyPair.publicKey), 'peer'), keyPair }
}

/** A provider that says yes, but for what is given. */
export function providerWith(
  changes: Partial<GraphSecurityProvider>,
): (graph: ProviderContext) => GraphSecurityProvider {
  return () => ({ ...noSecurity(), validate: () => 'valid', ...changes })
}

/** A version that somebody made; all times in milliseconds since 1970. */
export interface Made {
  readonly by?: string
  readonly type?: string
  readonly created?: number
  readonly modified?: number
  readonly expires?: number
  readonly text?: string
  readonly deleted?: boolean
  readonly version?: number
  readonly nonce?: string
  readonly after?: GraphRecord
  readonly proofs?: string
}

/** What makes a node's records be what they are. */
export interface LoneOptions {
  readonly seed?: string
  readonly provider?: (graph: ProviderContext) => GraphSecurityProvider
  readonly verifier?: () => RecordVerifier
  readonly types?: readonly string[]
  readonly crypto?: Crypto
  readonly keys?: GraphKeys
  /** How far its clock is ahead of that of the simulation from the beginning, in milliseconds. */
  readonly clockSkew?: number
}

/** A link of which the test has the other end. */
export interface HeldLink {
  readonly session: LinkSession
  readonly sent: GraphMessage[]
  isPaused: boolean
  /** Whether this node has ended it. */
  ended: boolean
}

/** The records of one node. */
export class LoneRecords {
  readonly world: SimulatedWorld
  readonly host: SimulatedHost
  readonly databases: MemoryRecordDatabases
  readonly changes: RecordChange[] = []
  readonly arrived: { readonly record: GraphRecord; readonly source: ArrivalSource }[] = []
  readonly published: GraphRecord[] = []
  isOnline = true
  hasReconciled = true
  defersExpiration = false
  longestLife: number = DEFAULT_RECORD_LIFE
  woke = 0
  securityChanges = 0
  readonly #options: LoneOptions
  #node: { readonly parts: GraphParts; readonly records: NodeRecords; readonly expiry: Expiry } | undefined
  readonly #sessions = new Map<string, HeldLink>()

  constructor(options: LoneOptions = {}) {
    this.#options = options
    this.world = new SimulatedWorld({ seed: options.seed ?? 'records of one node' })
    this.host = this.world.addHost('node')
    if (options.clockSkew !== undefined) this.host.skewClock(options.clockSkew)
    this.databases = new MemoryRecordDatabases({ crypto, random: this.host.ports.random })
    this.start()
  }

  get parts(): GraphParts {
    return this.#running.parts
  }

  get records(): NodeRecords {
    return this.#running.records
  }

  get expiry(): Expiry {
    return this.#running.expiry
  }

  get now(): number {
    return this.parts.peerTime.now()
  }

  /** The hash over all lasting records. */
  get root(): string {
    return toHex(this.records.store.trie.hashAt('') ?? new Uint8Array(1))
  }

  get counters(): Readonly<Record<string, number>> {
    return this.parts.counters.read()
  }

  start(): void {
    const { clock, random, log } = this.host.ports
    const options = { survivesPowerLoss: false }
    const isFound = this.databases.names().includes('graph')
    const database = isFound ? this.databases.open('graph', options) : this.databases.create('graph', options)
    const deadlines = new Deadlines(clock)
    const counters = new GraphCounters()
    const identity = identityOf('self')
    const open = this.#options.provider ?? providerWith({})
    const provider = new GuardedProvider(
      (changed) => open({ crypto, random, clock, identity, changed }),
      { log, counters, deadlines },
      {
        changed: () => {
          this.securityChanges++
          this.records.judgeAgain()
        },
      },
    )
    const parts: GraphParts = {
      ...{
        keys: this.#options.keys ?? keys,
        crypto: this.#options.crypto ?? crypto,
        identity,
        clock,
        random,
        log,
        deadlines,
        counters,
        provider,
        events: silentEvents,
      },
      ...{ ownKey: toHex(identity.keyPair.publicKey), nodeId: '00'.repeat(8), neighbors: new Neighbors(random) },
      peerTime: new PeerTime(clock, 0),
      own: {
        addresses: [],
        has: () => false,
        isInScope: () => true,
        mayListenAt: () => true,
        types: this.#options.types,
      },
    }
    const records = new NodeRecords(
      parts,
      { database, verifier: this.#options.verifier, types: this.#options.types },
      {
        changed: (change) => this.changes.push(change),
        arrived: (record, source) => this.arrived.push({ record, source }),
        published: (record) => this.published.push(record),
        longestLife: () => this.longestLife,
        hiddenUntil: () => this.expiry.hiddenUntil(),
      },
    )
    const expiry = new Expiry(parts, records.store, {
      isOnline: () => this.isOnline,
      hasReconciled: () => this.hasReconciled,
      defersExpiration: () => this.defersExpiration,
      refresh: () => refreshRecords(parts, records.store, records.publishing, this.longestLife),
      tellTime: () => undefined,
      woke: () => {
        this.woke++
        this.hasReconciled = false
      },
    })
    this.#node = { parts, records, expiry }
    records.judgeFound()
    expiry.start()
  }

  /** The process is killed, and starts again. */
  restart(): void {
    this.#node = undefined
    this.#sessions.clear()
    this.databases.crash()
    this.host.restart()
    this.start()
  }

  /** Lets time pass. */
  run(duration = 0): void {
    this.world.runFor(duration)
  }

  add(given: Partial<NewRecord> & { readonly text?: string; readonly life?: number } = {}): GraphRecord {
    const { text = 'text', life = HOUR, ...record } = given
    return this.#written((done) =>
      this.records.publishing.add(
        {
          ...{ type: 'test.note', expires: this.now + life, refresh: false, encoding: 'text', payload: toUtf8(text) },
          ...{ attributes: [], ...record },
        },
        done,
      ),
    )
  }

  update(id: RecordId, given: Partial<RecordUpdate> & { readonly text?: string } = {}): GraphRecord {
    const { text = 'updated', ...update } = given
    return this.#written((done) =>
      this.records.publishing.update(
        id,
        {
          ...{ content: { encoding: 'text', payload: toUtf8(text) }, attributes: undefined, expires: undefined },
          ...{ refresh: undefined, ifVersion: undefined, ...update },
        },
        done,
      ),
    )
  }

  delete(id: RecordId): GraphRecord {
    return this.#written((done) => this.records.publishing.delete(id, done))
  }

  /** The link of a neighbor of this name. */
  link(name: string): HeldLink {
    const present = this.#sessions.get(name)
    if (present !== undefined) return present
    const { name: peerName, keyPair } = identityOf(name)
    const sent: GraphMessage[] = []
    const port: LinkPort = {
      peer: { name: peerName, publicKey: keyPair.publicKey, key: toHex(keyPair.publicKey) },
      ...{ isDialler: true, remote: { host: this.host.ipv4, port: 1 }, features: 0, lastHeard: 0, roundTrip: 0 },
      attach: () => undefined,
      send: (message) => {
        sent.push(message)
        return true
      },
      waiting: () => 0,
      pause: () => {
        held.isPaused = true
      },
      resume: () => {
        held.isPaused = false
      },
      end: () => {
        held.ended = true
      },
      destroy: () => {
        held.ended = true
      },
      probe: () => undefined,
    }
    const held: HeldLink = {
      session: new LinkSession(port, this.parts.deadlines, silentOwner),
      sent,
      isPaused: false,
      ended: false,
    }
    this.#sessions.set(name, held)
    return held
  }

  /** A record arrives. @returns what became of it, as far as that is known; each outcome that is told comes here */
  arrive(record: GraphRecord | Uint8Array, from = 'neighbor', how: ArrivalSource['how'] = 'flood'): ArrivalOutcome[] {
    const outcomes: ArrivalOutcome[] = []
    const bytes = record instanceof Uint8Array ? record : record.bytes
    this.records.arrival.take(bytes, { session: this.link(from).session, how }, (outcome) => outcomes.push(outcome))
    return outcomes
  }

  /** A record that somebody made elsewhere. */
  made(given: Made = {}): GraphRecord {
    return madeRecord(this.now, given)
  }

  /** The texts of all live records, as they are read, sorted. */
  texts(): string[] {
    const found = this.records.store.list({ limit: 10_000 })
    return found.map(({ record }) => fromUtf8(record.payload) ?? 'no text').sort()
  }

  get #running(): { readonly parts: GraphParts; readonly records: NodeRecords; readonly expiry: Expiry } {
    if (this.#node === undefined) throw new RangeError('it does not run')
    return this.#node
  }

  #written(write: (done: (outcome: GraphRecord | PeerageError) => void) => void): GraphRecord {
    let written: GraphRecord | PeerageError | undefined
    write((outcome) => {
      written = outcome
    })
    if (written === undefined) this.records.store.commit()
    if (written === undefined || written instanceof PeerageError) throw written ?? new Error('it was not stored')
    return written
  }
}

/** A record that somebody made, by default now, of version 1, for an hour. */
export function madeRecord(now: number, given: Made = {}): GraphRecord {
  const { by = 'ann', after, deleted = false, proofs = '', nonce = given.text ?? 'nonce' } = given
  const { keyPair } = identityOf(by)
  const author = { publicKey: keyPair.publicKey, classifier: 'peer' }
  const created = after?.created ?? given.created ?? now
  const modified = given.modified ?? Math.max(now, created)
  const draft: RecordDraft = {
    ...{ id: after?.id, type: after?.type ?? given.type ?? 'test.note', creator: after?.creator ?? author, created },
    ...{ version: given.version ?? (after === undefined ? 1 : after.version + 1), author, modified },
    ...{ expires: given.expires ?? now + HOUR, deleted, encoding: deleted ? 'bytes' : 'text', attributes: [] },
    payload: toUtf8(deleted ? '' : (given.text ?? 'text')),
  }
  const signing = { keyPair, proofs: toUtf8(proofs) }
  return after === undefined
    ? makeFirstVersion(crypto, keys, draft, crypto.sha256(toUtf8(nonce)).subarray(0, 16), signing)
    : makeLaterVersion(crypto, keys, draft, after, signing)
}

/** The code of the error that this throws. */
export function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
  return 'no error'
}

const nothing = (): void => undefined
const silentEvents: GraphEvents = {
  ...{ statusChanged: nothing, propertiesChanged: nothing, recordChanged: nothing, neighborConnected: nothing },
  ...{ neighborDisconnected: nothing, attempted: nothing, connectionRequired: nothing, nodeChanged: nothing },
  ...{ progressed: nothing, synchronized: nothing },
}
const silentOwner: SessionOwner = {
  ...{ connectCame: nothing, welcomed: nothing, refused: nothing, received: nothing, ready: nothing },
  ...{ closed: nothing, outOfPlace: nothing },
}
