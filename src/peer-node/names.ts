/**
 * The names of a node, as applications see them: registering and resolving (MS-PNRP 3.2.4.1, 3.1.4.4). Each goes to the
 * clouds that are open, or to one of them.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { Closing } from './closing.ts'

/** Where an application is reached. */
export interface NameEndpoint {
  /** An IPv4 or IPv6 address without a zone. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** An IP protocol number (IANA): 6 is TCP, 17 is UDP. */
  readonly protocol: number
}

/** An endpoint as it is registered. */
export interface EndpointToRegister {
  /** Without a host, each address that the node has in the cloud at the time. */
  readonly host?: string | undefined
  /** 1 to 65535. */
  readonly port: number
  /** By default 6, which is TCP. */
  readonly protocol?: number | undefined
  /** `relay` is reserved, and refused today. */
  readonly kind?: 'address' | 'relay' | undefined
}

/** One cloud, or all of a scope that are open. */
export type CloudChoice = string | { readonly scope: 'global' | 'site-local' | 'link-local' | 'private' }

/** What an update can change. */
export interface RegistrationUpdate {
  /** Up to 10, in the order in which they are to be tried. None is enough if there is a payload. */
  readonly endpoints?: readonly EndpointToRegister[] | undefined
  /** At most 39 characters. */
  readonly comment?: string | undefined
  /** Bytes, or text: at most 4,096 bytes, of which a text uses one to end. `null` takes a former one away. */
  readonly payload?: Uint8Array | string | null | undefined
}

/** What is registered. */
export interface NameRegistration extends RegistrationUpdate {
  /** A peer name, secured or not. */
  readonly name: PeerName | string
  /** Up to 10, in the order in which they are to be tried. None is enough if there is a payload. */
  readonly endpoints: readonly EndpointToRegister[]
  /** The identity whose key signs. By default the one of the name's authority; of an unsecured name, the default identity. */
  readonly identity?: PeerName | undefined
  /** Of a name of another authority: the encoded chain of certificates from it to the identity. */
  readonly chain?: Uint8Array | undefined
  /** By default all that are open. */
  readonly cloud?: CloudChoice | undefined
  /** 8 bytes that stand for a place, such as the first half of an IPv6 address; by default from the node's address. */
  readonly hint?: Uint8Array | undefined
}

/** A registration. Closing it unregisters the name, and so does closing the node. */
export interface RegisteredName extends Closing {
  /** Replaces what is given. @throws PeerageError as {@link Names.register} */
  update(change: RegistrationUpdate): Promise<void>
}

/** A result. */
export interface ResolvedName {
  /** The name that was asked for. */
  readonly peerName: PeerName
  /** Whether the key behind the name proved this. Nothing is proven of an unsecured name. */
  readonly secured: boolean
  /** In the order in which they are to be tried. */
  readonly endpoints: readonly NameEndpoint[]
  /** Empty if there is none. */
  readonly comment: string
  /** As it was registered: bytes, or text. */
  readonly payload?: Uint8Array | string
  /** Whose key signed this: its authority, and an empty classifier. */
  readonly publisher: PeerName
  /** The cloud in which it was found. */
  readonly cloud: string
}

/** How a name is resolved. */
export interface ResolveOptions {
  /** By default all that are open, at once. */
  readonly cloud?: CloudChoice | undefined
  /** `nearest` compares whole service locations, `nearest-64` their upper halves. By default any instance will do. */
  readonly criteria?: 'any' | 'nearest' | 'nearest-64' | undefined
  /** For the nearest: 8 bytes as they can be registered; by default from the node's own address. */
  readonly hint?: Uint8Array | undefined
  /** The most results, 1 to 256. By default all there are, up to 256. */
  readonly limit?: number | undefined
  /** Ends it with an error: the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

/** The names of a node. If no cloud is open yet, the first use opens the link-local ones, and `Global_` if the node has seeds. */
export interface Names {
  /**
   * Registers a name until the handle or the node is closed. It resolves when the cloud has been told. A name can be
   * registered several times, with different endpoints.
   *
   * @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`, `cloud-not-found`, `no-network`,
   *   `resolve-only`, `name-not-owned`, `identity-not-found`, `identity-locked`, `nothing-to-register`,
   *   `too-many-endpoints`, `invalid-comment`, `payload-too-long`, `already-registered`, `too-many-registrations`,
   *   `invalid-argument` (an endpoint or the hint)
   */
  register(registration: NameRegistration): Promise<RegisteredName>
  /**
   * Resolves a name: a result as soon as it is proven. An iteration without a result means that the name was not found.
   * Leaving the iteration ends the work; an abort rejects with the signal's reason; closing the node ends it normally.
   *
   * @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`, `cloud-not-found`, `no-network`,
   *   `too-many-resolves`, `invalid-argument` (the limit or the hint), when the iteration begins
   */
  resolve(name: PeerName | string, options?: ResolveOptions): AsyncIterable<ResolvedName>
}
