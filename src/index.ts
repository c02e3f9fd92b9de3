/**
 * `peerage`: a node in the process that imports it.
 */
import './nodejs/supported-node.ts'

export { hostNameOf, peerNameOfHostName } from './identity/host-name.ts'
export { type PeerName, parsePeerName } from './identity/peer-name.ts'
export type { Logger } from './nodejs/guarded-log.ts'
export { type OpenNodeOptions, openNode } from './nodejs/open-node.ts'
export type { Identities, Identity, IdentityProblem } from './peer-node/identities.ts'
export type { Closing, PeerNode } from './peer-node/peer-node.ts'
export type { ErrorDetails } from './runtime/error-catalog.ts'
export { type ErrorCode, PeerageError } from './runtime/peerage-error.ts'
