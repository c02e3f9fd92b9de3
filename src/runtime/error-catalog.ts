/**
 * Every error code of Peerage: its details, its message, what to do next, and what the original
 * called it. `docs/errors.md` is made from this table.
 */

/** What became of an attempt to connect to an address. */
export interface TriedAddress {
  /** `host:port` */
  readonly endpoint: string
  /** `referred`: the node there had no place, and named others. */
  readonly code: 'referred' | keyof ErrorDetails
  /** For people: why it failed. */
  readonly reason: string
}

/** The details that an error of each code carries; `docs/errors.md` has its message, which says what they are. */
export interface ErrorDetails {
  // Names
  'invalid-peer-name': { readonly value: string; readonly problem: string }
  'invalid-classifier': { readonly value: string; readonly problem: string }
  'classifier-too-long': { readonly length: number; readonly limit: number }
  'unsecured-peer-name': { readonly value: string }
  'invalid-friendly-name': { readonly value: string; readonly problem: string }
  'host-name-too-long': { readonly peerName: string; readonly length: number; readonly limit: number }
  'invalid-host-name': { readonly value: string; readonly problem: string }
  // Identities
  'identity-not-found': { readonly identity: string }
  'identity-ambiguous': { readonly identity: string; readonly matches: readonly string[] }
  'identity-exists': { readonly identity: string }
  'identity-deleted': { readonly identity: string }
  'identity-locked': { readonly identity: string }
  'identity-not-locked': { readonly identity: string }
  'identity-has-groups': { readonly identity: string; readonly groups: readonly string[] }
  'too-many-identities': { readonly limit: number }
  'identity-file-damaged': { readonly file: string; readonly problem: string }
  'identity-file-newer': { readonly file: string; readonly schema: number; readonly known: number }
  'wrong-passphrase': { readonly identity: string }
  'empty-password': { readonly use: string }
  'invalid-identity-export': { readonly problem: string }
  // Certificates and binary formats
  'invalid-certificate': { readonly problem: string; readonly detail: string }
  malformed: { readonly structure: string; readonly problem: string; readonly offset: number }
  // Storage
  'storage-not-accessible': { readonly path: string; readonly operation: string; readonly reason: string }
  'disk-full': { readonly path: string }
  'storage-busy': { readonly path: string; readonly waited: number }
  'file-too-large': { readonly file: string; readonly size: number; readonly limit: number }
  'file-not-private': { readonly file: string; readonly mode: string }
  'input-not-readable': { readonly file: string; readonly reason: string }
  // Network
  'port-in-use': { readonly endpoint: string }
  'address-not-available': { readonly endpoint: string }
  'network-failed': { readonly endpoint: string; readonly reason: string }
  'connection-failed': { readonly endpoint: string; readonly reason: string }
  // Clouds and registrations
  'invalid-cloud': { readonly name: string; readonly problem: string }
  'cloud-not-found': { readonly name: string; readonly open: readonly string[] }
  'no-network': { readonly cloud: string }
  'name-not-found': { readonly name: string }
  'resolve-only': { readonly cloud: string; readonly reason: string }
  'name-not-owned': { readonly name: string; readonly problem: string }
  'name-not-kept': { readonly name: string; readonly kept: readonly string[] }
  'already-registered': { readonly name: string; readonly cloud: string }
  'nothing-to-register': { readonly name: string }
  'too-many-registrations': { readonly limit: number }
  'too-many-resolves': { readonly cloud: string; readonly limit: number }
  'too-many-endpoints': { readonly count: number; readonly limit: number }
  'invalid-comment': { readonly length: number; readonly limit: number }
  'payload-too-long': { readonly length: number; readonly limit: number }
  'endpoint-kind-not-supported': { readonly kind: string }
  'registration-closed': { readonly name: string }
  // Records
  'invalid-record-type': { readonly type: string; readonly limit: number }
  'invalid-record': { readonly problem: string; readonly detail: string }
  'record-too-large': { readonly size: number; readonly limit: number }
  'record-not-found': { readonly id: string }
  'too-many-ephemeral': { readonly records: number; readonly bytes: number }
  'version-conflict': { readonly id: string; readonly expected: number; readonly stored: number }
  'refused-by-schema': { readonly type: string; readonly issues: readonly string[] }
  'invalid-expiration': { readonly expires: string; readonly problem: string }
  'invalid-attributes': { readonly name: string; readonly problem: string }
  'too-many-attributes': { readonly count: number; readonly limit: number }
  'invalid-search': { readonly problem: string }
  'cursor-too-old': { readonly cursor: string }
  'not-authorized': { readonly operation: string; readonly problem: string }
  // Databases of records
  'database-already-present': { readonly graph: string }
  'database-not-present': { readonly graph: string }
  'invalid-database': { readonly file: string; readonly problem: string }
  'database-newer': { readonly file: string; readonly schema: number; readonly known: number }
  // Graphs
  'invalid-graph-id': { readonly length: number; readonly limit: number }
  'invalid-graph-property': { readonly name: string; readonly value: string; readonly expected: string }
  'duplicate-graph': { readonly graph: string }
  'graph-in-use': { readonly graph: string }
  'graph-not-ready': { readonly graph: string }
  'graph-shutting-down': { readonly graph: string }
  'invalid-graph': { readonly graph: string }
  'graph-of-group': { readonly graph: string }
  'unknown-provider': { readonly provider: string; readonly known: readonly string[] }
  'provider-failed': { readonly operation: string; readonly problem: string }
  'called-by-provider': { readonly operation: string }
  'already-listening': { readonly graph: string }
  'unable-to-listen': { readonly endpoint: string; readonly reason: string }
  'connect-self': { readonly endpoint: string }
  'not-authenticated': { readonly endpoint: string; readonly reason: string }
  refused: { readonly endpoint: string; readonly reason: string }
  'no-common-version': { readonly ours: readonly number[]; readonly theirs: readonly number[] }
  'node-not-found': { readonly peer: string }
  'protocol-not-accepted': { readonly peer: string; readonly protocol: string }
  'too-many-connections': { readonly peer: string; readonly limit: number }
  'connection-lost': { readonly peer: string; readonly reason: string }
  'message-not-taken': { readonly peer: string; readonly type: string }
  'message-too-large': { readonly size: number; readonly limit: number }
  'file-not-taken': { readonly file: string; readonly peer: string; readonly reason: string }
  'file-not-received': { readonly file: string; readonly peer: string; readonly reason: string }
  // Groups
  'group-not-found': { readonly group: string }
  'duplicate-group': { readonly group: string }
  'group-in-use': { readonly group: string }
  'already-a-member': { readonly group: string; readonly identity: string }
  'group-key-not-here': { readonly group: string }
  'group-key-would-be-lost': { readonly group: string }
  'group-file-damaged': { readonly file: string; readonly problem: string }
  'group-file-newer': { readonly file: string; readonly schema: number; readonly known: number }
  'another-group': { readonly expected: string; readonly given: string }
  'unknown-role': { readonly role: string; readonly known: readonly string[] }
  'invalid-public-key': { readonly problem: string }
  'key-of-another-name': { readonly peer: string }
  'member-not-found': { readonly peer: string }
  'membership-not-in-force': { readonly group: string; readonly problem: string }
  'invalid-time-period': { readonly from: string; readonly until: string; readonly problem: string }
  'chain-too-long': { readonly limit: number }
  'circular-chain': { readonly peer: string }
  'invalid-invitation': { readonly problem: string; readonly detail: string }
  'invitation-too-long': { readonly length: number; readonly limit: number; readonly shorten: readonly string[] }
  'invalid-group-export': { readonly problem: string }
  'unsupported-version': { readonly structure: string; readonly version: number; readonly known: number }
  'too-much-kept': { readonly what: string; readonly count: number; readonly limit: number }
  'revocation-too-large': { readonly problem: string }
  'password-too-short': { readonly length: number; readonly limit: number }
  'no-password': { readonly group: string }
  'password-locked': { readonly group: string }
  'no-members-found': { readonly group: string; readonly search: string; readonly tried: readonly TriedAddress[] }
  'no-member-reachable': { readonly group: string; readonly tried: readonly TriedAddress[] }
  'not-let-in': { readonly group: string; readonly tried: readonly TriedAddress[] }
  // The node
  'node-closed': { readonly operation: string }
  'node-not-running': { readonly dataDir: string }
  'node-already-running': { readonly dataDir: string }
  'node-connection-lost': { readonly dataDir: string; readonly reason: string }
  'demo-failed': { readonly step: string; readonly problem: string }
  'demo-stopped': { readonly step: string }
  'control-version-mismatch': { readonly ours: number; readonly theirs: number; readonly release: string }
  'unknown-method': { readonly method: string }
  'too-many-open': { readonly kind: string; readonly limit: number }
  'request-cancelled': Record<never, never>
  interrupted: Record<never, never>
  'request-too-large': Record<never, never>
  'answer-too-large': Record<never, never>
  'invalid-argument': { readonly name: string; readonly value: string; readonly expected: string }
  ambiguous: { readonly what: string; readonly reference: string; readonly matches: readonly string[] }
}

