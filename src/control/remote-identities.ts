/** The identities of a running node. */
import type { Identities } from '../peer-node/identities.ts'
import { identityMethods as methods } from './identity-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { withoutUndefined } from './without-undefined.ts'

export function remoteIdentities(node: NodeConnection): Identities {
  return {
    create: (options) => node.call(methods.create, withoutUndefined(options)),
    list: () => node.call(methods.list, {}),
    problems: () => node.call(methods.problems, {}),
    get: (identity) => node.call(methods.get, withoutUndefined({ identity })),
    rename: (identity, friendlyName) => node.call(methods.rename, { identity, friendlyName }),
    delete: (identity) => node.call(methods.delete, { identity }),
    setDefault: (identity) => node.call(methods.setDefault, { identity }),
    makePeerName: (identity, classifier) => node.call(methods.makePeerName, { identity, classifier }),
    unlock: (identity, passphrase) => node.call(methods.unlock, { identity, passphrase }),
    certificate: (identity) => node.call(methods.certificate, withoutUndefined({ identity })),
    export: (identity, password) => node.call(methods.export, { identity, password }),
    import: (text, options) => node.call(methods.import, withoutUndefined({ text, ...options })),
  }
}
