/** What a node does for the methods about names and clouds. */
import type { Clouds } from '../peer-node/clouds.ts'
import type { Names } from '../peer-node/names.ts'
import { cloudMethods } from './cloud-methods.ts'
import type { Handlers } from './handlers.ts'
import type { NameKeeping } from './kept-names.ts'
import { nameMethods } from './name-methods.ts'

export function handleNames(handlers: Handlers, names: Names): void {
  handlers.call(nameMethods.register, async (registration, { things }) => {
    things.registrations.requireRoom()
    return things.registrations.add(await names.register(registration))
  })
  handlers.command(nameMethods.update, async ({ registration, removePayload = false, ...change }, { things }) => {
    await things.registrations.get(registration).update({ ...change, ...(removePayload && { payload: null }) })
  })
  handlers.command(nameMethods.close, ({ registration }, { things }) => things.registrations.closeOne(registration))
  handlers.stream(nameMethods.resolve, ({ name, ...options }, { signal }) =>
    names.resolve(name, { ...options, signal }),
  )
}

export function handleKeptNames(handlers: Handlers, kept: NameKeeping): void {
  handlers.command(nameMethods.keep, (registration) => kept.keep(registration))
  handlers.call(nameMethods.kept, () => kept.list())
  handlers.command(nameMethods.release, ({ name }) => kept.release(name))
}

export function handleClouds(handlers: Handlers, clouds: Clouds): void {
  handlers.call(cloudMethods.list, (options) => clouds.list(options))
  handlers.stream(cloudMethods.watch, (options, { signal }) => clouds.watch({ ...options, signal }))
  handlers.call(cloudMethods.inspect, ({ name }) => clouds.inspect(name))
  handlers.call(cloudMethods.open, async ({ name, ...options }, { things }) => {
    things.clouds.requireRoom()
    return things.clouds.add(await clouds.open(name, options))
  })
  handlers.command(cloudMethods.close, ({ cloud }, { things }) => things.clouds.closeOne(cloud))
}
