/** The names and clouds of a running node. */
import type { Closing } from '../peer-node/closing.ts'
import type { Clouds } from '../peer-node/clouds.ts'
import type { NameRegistration, Names, RegisteredName, RegistrationUpdate } from '../peer-node/names.ts'
import { cloudMethods } from './cloud-methods.ts'
import type { NameKeeping } from './kept-names.ts'
import { nameMethods } from './name-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { remoteClosing } from './remote-closing.ts'
import { withoutUndefined } from './without-undefined.ts'

export function remoteNames(node: NodeConnection): Names {
  return {
    register: (registration) => register(node, registration),
    resolve: (name, { signal, ...options } = {}) =>
      node.stream(nameMethods.resolve, withoutUndefined({ name, ...options }), { signal }),
  }
}

export function remoteKeptNames(node: NodeConnection): NameKeeping {
  return {
    keep: async (given) => {
      await node.call(nameMethods.keep, registrationOf(given))
    },
    list: () => node.call(nameMethods.kept, {}),
    release: async (name) => {
      await node.call(nameMethods.release, { name })
    },
  }
}

export function remoteClouds(node: NodeConnection): Clouds {
  return {
    list: (options = {}) => node.call(cloudMethods.list, withoutUndefined(options)),
    watch: ({ signal, ...options } = {}) => node.stream(cloudMethods.watch, withoutUndefined(options), { signal }),
    inspect: (name) => node.call(cloudMethods.inspect, { name }),
    open: async (name, options = {}): Promise<Closing> => {
      const cloud = await node.call(cloudMethods.open, withoutUndefined({ name, ...options }))
      return remoteClosing(node, () => node.call(cloudMethods.close, { cloud }))
    },
  }
}

async function register(node: NodeConnection, given: NameRegistration): Promise<RegisteredName> {
  const registration = await node.call(nameMethods.register, registrationOf(given))
  return {
    ...remoteClosing(node, () => node.call(nameMethods.close, { registration })),
    update: async ({ payload: replaced, ...change }: RegistrationUpdate) => {
      const removePayload = replaced === null ? true : undefined
      const content = { ...change, payload: replaced ?? undefined, removePayload }
      await node.call(nameMethods.update, withoutUndefined({ registration, ...content }))
    },
  }
}

/** Nothing stands for a payload that is taken away: there is none before. */
function registrationOf({ payload, ...rest }: NameRegistration) {
  return withoutUndefined({ ...rest, payload: payload ?? undefined })
}
