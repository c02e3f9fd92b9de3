/** What a node does for the methods about identities. */
import type { Identities } from '../peer-node/identities.ts'
import type { Handlers } from './handlers.ts'
import { identityMethods as methods } from './identity-methods.ts'

export function handleIdentities(handlers: Handlers, identities: Identities): void {
  handlers.call(methods.create, (options) => identities.create(options))
  handlers.call(methods.list, () => identities.list())
  handlers.call(methods.problems, () => identities.problems())
  handlers.call(methods.get, ({ identity }) => identities.get(identity))
  handlers.call(methods.rename, ({ identity, friendlyName }) => identities.rename(identity, friendlyName))
  handlers.command(methods.delete, ({ identity }) => identities.delete(identity))
  handlers.call(methods.setDefault, ({ identity }) => identities.setDefault(identity))
  handlers.call(methods.makePeerName, ({ identity, classifier }) => identities.makePeerName(identity, classifier))
  handlers.call(methods.unlock, ({ identity, passphrase }) => identities.unlock(identity, passphrase))
  handlers.call(methods.certificate, ({ identity }) => identities.certificate(identity))
  handlers.call(methods.export, ({ identity, password }) => identities.export(identity, password))
  handlers.call(methods.import, ({ text, ...options }) => identities.import(text, options))
}
