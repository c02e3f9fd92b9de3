/**
 * `peerage`: a node in the process that imports it.
 */
import './nodejs/supported-node.ts'

export { openNode } from './control/open-node.ts'
export type { AllowList } from './graph/allow-list.ts'
export { allowList, allowListSecurity } from './graph/allow-list.ts'
export type { GraphScope } from './graph/graph-scope.ts'
export type {
  Admission,
  GraphSecurityProvider,
  LinkIdentity,
  LinkPeer,
  LinkToJudge,
  ProviderContext,
  SecurityProviderFactory,
  Validity,
} from './graph/security-provider.ts'
export type { Invitation } from './group/invitation.ts'
export type { OwnStanding } from './group/own-membership.ts'
export { hostNameOf, peerNameOfHostName } from './identity/host-name.ts'
export { type PeerName, parsePeerName } from './identity/peer-name.ts'
export type { Role } from './identity/role.ts'
export type { Logger } from './nodejs/guarded-log.ts'
export type { OpenNodeOptions } from './nodejs/open-node.ts'
export { readInvitation } from './nodejs/read-invitation.ts'
export {
  type MessageType,
  messageType,
  type RecordType,
  type RecordTypeOptions,
  recordType,
} from './peer-node/application-types.ts'
export type { Closing } from './peer-node/closing.ts'
export type { CloudChange, CloudInfo, CloudInspection, OpenCloudOptions } from './peer-node/cloud-info.ts'
export type { Clouds } from './peer-node/clouds.ts'
export type { DirectConnection } from './peer-node/direct-streams.ts'
export type { Finding } from './peer-node/finding.ts'
export type {
  Graph,
  GraphEvents,
  GraphProperties,
  GraphPropertyChanges,
  LinkInfo,
  NodeInfo,
  Status,
} from './peer-node/graph.ts'
export type {
  CreateGraphOptions,
  GraphInfo,
  GraphMembership,
  Graphs,
  JoinGraphOptions,
  OpenGraphOptions,
} from './peer-node/graphs.ts'
export type {
  Group,
  GroupEvents,
  GroupProperties,
  GroupPropertyChanges,
  GroupStatus,
  IdentityOptions,
  InvitationInfo,
  InviteOptions,
  LinkOptions,
  Member,
  PasswordOptions,
  RevokeOptions,
} from './peer-node/group.ts'
export type { CreateGroupOptions, GroupInfo, Groups, JoinGroupOptions, WhoseGroup } from './peer-node/groups.ts'
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
export type { Coded, Issue, PayloadCodec } from './peer-node/payload-codec.ts'
export type { PeerNode } from './peer-node/peer-node.ts'
export type { Dialing, Progress } from './peer-node/progress.ts'
export type { Attributes, AttributeValue, Query } from './peer-node/public-attributes.ts'
export type { Cursor, Listing, PeerRecord, RecordChange, Records, Watching, Writing } from './peer-node/records.ts'
export type { Waiting } from './peer-node/waiting.ts'
export type { CloudScope } from './pnrp/cloud.ts'
export type { RecordAttribute } from './records/attribute.ts'
export type { Comparison } from './records/query.ts'
export type { GraphRecord, PayloadEncoding, RecordAuthor } from './records/record.ts'
export type { RecordDraft } from './records/record-draft.ts'
export type { RecordId } from './records/record-id.ts'
export type { Clock, Timer } from './runtime/clock.ts'
export type { Crypto, SigningKeyPair } from './runtime/crypto.ts'
export type { Duration } from './runtime/duration.ts'
export type { ErrorDetails, TriedAddress } from './runtime/error-catalog.ts'
export { type ErrorCode, PeerageError } from './runtime/peerage-error.ts'
export type { Random } from './runtime/random.ts'
