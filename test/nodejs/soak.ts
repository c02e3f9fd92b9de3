/**
 * A soak: nodes of one group, in one process over TLS with files, that come and go, write, change and delete for as long as one likes.
 * In the end all who are open have the same records, and memory has not grown. `npm run soak` lets 20 do it for an hour; a test lets
 * a few do it for seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNode } from '../../src/nodejs/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { type Random, randomBelow, randomChoice } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'

/** How a soak is run. */
export interface SoakOptions {
  readonly nodes: number
  /** It goes on until both are over: this time in milliseconds, counted from when all have joined, and so many steps. */
  readonly duration: number
  readonly steps: number
  /** How long one step and the next are apart, in milliseconds. */
  readonly pause: number
  readonly seed: string
  /** Told from time to time. */
  readonly sampled?: (sample: SoakSample) => void
}

/** What it looks like at a moment. */
export interface SoakSample {
  /** Since the beginning, in milliseconds. */
  readonly at: number
  readonly open: number
  readonly records: number
  /** In bytes, after a collection of garbage where that can be asked for. */
  readonly heap: number
  readonly resident: number
}

/** What it came to. */
export interface SoakReport {
  readonly samples: readonly SoakSample[]
  /** What was done, by kind. */
  readonly done: Readonly<Record<string, number>>
  /** How long after the last step all databases were equal, in milliseconds. */
  readonly equalAfter: number
  readonly records: number
}

const Note = recordType('soak.note', { expires: '1d' })
/** Records that are kept at a time: above that, one is deleted for each that comes. */
const MOST_RECORDS = 2000
const SAMPLES = 60
/** How long it may take until all are equal, in milliseconds: DESIGN section 12. */
const LONGEST_SETTLING = 60_000

interface Place {
  readonly dataDir: string
  node: PeerNode | undefined
  group: Group | undefined
}

/** Runs one. Rejects if the databases do not become equal. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-soak-'))
  const life = new SoakLife(folder, options)
  try {
    return await life.run()
  } finally {
    await life.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

class SoakLife {
  readonly #options: SoakOptions
  readonly #random: Random
  readonly #places: readonly Place[]
  readonly #done: Record<string, number> = {}
  #began = 0
  readonly #samples: SoakSample[] = []

  constructor(folder: string, options: SoakOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#places = Array.from({ length: options.nodes }, (_, index) => ({
      ...{ dataDir: join(folder, `node-${index}`), node: undefined, group: undefined },
    }))
  }

  async run(): Promise<SoakReport> {
    const { duration, steps, pause } = this.#options
    const [first, ...others] = this.#places
    if (first === undefined) throw new RangeError('a soak needs nodes')
    first.node = await openNode({ dataDir: first.dataDir, friendlyName: 'node 0' })
    first.group = await first.node.groups.create({ friendlyName: 'Soak' })
    for (const [index, place] of others.entries()) {
      place.node = await openNode({ dataDir: place.dataDir, friendlyName: `node ${index + 1}` })
      place.group = await place.node.groups.join(await first.group.invite())
    }
    this.#began = performance.now()
    let nextSample = 0
    for (let step = 0; step < steps || performance.now() - this.#began < duration; step++) {
      await this.#step()
      if (performance.now() - this.#began >= nextSample) {
        await this.#sample()
        nextSample += duration / SAMPLES
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
    for (const place of this.#places) if (place.group === undefined) await this.#reopen(place)
    const equalAfter = await this.#untilEqual()
    await this.#sample()
    return {
      ...{ samples: this.#samples, done: this.#done, equalAfter },
      records: this.#samples.at(-1)?.records ?? 0,
    }
  }

  async close(): Promise<void> {
    for (const { node } of this.#places) await node?.close()
  }

  async #step(): Promise<void> {
    const open = this.#places.filter(({ group }) => group !== undefined)
    const place = randomChoice(this.#random, open)
    const group = place?.group
    if (place === undefined || group === undefined) return
    const draw = randomBelow(this.#random, 100)
    const ids = await idsOf(group)
    if (draw < 3 && open.length > 2) {
      this.#count('left')
      await place.node?.close()
      place.node = undefined
      place.group = undefined
    } else if (draw < 8) {
      const gone = this.#places.find((one) => one.group === undefined)
      if (gone !== undefined) await this.#reopen(gone)
    } else if (draw < 25 || ids.length > MOST_RECORDS) await this.#change(group, randomChoice(this.#random, ids))
    else {
      this.#count('added')
      await group.records.add(Note, bytes(this.#random))
    }
  }

  /** Somebody else's record is not for everybody to change. */
  async #change(group: Group, id: RecordId | undefined): Promise<void> {
    if (id === undefined) return
    try {
      if (randomBelow(this.#random, 2) === 0) await group.records.delete(id)
      else await group.records.update(Note, id, bytes(this.#random))
      this.#count('changed')
    } catch (error) {
      if (!PeerageError.is(error, 'not-authorized') && !PeerageError.is(error, 'record-not-found')) throw error
      this.#count('refused')
    }
  }

  async #reopen(place: Place): Promise<void> {
    this.#count('came back')
    place.node = await openNode({ dataDir: place.dataDir })
    const [known] = await place.node.groups.list()
    if (known === undefined) throw new Error('its group is gone')
    place.group = await place.node.groups.open(known.peerName)
  }

  async #untilEqual(): Promise<number> {
    const start = performance.now()
    for (;;) {
      const views = await Promise.all(this.#places.flatMap(({ group }) => (group === undefined ? [] : [viewOf(group)])))
      if (new Set(views).size === 1) return performance.now() - start
      if (performance.now() - start > LONGEST_SETTLING) {
        const sizes = views.map((view) => view.split('\n').length)
        throw new Error(`databases differ after ${LONGEST_SETTLING} ms: ${sizes.join(', ')} records`)
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  async #sample(): Promise<void> {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
    const open = this.#places.flatMap(({ group }) => (group === undefined ? [] : [group]))
    const [one] = open
    const sample = {
      ...{ at: performance.now() - this.#began, open: open.length, heap: heapUsed + arrayBuffers, resident: rss },
      records: one === undefined ? 0 : (await idsOf(one)).length,
    }
    this.#samples.push(sample)
    this.#options.sampled?.(sample)
  }

  #count(what: string): void {
    this.#done[what] = (this.#done[what] ?? 0) + 1
  }
}

async function idsOf(group: Group): Promise<RecordId[]> {
  const ids: RecordId[] = []
  for await (const { id } of group.records.list(Note)) ids.push(id)
  return ids
}

/** All records of a node, as one text. */
async function viewOf(group: Group): Promise<string> {
  const lines: string[] = []
  for await (const { id, version, payload } of group.records.list(Note))
    lines.push(`${id} ${version} ${payload.join()}`)
  return lines.sort().join('\n')
}

function bytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 100 }, () => randomBelow(random, 256))
}
