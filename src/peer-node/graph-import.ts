/**
 * Importing an exported database (G-131, G-132, G-193). The file comes from a stranger: it is read to its end before anything
 * is stored, and each record is judged as one that arrived over a link. All of it is one commit, so that a process that is
 * killed in between has imported nothing.
 */
import { type GraphId, graphKeys, parseGraphId } from '../records/graph-id.ts'
import { readRecord } from '../records/read-record.ts'
import type { ExportedDatabase, RecordDatabases } from '../records/record-databases.ts'
import { fromUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { exportedSettings, type OpenGraph } from './open-graph.ts'
import type { Progress } from './progress.ts'
import { abortable } from './waiting.ts'

/** Records that are imported before others get their turn. */
const IMPORTED_AT_ONCE = 100

/** A file that can be imported. */
export interface ImportSource {
  readonly graphId: GraphId
  readonly provider: string
  /** How many records it has, as many as they are worth. */
  readonly count: number
  records(): Iterable<Uint8Array>
  close(): void
}

/** Opens a file and reads all of it once. @throws PeerageError `invalid-database`, `database-newer`, `input-not-readable` */
export function openImport(databases: RecordDatabases, crypto: Crypto, file: string): ImportSource {
  const exported = databases.openExport(file)
  try {
    const graphId = graphIdIn(exported, file)
    const provider = textIn(exported, exportedSettings.provider)
    if (provider === undefined) throw new PeerageError('invalid-database', { file, problem: 'it names no provider' })
    const keys = graphKeys(crypto, graphId)
    let count = 0
    for (const bytes of exported.records()) {
      count++
      if (readRecord(crypto, keys, bytes) === 'wrong-graph') {
        throw new PeerageError('invalid-database', { file, problem: 'a record in it is of another graph' })
      }
    }
    return { graphId, provider, count, records: () => exported.records(), close: () => exported.close() }
  } catch (error) {
    exported.close()
    throw error
  }
}

/**
 * Takes the records over: first those by which others are judged, again and again as long as one of them lets another one in, then
 * all others.
 */
export async function importRecords(
  graph: OpenGraph,
  source: ImportSource,
  tell: (step: Progress) => void,
): Promise<void> {
  const { engine } = graph
  const release = engine.store.holdCommits()
  try {
    const { crypto, keys, provider } = engine.parts
    const isFirst = (bytes: Uint8Array): boolean => {
      const record = readRecord(crypto, keys, bytes)
      return typeof record !== 'string' && provider.firstTypes.includes(record.type)
    }
    if (provider.firstTypes.length > 0) while ((await takeThose(graph, source, isFirst, () => undefined)) > 0);
    await takeThose(graph, source, () => true, tell)
  } finally {
    release()
  }
  await abortable<void>(undefined, (resolve, reject) => {
    engine.store.afterCommit((error) => (error === undefined ? resolve() : reject(error)))
    return () => undefined
  })
}

/** @returns how many of them were stored */
async function takeThose(
  { engine }: OpenGraph,
  { count, records }: ImportSource,
  isMeant: (bytes: Uint8Array) => boolean,
  tell: (step: Progress) => void,
): Promise<number> {
  let [done, stored] = [0, 0]
  let pending: Promise<void>[] = []
  for (const bytes of records()) {
    done++
    if (isMeant(bytes)) {
      pending.push(
        new Promise((resolve) =>
          engine.import(bytes, (wasStored) => {
            if (wasStored) stored++
            resolve()
          }),
        ),
      )
    }
    if (pending.length < IMPORTED_AT_ONCE && done < count) continue
    await Promise.all(pending)
    pending = []
    tell({ phase: 'synchronizing', detail: `${done} of ${count} records`, done, total: count })
  }
  return stored
}

function graphIdIn(exported: ExportedDatabase, file: string): GraphId {
  const text = textIn(exported, exportedSettings.graphId)
  try {
    return parseGraphId(text ?? '')
  } catch (error) {
    if (!PeerageError.is(error, 'invalid-graph-id')) throw error
    throw new PeerageError('invalid-database', { file, problem: 'it names no graph' }, { cause: error })
  }
}

function textIn(exported: ExportedDatabase, setting: string): string | undefined {
  const bytes = exported.setting(setting)
  return bytes && fromUtf8(bytes)
}
