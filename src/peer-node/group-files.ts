/**
 * What a node keeps of its groups beside their databases: one small file a group and identity, of JSON, that nobody else can read.
 *
 *     {"schema":1,"state":"member","group":"…","graphId":"…","identity":"…","friendlyName":"…","cloud":null,"hints":["…"],
 *      "chain":"…","fetches":null,"groupKey":null,"hasEnded":false}
 *
 * `chain` is the encoded chain and `groupKey` PKCS#8, both in base64. The file is named as the database is. It is written before
 * the database is made; in the state `beginning` it counts for nothing yet, and what is left of it, should the process be
 * killed, is removed later. A file without a database is a group whose records are still to be fetched.
 */
import { type ChainDigest, chainDigestFromBytes, DIGEST_LENGTH } from '../group/digests.ts'
import { type MemberChain, readMemberChain } from '../group/member-chain.ts'
import { LARGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { decodePrivateKey, encodePrivateKey } from '../identity/private-key.ts'
import { type GraphId, parseGraphId } from '../records/graph-id.ts'
import { fromBase64, fromHex, fromUtf8, toBase64, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'
import { parseGraphAddress } from './graph-address.ts'

/** A group as one identity has it. */
export interface StoredGroup {
  /** `beginning`: it is being created or joined. */
  readonly state: 'beginning' | 'member'
  readonly group: PeerName
  readonly graphId: GraphId
  readonly identity: PeerName
  /** As the group called itself last; empty if it does not. */
  readonly friendlyName: string
  /** undefined for every cloud that is open. */
  readonly cloud: string | undefined
  /** Where members were said to be. */
  readonly hints: readonly Endpoint[]
  /** The chain of the identity; undefined if it is still to be fetched, or issued. */
  readonly chain: MemberChain | undefined
  /** The chain that is to be fetched. */
  readonly fetches: ChainDigest | undefined
  /** The group key, where this node holds it. */
  readonly groupKey: SigningKeyPair | undefined
  /** Members do not let it in any more, by what this node knew last: another invitation can take the place of its membership. */
  readonly hasEnded: boolean
}

/** What is known of a group without its chain and its key. */
export type GroupHead = Pick<StoredGroup, 'state' | 'group' | 'graphId' | 'identity' | 'friendlyName'>

/** The version of the file. One of a later version is left as it is. */
export const GROUP_FILE_SCHEMA = 1
/** In bytes: the longest chain in base64, and names. */
const LONGEST_FILE: number = Math.ceil(LARGEST_CHAIN / 3) * 4 + 16 * 1024
const ENDING = '.json'

/** The files of the groups of a node. */
export class GroupFiles {
  readonly #storage: Storage
  readonly #crypto: Crypto
  readonly #log: Log

  constructor(storage: Storage, crypto: Crypto, log: Log) {
    this.#storage = storage
    this.#crypto = crypto
    this.#log = log
  }

  /** All that can be read, by the names of their databases. */
  list(): ReadonlyMap<string, GroupHead> {
    const found = new Map<string, GroupHead>()
    for (const file of this.#storage.list()) {
      if (!file.endsWith(ENDING)) continue
      const name = file.slice(0, -ENDING.length)
      try {
        const content = this.#content(name)
        if (content !== undefined) found.set(name, headOf(content))
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        this.#log.warn('the file of a group cannot be read', {
          file: this.#storage.locate(file),
          reason: error.message,
        })
      }
    }
    return found
  }

  /** What is wrong with those that cannot be used. */
  problems(): readonly PeerageError[] {
    const problems: PeerageError[] = []
    for (const file of this.#storage.list().filter((one) => one.endsWith(ENDING))) {
      try {
        this.read(file.slice(0, -ENDING.length))
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        problems.push(error)
      }
    }
    return problems
  }

  /** @throws PeerageError `group-file-damaged`, `group-file-newer`, `file-too-large`, `file-not-private` */
  read(name: string): StoredGroup | undefined {
    const content = this.#content(name)
    if (content === undefined) return undefined
    return this.#orDamaged(name, () => this.#storedGroup(content))
  }

  write(name: string, stored: StoredGroup): void {
    const { state, group, graphId, identity, friendlyName, cloud, hints, chain, fetches, groupKey, hasEnded } = stored
    const content = {
      ...{ schema: GROUP_FILE_SCHEMA, state, group, graphId, identity, friendlyName, cloud: cloud ?? null },
      hints: hints.map(formatEndpoint),
      chain: chain === undefined ? null : toBase64(chain.bytes),
      fetches: fetches ?? null,
      groupKey: groupKey === undefined ? null : toBase64(encodePrivateKey(groupKey.secretKey)),
      hasEnded,
    }
    this.#storage.write(name + ENDING, toUtf8(`${JSON.stringify(content)}\n`))
  }

  remove(name: string): void {
    this.#storage.remove(name + ENDING)
  }

  #content(name: string): Content | undefined {
    const bytes = this.#storage.read(name + ENDING, LONGEST_FILE)
    if (bytes === undefined) return undefined
    return this.#orDamaged(name, () => {
      const content: unknown = JSON.parse(fromUtf8(bytes) ?? '')
      const object = typeof content === 'object' && content !== null ? Object.fromEntries(Object.entries(content)) : {}
      const { schema } = object
      if (typeof schema === 'number' && schema > GROUP_FILE_SCHEMA) {
        const file = this.#storage.locate(name + ENDING)
        throw new PeerageError('group-file-newer', { file, schema, known: GROUP_FILE_SCHEMA })
      }
      if (schema !== GROUP_FILE_SCHEMA) throw new SyntaxError(`its schema is ${String(schema)}`)
      return object
    })
  }

  #storedGroup(content: Content): StoredGroup {
    const head = headOf(content)
    const chainBytes = base64In(content, 'chain', (bytes) => bytes)
    const chain = chainBytes && readMemberChain(this.#crypto, head.group, chainBytes)
    if (chain !== undefined && authorityPart(chain.leaf.peerName) !== authorityPart(head.identity)) {
      throw new SyntaxError('its chain is of another identity')
    }
    return {
      ...head,
      ...{ chain, hints: hintsIn(content), cloud: textOrNull(content, 'cloud') },
      fetches: digestIn(content),
      hasEnded: content['hasEnded'] === true,
      groupKey: base64In(content, 'groupKey', (bytes) => this.#crypto.signingKeyPair(decodePrivateKey(bytes))),
    }
  }

  #orDamaged<Result>(name: string, read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      if (PeerageError.is(error, 'group-file-newer')) throw error
      if (!(error instanceof SyntaxError || error instanceof PeerageError)) throw error
      const file = this.#storage.locate(name + ENDING)
      throw new PeerageError('group-file-damaged', { file, problem: error.message }, { cause: error })
    }
  }
}