interface CatalogEntry<Details> {
  message(details: Details): string
  readonly advice: string
  /** What the original's return codes call this condition (SDK common-return-codes): one name, or several where it has more codes. */
  readonly original?: string | readonly string[]
}

export const errorCatalog: { readonly [Code in keyof ErrorDetails]: CatalogEntry<ErrorDetails[Code]> } = {
  'invalid-peer-name': {
    message: ({ value, problem }) => `${quoted(value)} is not a peer name: ${problem}`,
    advice: 'Write it as authority.classifier: 40 digits 0-9 a-f, or 0 for an unsecured name, then a dot.',
    original: 'PEER_E_INVALID_PEER_NAME',
  },
  'invalid-classifier': {
    message: ({ value, problem }) => `${quoted(value)} is not a classifier: ${problem}`,
    advice: 'Use any text without U+0000 and unpaired surrogates; leave it empty only in a secured name.',
    original: 'PEER_E_INVALID_CLASSIFIER',
  },
  'classifier-too-long': {
    message: ({ length, limit }) => `a classifier has at most ${limit} characters, this one has ${length}`,
    advice: 'Shorten the classifier.',
    original: 'PEER_E_CLASSIFIER_TOO_LONG',
  },
  'unsecured-peer-name': {
    message: ({ value }) => `${quoted(value)} is an unsecured name, and a secured one is needed here`,
    advice: "Use the peer name of an identity or a group: it begins with 40 digits 0-9 a-f, not with '0.'.",
  },
  'invalid-friendly-name': {
    message: ({ value, problem }) => `${quoted(value)} cannot be a friendly name: ${problem}`,
    advice: 'Use 1 to 255 printable characters.',
  },
  'host-name-too-long': {
    message: ({ peerName, length, limit }) =>
      `${quoted(peerName)} has no host name: it would have ${length} characters, and a host name has at most ${limit}`,
    advice: 'Use a shorter classifier, or one of lower-case letters, digits and hyphens, which encode shortest.',
    original: 'PEER_E_CANNOT_CONVERT_PEER_NAME',
  },
  'invalid-host-name': {
    message: ({ value, problem }) => `${quoted(value)} is not the host name of a peer: ${problem}`,
    advice: 'Give a host name as `peerage name host` prints it, without changes.',
    original: 'PEER_E_INVALID_PEER_DNS_NAME',
  },
  'identity-not-found': {
    message: ({ identity }) => `there is no identity ${quoted(identity)} here`,
    advice: 'List the identities of this data directory, or create or import this one.',
    original: 'PEER_E_IDENTITY_NOT_FOUND',
  },
  'identity-ambiguous': {
    message: ({ identity, matches }) => `${quoted(identity)} can be ${matches.join(' or ')}`,
    advice: 'Name the identity by its peer name, or by more digits of it.',
  },
  'identity-exists': {
    message: ({ identity }) => `identity ${identity} is here already`,
    advice: 'Use the identity that is here; to replace it, delete it first.',
    original: 'PEER_E_ALREADY_EXISTS',
  },
  'identity-deleted': {
    message: ({ identity }) => `identity ${identity} was deleted while it was in use`,
    advice: 'Choose another identity, or import this one again.',
    original: 'PEER_E_IDENTITY_DELETED',
  },
  'identity-locked': {
    message: ({ identity }) => `identity ${identity} is locked with a passphrase`,
    advice:
      'Unlock it with its passphrase first (in a shell: --passphrase-file); once is enough until the node is closed.',
  },
  'identity-not-locked': {
    message: ({ identity }) => `identity ${identity} has no passphrase`,
    advice: 'Use it without unlocking it.',
  },
  'identity-has-groups': {
    message: ({ identity, groups }) => `identity ${identity} still has ${groups.length} groups: ${groups.join(', ')}`,
    advice: 'Delete these groups first, then the identity.',
    original: 'PEER_E_GROUPS_EXIST',
  },
  'too-many-identities': {
    message: ({ limit }) => `a data directory holds at most ${limit} identities`,
    advice: 'Delete identities that are no longer used, or use another data directory.',
    original: 'PEER_E_TOO_MANY_IDENTITIES',
  },
  'identity-file-damaged': {
    message: ({ file, problem }) => `the identity file ${file} cannot be used: ${problem}`,
    advice:
      'Restore this file from a backup, or move it away and import the identity, or for `default` choose the default again; the others stay usable.',
    original: 'PEER_E_CERT_STORE_CORRUPTED',
  },
  'identity-file-newer': {
    message: ({ file, schema, known }) =>
      `the identity file ${file} has schema ${schema}, and this version of Peerage reads up to ${known}`,
    advice: 'Update Peerage; the file was left as it is.',
  },
  'wrong-passphrase': {
    message: ({ identity }) => `the passphrase does not open ${identity}`,
    advice: 'Give the passphrase or password that was set when it was made; there is no way around it.',
  },
  'empty-password': {
    message: ({ use }) => `${use} needs a password, and an empty one is none`,
    advice: 'Give a password of at least one character; a long one, since whoever has the text can guess.',
  },
  'invalid-identity-export': {
    message: ({ problem }) => `this is not the export of an identity: ${problem}`,
    advice: 'Give the whole text that the export printed, unchanged.',
  },
  'invalid-certificate': {
    message: ({ problem, detail }) => `the certificate is refused (${problem}): ${detail}`,
    advice: 'Ask its owner for a certificate that Peerage made, and for a new one if it has expired.',
  },
  malformed: {
    message: ({ structure, problem, offset }) => `malformed ${structure} at byte ${offset}: ${problem}`,
    advice: 'It was damaged on its way or made by something else; ask for it again.',
  },
  'storage-not-accessible': {
    message: ({ path, operation, reason }) => `cannot ${operation} ${path}: ${reason}`,
    advice: 'Check that the data directory exists and that this user may read and write it.',
    original: 'PEER_E_NO_KEY_ACCESS',
  },
  'disk-full': {
    message: ({ path }) => `no space is left for ${path}`,
    advice: 'Free some space on that disk and try again; nothing was changed.',
    original: 'PEER_E_DISK_FULL',
  },
  'storage-busy': {
    message: ({ path, waited }) => `another process has kept ${path} busy for ${waited} ms`,
    advice: 'Try again; if it stays so, look for a Peerage process that hangs.',
  },
  'file-too-large': {
    message: ({ file, size, limit }) => `${file} has ${size} bytes, and at most ${limit} are read`,
    advice: 'This is no file of Peerage; move it out of the data directory.',
  },
  'file-not-private': {
    message: ({ file, mode }) => `${file} is for its owner alone, and other users can reach it (mode ${mode})`,
    advice: 'Take the rights of others away (chmod 600); if there is a key in it, consider it as known to them.',
  },
  'input-not-readable': {
    message: ({ file, reason }) => `cannot read ${file}: ${reason}`,
    advice: 'Give the path of a file that this user can read, or - for standard input.',
  },
  'port-in-use': {
    message: ({ endpoint }) => `${endpoint} is in use`,
    advice: 'Stop the program that uses this port, choose another one, or let Peerage choose.',
  },
  'address-not-available': {
    message: ({ endpoint }) => `${endpoint} is not an address of this machine`,
    advice: 'Use one of the addresses of this machine.',
  },
  'network-failed': {
    message: ({ endpoint, reason }) => `the network failed at ${endpoint}: ${reason}`,
    advice: 'Check the network of this machine and try again.',
  },
  'connection-failed': {
    message: ({ endpoint, reason }) => `no connection to ${endpoint}: ${reason}`,
    advice: 'Check that the other side runs, and that the address and port are right and reachable.',
    original: 'PEER_E_CONNECTION_FAILED',
  },
  'invalid-cloud': {
    message: ({ name, problem }) => `${quoted(name)} cannot be opened as a cloud: ${problem}`,
    advice: 'Use Global_, SiteLocal_<zone>, LinkLocal_<interface>, or a name of your own for a private cloud.',
    original: 'PEER_E_INVALID_ARGUMENT',
  },
  'cloud-not-found': {
    message: ({ name, open }) => `the cloud ${quoted(name)} is not open here; open are: ${open.join(', ') || 'none'}`,
    advice: 'Open the cloud first, or name one that is open.',
    original: 'PEER_E_NO_CLOUD',
  },
  'no-network': {
    message: ({ cloud }) => `this machine has no address that the cloud ${quoted(cloud)} may use`,
    advice: 'Connect this machine to the network, or open a cloud whose address ranges it has an address in.',
    original: 'WSAENETDOWN',
  },
  'name-not-found': {
    message: ({ name }) => `${quoted(name)} is not registered where it was looked for`,
    advice: 'Check the name, the cloud and the seeds; a name is there only while a node has it registered.',
    original: 'WSA_E_NO_MORE',
  },
  'resolve-only': {
    message: ({ cloud, reason }) => `this node can only resolve in the cloud ${quoted(cloud)}: ${reason}`,
    advice: 'Register on a node that others can reach: one with an address of its own and its UDP port open.',
    original: 'WSAEOPNOTSUPP',
  },
  'name-not-owned': {
    message: ({ name, problem }) => `${quoted(name)} cannot be registered with this identity: ${problem}`,
    advice: 'Use the identity of its authority, or one that a certificate chain lets publish it.',
    original: 'PEER_E_ACCESSDENIED',
  },
  'name-not-kept': {
    message: ({ name, kept }) =>
      `the node does not keep ${quoted(name)} registered; it keeps: ${kept.map(quoted).join(', ') || 'none'}`,
    advice: 'Give a name that it keeps; what a program has registered ends with that program.',
  },
  'already-registered': {
    message: ({ name, cloud }) =>
      `${quoted(name)} is registered with this endpoint in the cloud ${quoted(cloud)} already`,
    advice: 'Update the registration that there is, or register another endpoint.',
    original: 'WSAEALREADY',
  },
  'nothing-to-register': {
    message: ({ name }) => `${quoted(name)} would be registered without an endpoint and without a payload`,
    advice: 'Give at least one endpoint, or a payload.',
    original: 'WSAEINVAL',
  },
  'too-many-registrations': {
    message: ({ limit }) => `a node registers at most ${limit} names in one cloud`,
    advice: 'End registrations that are no longer needed.',
    original: 'WSAEMFILE',
  },
  'too-many-resolves': {
    message: ({ cloud, limit }) => `a node resolves at most ${limit} names at a time in the cloud ${quoted(cloud)}`,
    advice: 'Resolve fewer names at a time, and end iterations whose results are no longer wanted.',
    original: 'WSAEMFILE',
  },
  'too-many-endpoints': {
    message: ({ count, limit }) => `a registration has at most ${limit} endpoints, not ${count}`,
    advice: 'Register the most important endpoints, or put the others into the payload.',
    original: 'WSAEINVAL',
  },
  'invalid-comment': {
    message: ({ length, limit }) =>
      `a comment is well-formed text of at most ${limit} characters, and this one has ${length}`,
    advice: 'Shorten the comment, or put the text into the payload.',
    original: 'WSAEINVAL',
  },
  'payload-too-long': {
    message: ({ length, limit }) => `a payload has 1 to ${limit} bytes, not ${length}`,
    advice: 'Shorten the payload, or register an endpoint where the rest can be had.',
    original: 'WSAEMSGSIZE',
  },
  'endpoint-kind-not-supported': {
    message: ({ kind }) => `an endpoint of kind ${quoted(kind)} cannot be registered`,
    advice: 'Register an address; this kind is reserved for a later version.',
    original: 'WSAEINVAL',
  },
  'registration-closed': {
    message: ({ name }) => `the registration of ${quoted(name)} has ended`,
    advice: 'Register the name again.',
  },
  'invalid-record-type': {
    message: ({ type, limit }) => `${quoted(type)} is not a record type: it has 1 to ${limit} bytes of UTF-8`,
    advice: 'Use a short text such as chat.message, without U+0000.',
  },
  'invalid-record': {
    message: ({ problem, detail }) => `not a valid record: ${problem} (${detail})`,
    advice: 'Whoever made it is at fault. It was neither stored nor passed on.',
    original: 'PEER_E_INVALID_RECORD',
  },
  'record-too-large': {
    message: ({ size, limit }) => `payload and attributes have ${size} bytes, and may have ${limit}`,
    advice: 'Send large data over a direct connection, and publish a record that says where it is.',
    original: 'PEER_E_INVALID_RECORD_SIZE',
  },
  'record-not-found': {
    message: ({ id }) => `no record ${id} is there`,
    advice: 'It may have been deleted or have expired. List the records to see what is there.',
    original: 'PEER_E_RECORD_NOT_FOUND',
  },
  'version-conflict': {
    message: ({ id, expected, stored }) => `record ${id} has version ${stored}, not ${expected}`,
    advice: 'Read the record again and decide anew.',
  },
  'too-many-ephemeral': {
    message: ({ records, bytes }) =>
      `there is no room for it: of one identity a graph keeps ${records} ephemeral records, or ${bytes} bytes`,
    advice: 'Update one that is there, let it live longer than those, or wait until one expires.',
  },
  'refused-by-schema': {
    message: ({ type, issues }) => `the schema of ${quoted(type)} refuses this: ${issues.join('; ')}`,
    advice: 'Change the value, or the schema.',
  },
  'invalid-expiration': {
    message: ({ expires, problem }) => `a record cannot expire at ${expires}: ${problem}`,
    advice: 'Give a time in the future, in `expires` of the call or of the record type.',
    original: 'PEER_E_INVALID_RECORD_EXPIRATION',
  },
  'invalid-attributes': {
    message: ({ name, problem }) => `the attribute ${quoted(name)} is not valid: ${problem}`,
    advice: 'Names have 1 to 40 letters and digits; values are texts, integers or dates.',
    original: 'PEER_E_INVALID_ATTRIBUTES',
  },
  'too-many-attributes': {
    message: ({ count, limit }) => `${count} attribute values are too many: a record has at most ${limit}`,
    advice: 'Put into attributes what is searched for, and the rest into the payload.',
    original: 'PEER_E_TOO_MANY_ATTRIBUTES',
  },
  'invalid-search': {
    message: ({ problem }) => `not a query: ${problem}`,
    advice: 'See docs/records.md for queries and their text form.',
    original: 'PEER_E_INVALID_SEARCH',
  },
  'cursor-too-old': {
    message: ({ cursor }) => `the cursor ${quoted(cursor)} is of another database, or too old`,
    advice: 'Start again from "stored".',
  },
  'not-authorized': {
    message: ({ operation, problem }) => `${operation} is not allowed: ${problem}`,
    advice: 'Ask somebody who has the right.',
    original: 'PEER_E_NOT_AUTHORIZED',
  },
  'database-already-present': {
    message: ({ graph }) => `there is a database of graph ${graph} already`,
    advice: 'Open the graph, or delete it first.',
    original: 'PEER_E_DATABASE_ALREADY_PRESENT',
  },
  'database-not-present': {
    message: ({ graph }) => `there is no database of graph ${graph}`,
    advice: 'Create or join the graph first.',
    original: 'PEER_E_DBNAME_NOT_FOUND',
  },
  'invalid-database': {
    message: ({ file, problem }) => `${file} is not a sound database: ${problem}`,
    advice: 'Take it from a backup, or delete the graph and join it again: its other nodes have the records.',
    original: 'PEER_E_INVALID_DATABASE',
  },
  'database-newer': {
    message: ({ file, schema, known }) => `${file} has schema ${schema}, and this release knows up to ${known}`,
    advice: 'Use the release that wrote it, or a later one. The file was left as it is.',
  },
  'invalid-graph-id': {
    message: ({ length, limit }) => `a graph ID has 1 to ${limit} characters without U+0000, not ${length}`,
    advice: 'Leave it out to have one drawn that nobody can guess.',
    original: 'PEER_E_INVALID_GRAPH',
  },
  'invalid-graph-property': {
    message: ({ name, value, expected }) => `${name} cannot be ${quoted(value)}: ${expected}`,
    advice: 'Change the value.',
  },
  'duplicate-graph': {
    message: ({ graph }) => `graph ${graph} is open already`,
    advice: 'Use the one that is open.',
    original: 'PEER_E_DUPLICATE_GRAPH',
  },
  'graph-in-use': {
    message: ({ graph }) => `graph ${graph} is in use`,
    advice: 'Close it first, here or in the other program.',
    original: 'PEER_E_GRAPH_IN_USE',
  },
  'graph-not-ready': {
    message: ({ graph }) => `graph ${graph} has never been synchronized`,
    advice: 'Connect to a node of it and wait until it is synchronized.',
    original: ['PEER_E_GRAPH_NOT_READY', 'PEER_E_GROUP_NOT_READY'],
  },
  'graph-shutting-down': {
    message: ({ graph }) => `graph ${graph} is being closed`,
    advice: 'Open it again when it is closed.',
    original: 'PEER_E_GRAPH_SHUTTING_DOWN',
  },
  'invalid-graph': {
    message: ({ graph }) => `graph ${graph} is closed`,
    advice: 'Open it again.',
    original: 'PEER_E_INVALID_GRAPH',
  },
  'graph-of-group': {
    message: ({ graph }) => `graph ${graph} is that of a group`,
    advice: 'Use `groups` for it, with the peer name of the group.',
  },
  'unknown-provider': {
    message: ({ provider, known }) => `no security provider ${quoted(provider)} is there, only ${known.join(', ')}`,
    advice: 'Name it in `securityProviders` where the node is opened, or with `peerage up --provider NAME=MODULE`.',
  },
  'provider-failed': {
    message: ({ operation, problem }) => `the security provider failed at ${quoted(operation)}: ${problem}`,
    advice: 'This is a fault of the security provider: its methods answer at once, as their documentation says.',
  },
  'called-by-provider': {
    message: ({ operation }) => `${operation} was called by the security provider that the graph was waiting for`,
    advice: 'A security provider calls its graph only after it has answered, from a timer for example.',
  },
  'already-listening': {
    message: ({ graph }) => `graph ${graph} listens already`,
    advice: 'Nothing needs to be done.',
    original: 'PEER_E_ALREADY_LISTENING',
  },
  'unable-to-listen': {
    message: ({ endpoint, reason }) => `cannot listen on ${endpoint}: ${reason}`,
    advice: 'Choose another port, or none, to take any that is free.',
    original: 'PEER_E_UNABLE_TO_LISTEN',
  },
  'connect-self': {
    message: ({ endpoint }) => `${endpoint} is this node itself`,
    advice: 'Give the address of another node.',
    original: 'PEER_E_CONNECT_SELF',
  },
  'not-authenticated': {
    message: ({ endpoint, reason }) => `no link with ${endpoint}: ${reason}`,
    advice: 'See that the graph and its provider are the same there, and that this identity is admitted.',
    original: 'PEER_E_CONNECTION_NOT_AUTHENTICATED',
  },
  refused: {
    message: ({ endpoint, reason }) => `${endpoint} refused the connection: ${reason}`,
    advice: 'Try another node, or later.',
    original: 'PEER_E_CONNECTION_REFUSED',
  },
  'no-common-version': {
    message: ({ ours, theirs }) => `no common version: here ${ours.join(', ')}, there ${theirs.join(', ')}`,
    advice: 'Bring the older one of the two nodes up to date.',
  },
  'node-not-found': {
    message: ({ peer }) => `no node of ${peer} is known`,
    advice: 'It may be offline, or its presence is off.',
    original: 'PEER_E_NODE_NOT_FOUND',
  },
  'protocol-not-accepted': {
    message: ({ peer, protocol }) => `${peer} takes no connections of ${quoted(protocol)}`,
    advice: 'The application there has to take connections of this protocol first.',
  },
  'too-many-connections': {
    message: ({ peer, limit }) => `${peer} has ${limit} direct connections open`,
    advice: 'Close one that is not needed, or wait.',
  },
  'connection-lost': {
    message: ({ peer, reason }) => `the connection to ${peer} is lost: ${reason}`,
    advice: 'Connect again.',
  },
  'message-not-taken': {
    message: ({ peer, type }) => `nobody at ${peer} reads messages of type ${quoted(type)}`,
    advice: 'The application there has to read this type first.',
  },
  'message-too-large': {
    message: ({ size, limit }) => `a message has at most ${limit} bytes, not ${size}`,
    advice: 'Use a direct connection.',
  },
  'file-not-taken': {
    message: ({ file, peer, reason }) => `${peer} does not take ${quoted(file)}: ${reason}`,
    advice: 'See that `peerage receive` runs there, and what it says; then send it again.',
  },
  'file-not-received': {
    message: ({ file, peer, reason }) => `${quoted(file)} did not come from ${peer}: ${reason}`,
    advice: 'Let it be sent again: it goes on with the part that is here.',
  },
  'group-not-found': {
    message: ({ group }) => `there is no group ${quoted(group)} here`,
    advice: 'Look at the list of groups, or join it with an invitation.',
  },
  'duplicate-group': {
    message: ({ group }) => `the group ${group} is open already`,
    advice: 'Use the one that is open.',
    original: 'PEER_E_DUPLICATE_GRAPH',
  },
  'group-in-use': {
    message: ({ group }) => `the group ${group} is open`,
    advice: 'Close it first, here or in the other program.',
    original: 'PEER_E_GROUP_IN_USE',
  },
  'already-a-member': {
    message: ({ group, identity }) => `${identity} is in the group ${group} already`,
    advice: 'Open the group by its peer name; the invitation is not needed any more.',
    original: 'PEER_S_ALREADY_A_MEMBER',
  },
  'group-key-not-here': {
    message: ({ group }) => `the key of the group ${group} is not on this node`,
    advice: 'Import it from where it was exported to, or do this on the node that has it.',
  },
  'group-key-would-be-lost': {
    message: ({ group }) => `the key of the group ${group} is here, and would be deleted`,
    advice:
      'Export it first, or say `losesGroupKey: true` (in a shell: --lose-group-key): without it nobody can change the properties of the group any more.',
  },
  'group-file-damaged': {
    message: ({ file, problem }) => `the file ${file} of a group cannot be used: ${problem}`,
    advice: 'Restore it from a backup, or move it away and import the configuration of the group.',
  },
  'group-file-newer': {
    message: ({ file, schema, known }) =>
      `the file ${file} of a group has schema ${schema}, and this version of Peerage reads up to ${known}`,
    advice: 'Update Peerage; the file was left as it is.',
  },
  'another-group': {
    message: ({ expected, given }) => `this is for the group ${given}, and not for ${expected}`,
    advice: 'Use what was made for this group.',
  },
  'unknown-role': {
    message: ({ role, known }) => `${quoted(role)} is no role; the roles are ${known.join(', ')}`,
    advice: 'Give one of these roles.',
  },
  'invalid-public-key': {
    message: ({ problem }) => `this is no public key of an identity: ${problem}`,
    advice: 'Use the key in the identity certificate (IDC) of the identity.',
  },
  'key-of-another-name': {
    message: ({ peer }) => `the public key is not that of ${peer}`,
    advice: 'Ask the identity for its certificate again; name and key in it belong together.',
  },
  'member-not-found': {
    message: ({ peer }) => `nothing is on record for ${peer}: it is no member of this group`,
    advice: 'Look at the list of members, or invite the identity.',
    original: 'PEER_E_IDENTITY_NOT_FOUND',
  },
  'membership-not-in-force': {
    message: ({ group, problem }) => `the own membership of ${group} is not in force: ${problem}`,
    advice: 'Ask a member who may issue certificates for a new one.',
    original: 'PEER_E_NOT_AUTHORIZED',
  },
  'invalid-time-period': {
    message: ({ from, until, problem }) => `it cannot be valid from ${from} until ${until}: ${problem}`,
    advice: 'Choose times inside the validity of the own membership, or leave them out.',
    original: 'PEER_E_INVALID_TIME_PERIOD',
  },
  'chain-too-long': {
    message: ({ limit }) => `no certificate can stand under this one: a chain has at most ${limit}`,
    advice: 'Let a member who is nearer to the creator of the group invite.',
    original: 'PEER_E_CHAIN_TOO_LONG',
  },
  'circular-chain': {
    message: ({ peer }) => `${peer} stands above in the chain that would be its own`,
    advice: 'Whoever invited you is a member already; let somebody above renew that membership.',
    original: 'PEER_E_CIRCULAR_CHAIN_DETECTED',
  },
  'invalid-invitation': {
    message: ({ problem, detail }) => `this invitation cannot be used (${problem}): ${detail}`,
    advice: 'Copy the whole text again, or ask whoever invited you for a new one.',
  },
  'invitation-too-long': {
    message: ({ length, limit, shorten }) =>
      `the invitation would have ${length} characters, and ${limit} is the most; too long: ${shorten.join(', ')}`,
    advice: 'Shorten these names.',
  },
  'invalid-group-export': {
    message: ({ problem }) => `this is not the export of a group: ${problem}`,
    advice: 'Give the whole text that the export printed, unchanged.',
  },
  'unsupported-version': {
    message: ({ structure, version, known }) =>
      `this ${structure} is of version ${version}, and this release knows version ${known}`,
    advice: 'Update Peerage.',
    original: 'PEER_E_UNSUPPORTED_VERSION',
  },
  'too-much-kept': {
    message: ({ what, count, limit }) => `a revocation keeps at most ${limit} ${what}, not ${count}`,
    advice: 'Keep none, or those that matter; what is to stay can be written again by another member first.',
  },
  'revocation-too-large': {
    message: ({ problem }) => `a revocation has no room for ${problem}`,
    advice: 'Revoke fewer certificates at once, or one nearer to the group key that these stand under.',
  },
  'password-too-short': {
    message: ({ length, limit }) => `the password of a group has at least ${limit} characters, not ${length}`,
    advice: 'Choose a longer one: several words that have nothing to do with each other are good.',
    original: 'PEER_E_PASSWORD_DOES_NOT_MEET_POLICY',
  },
  'no-password': {
    message: ({ group }) => `the group ${group} has no password`,
    advice: 'Let an administrator set one, or invite in another way.',
  },
  'password-locked': {
    message: ({ group }) => `the password of the group ${group} is locked: somebody who could open it was revoked`,
    advice: 'Let an administrator set another password.',
  },
  'no-members-found': {
    message: ({ group, search, tried }) => `no member of the group ${group} was found: ${search}${listed(tried)}`,
    advice:
      'See that a member is online, and that it is in the same cloud as this node; or get a new invitation from it.',
    original: 'PEER_E_NO_MEMBERS_FOUND',
  },
  'no-member-reachable': {
    message: ({ group, tried }) => `members of the group ${group} are online, and none can be reached${listed(tried)}`,
    advice:
      'See that a firewall lets links through, here and there (TCP port 3587, if it is not another one); or try later.',
    original: 'PEER_E_NO_MEMBER_CONNECTIONS',
  },
  'not-let-in': {
    message: ({ group, tried }) => `the group ${group} does not let this node in${listed(tried)}`,
    advice:
      'See from the reason whether the membership has ended or was revoked: then ask a member for a new invitation.',
    original: 'PEER_E_CONNECTION_NOT_AUTHENTICATED',
  },
  'node-closed': {
    message: ({ operation }) => `${operation} is not possible: the node is closed`,
    advice: 'Open the node again.',
  },
  'node-not-running': {
    message: ({ dataDir }) => `no node is running on ${quoted(dataDir)}`,
    advice: 'Start one with `peerage up`, or name another data directory.',
  },
  'node-already-running': {
    message: ({ dataDir }) => `a node is running on ${quoted(dataDir)} already`,
    advice: 'Use that one (`peerage status` shows it), stop it with `peerage down`, or name another data directory.',
  },
  'node-connection-lost': {
    message: ({ dataDir, reason }) => `the connection to the node on ${quoted(dataDir)} has ended: ${reason}`,
    advice: 'Connect again once the node is running.',
  },
  'demo-failed': {
    message: ({ step, problem }) => `the demo failed at “${step}”: ${problem}`,
    advice: 'Run it again; if it fails again, please report it with this text.',
  },
  'demo-stopped': {
    message: ({ step }) => `the demo was stopped at “${step}”`,
    advice: 'No process and no data of it is left.',
  },
  'control-version-mismatch': {
    message: ({ ours, theirs, release }) =>
      `the running node is of release ${release} and speaks version ${theirs} of the control protocol, this program ${ours}`,
    advice: 'Use the same release of Peerage for both.',
  },
  'unknown-method': {
    message: ({ method }) => `the node knows no method ${quoted(method)}`,
    advice: 'Use the same release of Peerage for the program and the node.',
  },
  'too-many-open': {
    message: ({ kind, limit }) => `this program has ${limit} of ${kind} open, and may have no more`,
    advice: 'Close what is no longer needed.',
  },
  'request-cancelled': {
    message: () => 'the program took its request back',
    advice: 'Nothing is to be done.',
  },
  interrupted: {
    message: () => 'it was interrupted before it was done',
    advice: 'Give the command again to have it done.',
  },
  'request-too-large': {
    message: () => 'a request is too large to be sent to the running node',
    advice: 'Send less at once.',
  },
  'answer-too-large': {
    message: () => 'the answer is too large to be sent to the program',
    advice: 'Ask for less at once.',
  },
  'invalid-argument': {
    message: ({ name, value, expected }) => `${name} is ${value}, and should be ${expected}`,
    advice: 'Correct this argument.',
    original: 'PEER_E_INVALIDARG',
  },
  ambiguous: {
    message: ({ what, reference, matches }) =>
      `${quoted(reference)} can be more than one ${what}: ${matches.join(' or ')}`,
    advice: 'Give the whole name or more digits of it; of several identities in one group, name the one that is meant.',
  },
}

/** What was tried, at the end of a message. */
function listed(tried: readonly TriedAddress[]): string {
  return tried.map(({ endpoint, reason }) => `; ${endpoint}: ${reason}`).join('')
}

/** How much of a value a message quotes, in characters. */
const LONGEST_QUOTE = 200

/** The value as text between quotes, shortened if it is long, with control characters made visible. */
function quoted(value: string): string {
  const text = JSON.stringify(value)
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…"`
}
