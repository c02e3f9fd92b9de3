/** The published vectors of PNRP, docs/protocol/vectors/pnrp-*.json, as values of the program. */
import { readFileSync } from 'node:fs'
import type { AuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import type { ApplicationEndpoint, CertifiedPeerAddress } from '../../src/pnrp/certified-peer-address.ts'
import type { CloudScope } from '../../src/pnrp/cloud.ts'
import type { ExtendedPayload } from '../../src/pnrp/extended-payload.ts'
import type { Criterion, Message } from '../../src/pnrp/message.ts'
import { type PnrpId, pnrpIdFromBytes } from '../../src/pnrp/pnrp-id.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import { fromHex } from '../../src/runtime/bytes.ts'
import { type IpAddress, parseIpAddress } from '../../src/runtime/endpoint.ts'

interface MessageVectors {
  readonly cloudTag: string
  readonly messages: readonly { readonly what: string; readonly message: Json; readonly bytes: string }[]
}

interface CloudVectors {
  readonly clouds: readonly { readonly name: string; readonly scope: CloudScope; readonly tag: string }[]
  readonly seals: readonly {
    readonly name: string
    readonly secret: string
    readonly key: string
    readonly message: string
    readonly sealed: string
  }[]
  readonly ranges: readonly {
    readonly range: string
    readonly in: readonly string[]
    readonly out: readonly string[]
  }[]
  readonly invalidRanges: readonly string[]
  readonly table: Readonly<Record<string, { readonly may: readonly string[]; readonly mayNot: readonly string[] }>>
}

interface IdVectors {
  readonly distances: readonly {
    readonly one: string
    readonly other: string
    readonly upward: string
    readonly distance: string
  }[]
  readonly closer: readonly {
    readonly target: string
    readonly one: string
    readonly other: string
    readonly closer: 'one' | 'other' | 'neither'
  }[]
  readonly prefixes: readonly { readonly address: string; readonly prefix: string }[]
  readonly draws: readonly {
    readonly prefix: string
    readonly publicKey: string
    readonly endpoints: readonly Json[]
    readonly salt: string
    readonly hashed: string
    readonly serviceLocation: string
  }[]
  readonly nearest: readonly { readonly prefix: string; readonly serviceLocation: string }[]
  readonly criteria: readonly { readonly criterion: Criterion; readonly code: number }[]
  readonly sizeEstimates: readonly {
    readonly what: string
    readonly leaves: readonly { readonly below: string; readonly above: string }[]
    readonly knownIds: number
    readonly ids: number
  }[]
}

interface StructureVectors {
  readonly seed: string
  readonly cpas: readonly {
    readonly what: string
    readonly cpa: Json
    readonly pnrpId: string
    readonly bytes: string
    /** Where it has endpoints that are passed over: the others. */
    readonly endpointsRead?: readonly Json[]
  }[]
  readonly extendedPayloads: readonly { readonly what: string; readonly payload: Json; readonly bytes: string }[]
  readonly authorityBuffers: readonly { readonly what: string; readonly buffer: Json; readonly bytes: string }[]
  readonly fragments: readonly {
    readonly size: number
    readonly fragments: readonly {
      readonly offset: number
      readonly length: number
      readonly messageLength: number
      readonly messageSha256: string
    }[]
  }[]
}

/** A structure as a vector writes it. */
export type Json = Readonly<Record<string, unknown>>

export const messageVectors: MessageVectors = read('pnrp-messages.json')
export const cloudVectors: CloudVectors = read('pnrp-clouds.json')
export const idVectors: IdVectors = read('pnrp-ids.json')
export const structureVectors: StructureVectors = read('pnrp-structures.json')

/** The bytes of hexadecimal digits. */
export function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

export function id(digits: string): PnrpId {
  return pnrpIdFromBytes(hex(digits))
}

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new Error(`not an address: ${text}`)
  return parsed
}

// What a name of a vector stands for. All else (numbers, words, texts, flags) stays as it is.
const bytesNames = new Set([
  ...['hashedNonce', 'nonce', 'cookie', 'revokeCpa', 'fragment', 'cpa', 'certificateChain', 'extendedPayload'],
  ...['serviceLocation', 'authority', 'classifierHash', 'publicKey'],
])
const idNames = new Set(['id', 'target', 'validateId'])

/** A structure of a vector with bytes, IDs and addresses as the program has them. */
function valueFrom(json: Json): Json {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueNamed(name, value)]))
}

function valueNamed(name: string, value: unknown): unknown {
  if (typeof value === 'string' && bytesNames.has(name)) return hex(value)
  if (typeof value === 'string' && idNames.has(name)) return id(value)
  if (typeof value === 'string' && name === 'host') return address(value)
  if (Array.isArray(value) && name === 'ids') return value.map((item: string) => id(item))
  if (Array.isArray(value) && name.toLowerCase().endsWith('addresses')) {
    return value.map((item: string) => address(item))
  }
  if (Array.isArray(value)) return value.map((item: Json) => valueFrom(item))
  return typeof value === 'object' && value !== null ? valueFrom(value as Json) : value
}

export function messageOf(json: Json): Message {
  return valueFrom(json) as unknown as Message
}

export function cpaOf(json: Json): CertifiedPeerAddress {
  return { authority: undefined, classifierHash: undefined, ...valueFrom(json) } as unknown as CertifiedPeerAddress
}

export function endpointsOf(json: readonly Json[]): readonly ApplicationEndpoint[] {
  return json.map((endpoint) => valueFrom(endpoint) as unknown as ApplicationEndpoint)
}

export function payloadOf({ text, binary, ...rest }: Json): ExtendedPayload {
  const payload = typeof text === 'string' ? text : hex(String(binary))
  return { ...valueFrom(rest), payload } as unknown as ExtendedPayload
}

export function bufferOf(json: Json): AuthorityBuffer {
  return valueFrom(json) as unknown as AuthorityBuffer
}

/** The message of a vector by its name. */
export function messageCalled<Type extends Message['type']>(type: Type, what: string): MessageOf<Type> {
  const found = messageVectors.messages.find((vector) => vector.what === `${type}${what}`)
  const message = found && messageOf(found.message)
  if (message === undefined || !isOf(type, message)) throw new Error(`no message '${type}${what}'`)
  return message
}

type MessageOf<Type extends Message['type']> = Extract<Message, { readonly type: Type }>

function isOf<Type extends Message['type']>(type: Type, message: Message): message is MessageOf<Type> {
  return message.type === type
}

/** A route entry with the ID that repeats one byte. */
export function entryOf(byte: number, ...addresses: readonly string[]): RouteEntry {
  return { id: pnrpIdFromBytes(new Uint8Array(32).fill(byte)), port: 3540, addresses: addresses.map(address) }
}

function read<Vectors>(file: string): Vectors {
  return JSON.parse(readFileSync(new URL(`../../docs/protocol/vectors/${file}`, import.meta.url), 'utf8'))
}
