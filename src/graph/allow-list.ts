/**
 * A small provider: whoever is on a list may hold links and write, and nobody else (DESIGN section 7). The list is the same on
 * every node, because the application sees to that, and can be changed while the graph is open.
 */
import { authorityOf } from '../identity/authority.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphSecurityProvider, ProviderContext } from './security-provider.ts'

/** Who may take part. */
export interface AllowList {
  /** Whether an authority is on the list. */
  has(authority: string): boolean
  /** Calls back after each change, until what it returns is called. */
  onChange(changed: () => void): () => void
  /** Puts these on the list in the place of those that were. */
  replace(peers: Iterable<PeerName>): void
}

/** A list of peers. By their authorities: classifiers do not matter. */
export function allowList(peers: Iterable<PeerName>): AllowList {
  let authorities = new Set<string>()
  const listeners = new Set<() => void>()
  const fill = (names: Iterable<PeerName>): void => {
    authorities = new Set([...names].map((name) => authorityPart(name)))
  }
  fill(peers)
  return {
    has: (authority) => authorities.has(authority),
    onChange: (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    replace: (names) => {
      fill(names)
      for (const changed of [...listeners]) changed()
    },
  }
}

/** Opens the provider of a list. */
export function allowListSecurity(list: AllowList): (graph: ProviderContext) => GraphSecurityProvider {
  return ({ crypto, identity, changed }) => {
    const stop = list.onChange(changed)
    const isListed = (publicKey: Uint8Array): boolean => list.has(authorityOf(crypto, publicKey))
    return {
      admit: ({ peer }) => {
        const verdict = isListed(peer.publicKey) ? 'admitted' : 'refused'
        return { verdict, received: () => verdict }
      },
      secure: () => {
        if (isListed(identity.keyPair.publicKey)) return new Uint8Array(0)
        throw new PeerageError('not-authorized', { operation: 'writing', problem: 'this identity is not on the list' })
      },
      validate: ({ creator, modifier }) =>
        isListed(creator.publicKey) && (modifier === undefined || isListed(modifier.publicKey)) ? 'valid' : 'invalid',
      isAdministrator: () => false,
      isAdmitted: isListed,
      rightEnds: () => undefined,
      firstTypes: [],
      proof: () => undefined,
      proofArrived: () => false,
      close: stop,
    }
  }
}
