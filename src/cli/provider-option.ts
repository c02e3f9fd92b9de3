/**
 * `--provider NAME=MODULE`: a graph security provider for the node that `peerage up` runs. It is code, so it is a module: one whose
 * default export opens the provider for a graph.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidArgumentError } from 'commander'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** Modules by the names of their providers. */
export type ProviderModules = Readonly<Record<string, string>>

/** For an option that may be repeated. */
export function collectProvider(text: string, former: ProviderModules = {}): ProviderModules {
  const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name === undefined || file === undefined) throw new InvalidArgumentError('It is NAME=MODULE.')
  if (Object.hasOwn(former, name)) throw new InvalidArgumentError(`There are two modules for ${name}.`)
  return { ...former, [name]: file }
}

/** @throws PeerageError `input-not-readable` */
export async function loadProviders(modules: ProviderModules): Promise<Record<string, SecurityProviderFactory>> {
  const providers: Record<string, SecurityProviderFactory> = {}
  for (const [name, file] of Object.entries(modules)) providers[name] = await load(file)
  return providers
}

async function load(file: string): Promise<SecurityProviderFactory> {
  const { default: open } = await importModule(file)
  if (isFactory(open)) return open
  const reason = 'its default export is no function that opens a graph security provider'
  throw new PeerageError('input-not-readable', { file, reason })
}

async function importModule(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(resolve(file)).href)
  } catch (cause) {
    // Whatever a module throws while it is loaded is why it cannot be.
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PeerageError('input-not-readable', { file, reason }, { cause })
  }
}

/** What it gives for a graph is looked at where it is used: a broken provider fails there, by name. */
function isFactory(value: unknown): value is SecurityProviderFactory {
  return typeof value === 'function'
}
