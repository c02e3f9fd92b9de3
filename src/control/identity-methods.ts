/**
 * The methods of the control API about identities: those of `identities` of a node.
 */
import type { Identity, IdentityProblem } from '../peer-node/identities.ts'
import { errorCode } from './graph-methods.ts'
import { call, command, noParameters } from './method.ts'
import { boolean, date, list, object, optional, type Shape, text } from './shape.ts'
import { peerName } from './value-shapes.ts'

const identity: Shape<Identity> = object({
  ...{ peerName, authority: text, classifier: text, friendlyName: text },
  ...{ created: date, isDefault: boolean, locked: boolean },
})

const problem: Shape<IdentityProblem> = object({ file: text, code: errorCode, message: text, advice: text })

const one = object({ identity: peerName })
const oneOrDefault = object({ identity: optional(peerName) })

export const identityMethods = {
  create: call(
    'identities.create',
    'Makes an identity with a new key.',
    object({ friendlyName: text, classifier: optional(text), passphrase: optional(text) }),
    identity,
  ),
  list: call('identities.list', 'Every identity that can be used, the oldest first.', noParameters, list(identity)),
  problems: call('identities.problems', 'The files that cannot be used, and why.', noParameters, list(problem)),
  get: call('identities.get', 'One identity; without a name, the default.', oneOrDefault, identity),
  rename: call(
    'identities.rename',
    'Changes the friendly name and nothing else.',
    object({ identity: peerName, friendlyName: text }),
    identity,
  ),
  delete: command('identities.delete', 'Removes an identity and its key for ever.', one),
  setDefault: call('identities.setDefault', 'Makes an identity the default.', one, identity),
  makePeerName: call(
    'identities.makePeerName',
    'Another peer name of an identity.',
    object({ identity: peerName, classifier: text }),
    peerName,
  ),
  unlock: call(
    'identities.unlock',
    'Opens the key of an identity that has a passphrase, until the node is closed.',
    object({ identity: peerName, passphrase: text }),
    identity,
  ),
  certificate: call('identities.certificate', 'The certificate of an identity, in PEM.', oneOrDefault, text),
  export: call(
    'identities.export',
    'One text that carries an identity to another place, its key encrypted with the password.',
    object({ identity: peerName, password: text }),
    text,
  ),
  import: call(
    'identities.import',
    'Keeps the identity of an export.',
    object({ text, password: text, passphrase: optional(text) }),
    identity,
  ),
}
