/** The `openssl` command: a judge of our formats that nobody here wrote. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What openssl said. */
export interface OpensslOutcome {
  readonly accepted: boolean
  readonly output: string
  readonly errors: string
}

/** Runs `openssl` with these arguments, in a folder that holds these files and is gone afterwards. */
export function openssl(
  arguments_: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): OpensslOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-openssl-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const run = spawnSync('openssl', [...arguments_], { cwd: folder, encoding: 'utf8' })
    if (run.error !== undefined) throw run.error
    return { accepted: run.status === 0, output: run.stdout, errors: run.stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What `openssl` prints with these arguments; its refusal is an error of the test. */
export function opensslOutput(
  arguments_: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): string {
  const { accepted, output, errors } = openssl(arguments_, files)
  if (!accepted) throw new Error(`openssl ${arguments_.join(' ')}: ${errors}`)
  return output
}
