/**
 * The methods of the control API about names: registering and resolving.
 */
import type { EndpointToRegister, NameEndpoint, ResolvedName } from '../peer-node/names.ts'
import type { KeptName } from './kept-names.ts'
import { call, command, noParameters, stream } from './method.ts'
import {
  boolean,
  bytes,
  count,
  date,
  either,
  list,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  text,
} from './shape.ts'
import { handle, peerName } from './value-shapes.ts'

const endpoint: Shape<NameEndpoint> = object({ host: text, port: number, protocol: number })
const endpointToRegister: Shape<EndpointToRegister> = object({
  host: optional(text),
  port: number,
  protocol: optional(number),
  kind: optional(oneOf('address', 'relay')),
})

const resolved: Shape<ResolvedName> = object({
  ...{ peerName, secured: boolean, endpoints: list(endpoint), comment: text },
  ...{ payload: optional(either(bytes, text)), publisher: peerName, cloud: text },
})

const content = {
  comment: optional(text),
  /** To take a former payload away: `remove`. */
  payload: optional(either(bytes, text)),
  removePayload: optional(boolean),
}

const cloud = optional(either(text, object({ scope: oneOf('global', 'site-local', 'link-local', 'private') })))
const registration = object({
  ...{ name: text, endpoints: list(endpointToRegister), ...content },
  ...{ identity: optional(peerName), chain: optional(bytes), hint: optional(bytes), cloud },
})

const kept: Shape<KeptName> = object({
  ...{ name: text, endpoints: list(endpointToRegister), comment: optional(text), cloud, identity: optional(peerName) },
  ...{ payload: optional(either(bytes, text)), since: date },
})

export const nameMethods = {
  register: call(
    'names.register',
    'Registers a name until the registration is closed or the program ends.',
    registration,
    handle,
  ),
  keep: command('names.keep', 'Registers a name until it is released or the node is closed.', registration),
  kept: call('names.kept', 'What is registered so, the oldest first.', noParameters, list(kept)),
  release: command('names.release', 'Ends every such registration of a name.', object({ name: text })),
  update: command(
    'registration.update',
    'Replaces what is given.',
    object({ registration: handle, endpoints: optional(list(endpointToRegister)), ...content }),
  ),
  close: command('registration.close', 'Unregisters the name.', object({ registration: handle })),
  resolve: stream(
    'names.resolve',
    'Resolves a name: a result as soon as it is proven.',
    object({
      ...{ name: text, cloud: optional(text), criteria: optional(oneOf('any', 'nearest', 'nearest-64')) },
      ...{ hint: optional(bytes), limit: optional(count) },
    }),
    resolved,
  ),
}
