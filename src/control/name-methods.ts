/**
 * The methods of the control API about names: registering and resolving.
 */
import type { EndpointToRegister, NameEndpoint, ResolvedName } from '../peer-node/names.ts'
import { call, command, stream } from './method.ts'
import { boolean, bytes, count, either, list, number, object, oneOf, optional, type Shape, text } from './shape.ts'
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

export const nameMethods = {
  register: call(
    'names.register',
    'Registers a name until the registration is closed or the program ends.',
    object({
      ...{ name: text, endpoints: list(endpointToRegister), ...content },
      ...{ identity: optional(peerName), chain: optional(bytes), hint: optional(bytes) },
      cloud: optional(either(text, object({ scope: oneOf('global', 'site-local', 'link-local', 'private') }))),
    }),
    handle,
  ),
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
