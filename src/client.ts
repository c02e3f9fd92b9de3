/**
 * `peerage/client`: a node that runs in another process. The types are those of `peerage`, and so is the shape of a node.
 */
import './nodejs/supported-node.ts'

export { type ConnectNodeOptions, connectNode } from './control/connect-node.ts'
export { hostNameOf, peerNameOfHostName } from './identity/host-name.ts'
export { parsePeerName } from './identity/peer-name.ts'
export type * from './index.ts'
export { readInvitation } from './nodejs/read-invitation.ts'
export { messageType, recordType } from './peer-node/application-types.ts'
export { PeerageError } from './runtime/peerage-error.ts'
