/**
 * The nodes that were used last in a cloud, kept on disk so that the next start finds the cloud without anybody's help
 * (MS-PNRP 3.1.4.2). One small file a cloud, of JSON that people can read:
 *
 *     {"schema":1,"cloud":"Global_","nodes":["203.0.113.7:3540","[2001:db8::7]:3540"]}
 *
 * The list is a hint and no treasure: a file that is damaged is as good as none, and is replaced. One of a later version is
 * passed over, too, but left as it is. The log tells of both.
 */
import type { Cloud } from '../pnrp/cloud.ts'
import { MOST_REMEMBERED_NODES } from '../pnrp/discovery.ts'
import { fromUtf8, toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'
import { parseSeed } from './seeds.ts'

/** What the list is kept with. */
export interface RememberedNodesPorts {
  readonly storage: Storage
  readonly crypto: Crypto
  readonly clock: Clock
  readonly log: Log
}

/** The version of the file. A file of a later one is left as it is. */
export const REMEMBERED_NODES_SCHEMA = 1
/** The file is written this often at most, in milliseconds. */
export const REMEMBERING_INTERVAL = 5 * 60_000
/** In bytes: more than ten endpoints and the longest name of a cloud take. */
const LONGEST_FILE = 4096
/** Of the digest of the cloud's name that is in the name of the file, in bytes. */
const DIGEST_LENGTH = 8

/** The remembered nodes of one cloud. */
export class RememberedNodes {
  readonly #ports: RememberedNodesPorts
  readonly #cloud: string
  readonly #file: string
  #nodes: readonly Endpoint[] = []
  /** A file of a later version is not overwritten. */
  #isReadOnly = false
  #saved = ''
  #savedAt: number | undefined

  /** Reads the file. */
  constructor(cloud: Cloud, ports: RememberedNodesPorts) {
    this.#ports = ports
    this.#cloud = cloud.name
    const digest = ports.crypto.sha256(toUtf8(cloud.name)).subarray(0, DIGEST_LENGTH)
    this.#file = `nodes-${toHex(digest)}.json`
    this.#read()
  }

  /** Those that the file had, or that were remembered since. */
  get nodes(): readonly Endpoint[] {
    return this.#nodes
  }

  /** Remembers nodes, and writes the file if it is time for that. */
  remember(nodes: readonly Endpoint[]): void {
    this.#nodes = nodes.slice(0, MOST_REMEMBERED_NODES)
    const now = this.#ports.clock.monotonic()
    if (this.#savedAt === undefined || now - this.#savedAt > REMEMBERING_INTERVAL) this.save()
  }

  /** Writes the file, if there is something new. */
  save(): void {
    const nodes = this.#nodes.map(formatEndpoint)
    const text = JSON.stringify({ schema: REMEMBERED_NODES_SCHEMA, cloud: this.#cloud, nodes })
    this.#savedAt = this.#ports.clock.monotonic()
    if (nodes.length === 0 || text === this.#saved || this.#isReadOnly) return
    try {
      this.#ports.storage.write(this.#file, toUtf8(`${text}\n`))
      this.#saved = text
    } catch (error) {
      this.#failed(error, 'the nodes of a cloud could not be remembered')
    }
  }

  #read(): void {
    try {
      const bytes = this.#ports.storage.read(this.#file, LONGEST_FILE)
      if (bytes !== undefined) this.#take(fromUtf8(bytes) ?? '')
    } catch (error) {
      this.#failed(error, 'the remembered nodes of a cloud could not be read')
    }
  }

  #take(text: string): void {
    const content = parsedOrUndefined(text)
    const isObject = typeof content === 'object' && content !== null
    const schema = isObject && 'schema' in content ? content.schema : undefined
    if (typeof schema === 'number' && schema > REMEMBERED_NODES_SCHEMA) {
      this.#isReadOnly = true
      this.#passOver(`it has schema ${schema}, and this version of Peerage reads up to ${REMEMBERED_NODES_SCHEMA}`)
      return
    }
    if (!isObject || schema !== REMEMBERED_NODES_SCHEMA || !('nodes' in content) || !Array.isArray(content.nodes)) {
      this.#passOver('it is damaged')
      return
    }
    this.#nodes = content.nodes
      .filter((node) => typeof node === 'string')
      .map(endpointOrUndefined)
      .filter((node) => node !== undefined)
      .slice(0, MOST_REMEMBERED_NODES)
  }

  #passOver(reason: string): void {
    this.#ports.log.warn('the file of the remembered nodes of a cloud is passed over', { cloud: this.#cloud, reason })
  }

  #failed(error: unknown, message: string): void {
    if (!(error instanceof PeerageError)) throw error
    this.#ports.log.warn(message, { cloud: this.#cloud, reason: error.message })
  }
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function endpointOrUndefined(text: string): Endpoint | undefined {
  try {
    const { host, port } = parseSeed(text)
    return 'address' in host ? { host: host.address, port } : undefined
  } catch (error) {
    if (PeerageError.is(error, 'invalid-argument')) return undefined
    throw error
  }
}
