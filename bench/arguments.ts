/**
 * What was asked for on the command line: `npm run bench -- [NAME] [--json]`.
 */
import { parseArgs } from 'node:util'

export interface Request<Name extends string> {
  /** Without it, all of them. */
  readonly name: Name | undefined
  readonly json: boolean
}

/** @returns what was asked for, or what is wrong with it */
export function readRequest<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): Request<Name> | { readonly problem: string } {
  const usage = `npm run bench -- [${names.join(' | ')}] [--json]`
  let parsed: { values: { json?: boolean }; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options: { json: { type: 'boolean' } }, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { problem: `${error.message}\nWrite: ${usage}` }
  }
  const [text, ...more] = parsed.positionals
  if (more.length > 0) return { problem: `One job at a time, or none for all of them.\nWrite: ${usage}` }
  const json = parsed.values.json ?? false
  if (text === undefined) return { name: undefined, json }
  const name = names.find((one) => one === text)
  return name === undefined ? { problem: `There is no job ${text}.\nWrite: ${usage}` } : { name, json }
}
