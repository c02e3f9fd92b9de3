/**
 * Documents that are made from the sources and kept in the repository, so that they can be read there
 * and a change of them is seen in review.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const WRITE = '--write'

/**
 * With `--write` on the command line writes the document; without it says whether the one in the
 * repository is up to date, and if not, which command makes it so.
 */
export function settleDocument(file: string, text: string, command: string): boolean {
  const current = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (current === text) return true
  if (process.argv.includes(WRITE)) {
    writeFileSync(file, text)
    console.log(`${file} is written.`)
    return true
  }
  console.error(`${file} is out of date: run \`${command}\` and look at the difference.`)
  return false
}
