/** `peerage group` as scripts drive it: a process with `--json` on a data directory. */
import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'

/** Runs `peerage group` on a data directory, and gives what it prints. */
export async function group(dataDir: string, words: readonly string[], input?: string): Promise<unknown[]> {
  const { code, stdout, stderr } = await peerage(
    ['group', ...words, '--data-dir', dataDir, '--json'],
    input === undefined ? {} : { input },
  )
  expect({ code, stderr }, words.join(' ')).toEqual({ code: 0, stderr: '' })
  return documents(stdout)
}

/** Runs a command that fails, and gives the code of its error. */
export async function failure(
  dataDir: string,
  words: readonly string[],
): Promise<{ readonly code: number; error: unknown }> {
  const { code, stdout, stderr } = await peerage([...words, '--data-dir', dataDir, '--json'])
  expect(stdout, words.join(' ')).toBe('')
  const [{ error }] = documents(stderr) as [{ error: { code: string } }]
  return { code, error: error.code }
}

export async function textOf(given: Promise<unknown[]>, field: string): Promise<string> {
  const [document] = await given
  return String(Object.entries(document ?? {}).find(([name]) => name === field)?.[1])
}

/** A file with a text in it. */
export function file(name: string, text: string): string {
  const path = `${newPath()}.${name}`
  writeFileSync(path, text)
  return path
}