type Content = Readonly<Record<string, unknown>>

function headOf(content: Content): GroupHead {
  const { state } = content
  if (state !== 'beginning' && state !== 'member') throw new SyntaxError('its state is not known')
  return {
    state,
    group: parsePeerName(textIn(content, 'group')),
    graphId: parseGraphId(textIn(content, 'graphId')),
    identity: parsePeerName(textIn(content, 'identity')),
    friendlyName: textIn(content, 'friendlyName'),
  }
}

function textIn(content: Content, name: string): string {
  const value = content[name]
  if (typeof value !== 'string') throw new SyntaxError(`${name} is missing in it`)
  return value
}

function textOrNull(content: Content, name: string): string | undefined {
  return content[name] === null ? undefined : textIn(content, name)
}

function base64In<Result>(content: Content, name: string, read: (bytes: Uint8Array) => Result): Result | undefined {
  const text = textOrNull(content, name)
  const bytes = text === undefined ? undefined : fromBase64(text)
  if (text !== undefined && bytes === undefined) throw new SyntaxError(`${name} is not base64 in it`)
  return bytes && read(bytes)
}

function digestIn(content: Content): ChainDigest | undefined {
  const text = textOrNull(content, 'fetches')
  const bytes = text === undefined ? undefined : fromHex(text)
  if (text === undefined) return undefined
  if (bytes?.length !== DIGEST_LENGTH) throw new SyntaxError('the digest of its chain is none')
  return chainDigestFromBytes(bytes)
}

function hintsIn({ hints }: Content): readonly Endpoint[] {
  if (!Array.isArray(hints)) throw new SyntaxError('its hints are missing in it')
  return hints.map((hint: unknown) => {
    if (typeof hint !== 'string') throw new SyntaxError('a hint in it is no address')
    return parseGraphAddress(hint)
  })
}
