/**
 * What a node has to know of its graphs before it opens them: one small file a graph, of JSON, beside the database:
 *
 *     {"schema":1,"graphId":"…","identity":"…","provider":"none","properties":{…}}
 *
 * It is written before the database is made and removed after it: one without a database counts for nothing.
 */
import { DEFAULT_PROPERTIES, type GraphProperties, requireProperties } from '../graph/graph-properties.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { type GraphId, parseGraphId } from '../records/graph-id.ts'
import { fromUtf8, toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'

/** A graph in the data directory, as far as it is known without its database. */
export interface GraphDescription {
  readonly graphId: GraphId
  readonly identity: PeerName
  readonly provider: string
  /** As they were when the graph was open last. */
  readonly properties: GraphProperties
}

/** The version of the file. One of a later version is left as it is. */
export const GRAPH_DESCRIPTION_SCHEMA = 1
/** In bytes: more than the longest names and texts take. */
const LONGEST_FILE = 16 * 1024
const ENDING = '.json'
const NAME_CONTEXT = toUtf8('peerage/1/graph-database\0')
/** In bytes. */
const NAME_LENGTH = 16

/** The name of the database of a graph and an identity. It says neither to who does not know them. */
export function databaseName(crypto: Crypto, graphId: GraphId, identity: PeerName): string {
  const hash = crypto.sha256(NAME_CONTEXT, toUtf8(authorityPart(identity)), toUtf8(graphId))
  return toHex(hash.subarray(0, NAME_LENGTH))
}

/** The descriptions in a folder. */
export class GraphDescriptions {
  readonly #storage: Storage
  readonly #log: Log

  constructor(storage: Storage, log: Log) {
    this.#storage = storage
    this.#log = log
  }

  /** The description of a database; undefined if there is none that can be read. */
  read(name: string): GraphDescription | undefined {
    const file = name + ENDING
    const bytes = this.#storage.read(file, LONGEST_FILE)
    if (bytes === undefined) return undefined
    try {
      return descriptionOf(JSON.parse(fromUtf8(bytes) ?? ''))
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof PeerageError)) throw error
      this.#log.warn('the description of a graph cannot be read', {
        file: this.#storage.locate(file),
        reason: error.message,
      })
      return undefined
    }
  }

  write(name: string, { graphId, identity, provider, properties }: GraphDescription): void {
    const content = { schema: GRAPH_DESCRIPTION_SCHEMA, graphId, identity, provider, properties }
    this.#storage.write(name + ENDING, toUtf8(`${JSON.stringify(content)}\n`))
  }

  remove(name: string): void {
    this.#storage.remove(name + ENDING)
  }
}

function descriptionOf(content: unknown): GraphDescription {
  const { schema, graphId, identity, provider, properties } = objectOf(content)
  if (schema !== GRAPH_DESCRIPTION_SCHEMA) throw new SyntaxError(`its schema is ${String(schema)}`)
  if (typeof graphId !== 'string' || typeof identity !== 'string' || typeof provider !== 'string') {
    throw new SyntaxError('something is missing in it')
  }
  return {
    ...{ graphId: parseGraphId(graphId), identity: parsePeerName(identity), provider },
    properties: requireProperties({ ...DEFAULT_PROPERTIES, ...knownProperties(objectOf(properties)) }),
  }
}

/** What is missing, or of another type, stays as by default. */
function knownProperties(given: Readonly<Record<string, unknown>>): Partial<GraphProperties> {
  const known = Object.entries(DEFAULT_PROPERTIES).filter(([name, usual]) => typeof given[name] === typeof usual)
  return Object.fromEntries(known.map(([name]) => [name, given[name]]))
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
