/**
 * The properties of a graph, as its info record says them: who made the graph writes it, every node reads it.
 */
import type { GraphRecord } from '../records/record.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphParts } from './graph-parts.ts'
import {
  countingInfo,
  DEFAULT_PROPERTIES,
  DEFAULT_RECORD_LIFE,
  encodeProperties,
  GRAPH_INFO_TYPE,
  type GraphProperties,
  propertiesOf,
  propertyNames,
  requireProperties,
} from './graph-properties.ts'
import type { Publishing, WriteDone } from './publishing.ts'
import type { RecordStore } from './record-store.ts'
import type { GraphSecurityProvider } from './security-provider.ts'

/** More graph info records than this are not looked at: the provider, or chance, made them. */
const MOST_INFO_RECORDS = 1000

/** What the info record is made, stored and found with. */
export interface GraphInfoTools {
  readonly parts: GraphParts
  readonly store: RecordStore
  readonly publishing: Publishing
}

/** The properties of one graph, at one node. */
export class GraphInfo {
  #properties: GraphProperties = DEFAULT_PROPERTIES
  #isKnown = false

  /** As far as they are known: the usual ones until the info record is here. */
  get properties(): GraphProperties {
    return this.#properties
  }

  /** Whether the info record is here. Before, nothing is shown that it may forbid. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /**
   * Makes the info record of a new graph and stores it. It lives long, so that a newcomer gets it although its creator has
   * left (G-006), and is renewed by its creator. Where the provider keeps the properties there is none.
   *
   * @throws PeerageError what the database, or the security provider, throws
   */
  create({ parts, store, publishing }: GraphInfoTools, properties: GraphProperties): void {
    const { provider, peerTime, identity } = parts
    this.#properties = properties
    this.#isKnown = true
    if (provider.properties?.() !== undefined) return
    const payload = encodeProperties(properties, identity.keyPair.publicKey)
    const right = provider.rightEnds(identity.keyPair.publicKey, undefined) ?? LATEST_UTC
    const expires = Math.min(
      peerTime.now() + Math.max(properties.longestRecordLife, DEFAULT_RECORD_LIFE),
      right,
      LATEST_UTC,
    )
    const content = { encoding: 'bytes', payload, attributes: [] } as const
    let problem: PeerageError | undefined
    publishing.addInternal({ type: GRAPH_INFO_TYPE, expires, refresh: true, ...content }, (outcome) => {
      if (outcome instanceof PeerageError) problem = outcome
    })
    store.commit()
    if (problem !== undefined) throw problem
  }

  /** Changes the properties. @throws PeerageError `invalid-graph-property`, `not-authorized`: by the provider, or to who did not make the graph */
  set({ parts, store, publishing }: GraphInfoTools, properties: GraphProperties, done: WriteDone): void {
    if (parts.provider.properties?.() !== undefined) {
      const problem = 'the security provider keeps them'
      throw new PeerageError('not-authorized', { operation: 'changing properties', problem })
    }
    const info = infoRecord(store)
    if (info === undefined) {
      throw new PeerageError('not-authorized', { operation: 'changing properties', problem: 'they are not known yet' })
    }
    const { longestRecordLife } = this.#properties
    const payload = encodeProperties(requireProperties({ ...properties, longestRecordLife }), info.creator.publicKey)
    const content = { encoding: 'bytes', payload } as const
    publishing.updateInternal(info, { content, attributes: [], expires: undefined, refresh: undefined }, done)
  }

  /** Reads the info record. @returns whether properties have changed */
  read(store: RecordStore, provider: Pick<GraphSecurityProvider, 'properties'>): boolean {
    const properties = provider.properties?.() ?? recordedProperties(store)
    if (properties === undefined || properties === 'unknown') return false
    const former = this.#properties
    this.#properties = properties
    this.#isKnown = true
    return propertyNames.some((name) => properties[name] !== former[name])
  }
}

/** Whether an info record is what its type says, for as long as the graph is. Who may change it is the provider's to say. */
export function isGraphInfo(record: GraphRecord): boolean {
  return !record.deleted && propertiesOf(record) !== undefined
}

function recordedProperties(store: RecordStore): GraphProperties | undefined {
  const info = infoRecord(store)
  return info && propertiesOf(info)
}

function infoRecord(store: RecordStore): GraphRecord | undefined {
  const found = store.database.list({ type: GRAPH_INFO_TYPE, limit: MOST_INFO_RECORDS })
  return countingInfo(found.map(({ record }) => record))
}
