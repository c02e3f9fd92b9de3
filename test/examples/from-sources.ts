/** Loaded before a program (`node --import`): what it imports from `peerage` are the sources, not the last build. */
import { registerHooks } from 'node:module'

const ENTRANCES = new Map([
  ['peerage', 'index'],
  ['peerage/client', 'client'],
  ['peerage/simulation', 'simulation'],
])

registerHooks({
  resolve: (specifier, context, next) => {
    const entrance = ENTRANCES.get(specifier)
    return next(entrance === undefined ? specifier : new URL(`../../src/${entrance}.ts`, import.meta.url).href, context)
  },
})
