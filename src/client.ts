/**
 * `peerage/client`: what programs need that talk to a node of another process. That node has no door yet,
 * so for now these are the names and errors that both sides share.
 */
import './nodejs/supported-node.ts'

export { hostNameOf, peerNameOfHostName } from './identity/host-name.ts'
export { type PeerName, parsePeerName } from './identity/peer-name.ts'
export type { ErrorDetails } from './runtime/error-catalog.ts'
export { type ErrorCode, PeerageError } from './runtime/peerage-error.ts'
