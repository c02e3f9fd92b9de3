/**
 * `peerage`: a node in the process that imports it.
 */
import './nodejs/supported-node.ts'

export { hostNameOf, peerNameOfHostName } from './identity/host-name.ts'
export { type PeerName, parsePeerName } from './identity/peer-name.ts'
export type { Logger } from './nodejs/guarded-log.ts'
export { type OpenNodeOptions, openNode } from './nodejs/open-node.ts'
export type { Closing } from './peer-node/closing.ts'
export type { CloudChange, CloudInfo, CloudInspection, OpenCloudOptions } from './peer-node/cloud-info.ts'
export type { Clouds } from './peer-node/clouds.ts'
export type { Identities, Identity, IdentityProblem } from './peer-node/identities.ts'
export type {
  EndpointToRegister,
  NameEndpoint,
  NameRegistration,
  Names,
  RegisteredName,
  RegistrationUpdate,
  ResolvedName,
  ResolveOptions,
} from './peer-node/names.ts'
export type { PeerNode } from './peer-node/peer-node.ts'
export type { CloudScope } from './pnrp/cloud.ts'
export type { ErrorDetails } from './runtime/error-catalog.ts'
export { type ErrorCode, PeerageError } from './runtime/peerage-error.ts'
