/** What the database of a peer holds, as one digest that is the same wherever the same is held. */
import { createHash } from 'node:crypto'
import type { Group } from '../peer-node/group.ts'

/** The records of one peer. */
export interface Contents {
  readonly records: number
  /** SHA-256 over all of them in the order of their IDs, in hexadecimal digits. */
  readonly digest: string
}

/** Reads every record of applications: who wrote it, which version it is, and every byte of it. */
export async function contentsOf({ records }: Group, signal: AbortSignal): Promise<Contents> {
  const lines: string[] = []
  for await (const record of records.list('all', { signal })) {
    const { id, type, version, creator, modifier, modified, payload } = record
    const bytes = Buffer.from(payload).toString('base64')
    lines.push(JSON.stringify([id, type, version, creator, modifier, modified, bytes]))
  }
  const hash = createHash('sha256')
  for (const line of lines.sort()) hash.update(`${line}\n`)
  return { records: lines.length, digest: hash.digest('hex') }
}
