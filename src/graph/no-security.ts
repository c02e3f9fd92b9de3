/**
 * The provider `none` (G-125): links are encrypted and identities proven, but anybody who knows the graph ID is let in, and any
 * record whose signatures are right is valid. Only what is said of the graph itself is its creator's alone (G-007).
 */
import { toHex } from '../runtime/bytes.ts'
import { GRAPH_INFO_TYPE } from './graph-properties.ts'
import type { GraphSecurityProvider } from './security-provider.ts'

/** What a graph names it by. */
export const NO_SECURITY = 'none'

/** Opens it. */
export function noSecurity(): GraphSecurityProvider {
  return {
    admit: () => ({ verdict: 'admitted', received: () => 'admitted' }),
    secure: () => new Uint8Array(0),
    validate: ({ type, creator, modifier }) => {
      const isOthers = modifier !== undefined && toHex(modifier.publicKey) !== toHex(creator.publicKey)
      return type === GRAPH_INFO_TYPE && isOthers ? 'invalid' : 'valid'
    },
    isAdministrator: () => false,
    isAdmitted: () => true,
    rightEnds: () => undefined,
    firstTypes: [],
    proof: () => undefined,
    proofArrived: () => false,
    close: () => undefined,
  }
}
