/**
 * A node: all layers tied together on the ports. It holds what an application can use of them, and
 * nothing of a platform: `openNode` puts it on Node.js, `simulate` in a virtual network.
 */
import { IdentityStore } from '../identity/identity-store.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { Storage } from '../runtime/storage.ts'
import { type Identities, identitiesOf } from './identities.ts'

/** What is open until it is closed. Closing twice does nothing. */
export interface Closing {
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A node. After it is closed, everything but closing rejects with `node-closed`. */
export interface PeerNode extends Closing {
  readonly identities: Identities
}

/** What a node stands on. */
export interface PeerNodePorts {
  /** Where the identities are kept, and nothing else. */
  readonly identityStorage: Storage
  readonly crypto: Crypto
  readonly random: Random
  readonly clock: Clock
  readonly log: Log
}

/** How a node is opened. */
export interface PeerNodeOptions {
  /** If there are no identities yet, one with this friendly name is made; without it, none is. */
  readonly friendlyName?: string | undefined
}

/**
 * Opens a node.
 *
 * @throws PeerageError `invalid-friendly-name`, and what reading the identities throws
 */
export async function createPeerNode(ports: PeerNodePorts, options: PeerNodeOptions): Promise<PeerNode> {
  const { identityStorage: storage, crypto, random, clock, log } = ports
  // An identity has no groups as long as there are none at all.
  const store = new IdentityStore({ storage, crypto, random, clock, log, groupsOf: () => [] })
  if (options.friendlyName !== undefined) store.getOrCreate({ friendlyName: options.friendlyName })
  let closed = false
  const close = async (): Promise<void> => {
    closed = true
  }
  const requireOpen = (operation: string): void => {
    if (closed) throw new PeerageError('node-closed', { operation })
  }
  return { identities: identitiesOf(store, requireOpen), close, [Symbol.asyncDispose]: close }
}
