/** Whole nodes, over TLS and with files, that are killed while records flow: nothing acknowledged is lost, and copies go on. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import { anything } from '../peer-node/schemas.ts'
import { newPath } from './new-path.ts'
import { RemoteNode } from './remote-node.ts'

/** How often a node is killed in each test; npm run test:kill sets hundreds. */
const KILLS = Math.ceil(Number(process.env['PEERAGE_KILLS'] ?? 4) / 2)
/** How long a flood lasts until the kill, and how long a copy, at most, in milliseconds. */
const [LONGEST_FLOOD, LONGEST_COPY] = [300, 300]
/** Kills after which there is a new graph, so that to look through it all does not take longer and longer. */
const KILLS_OF_ONE = 10
/** Records of a first copy. */
const COPIED = 1000
/** Records that come beside those that are copied: what the graph is, and who is online. */
const MOST_OTHERS = 8
const TIMEOUT = 60_000 + KILLS * 10_000

const Text = recordType('test.text', { schema: anything, expires: '1d' })
const started = new Set<RemoteNode>()
afterEach(async () => {
  for (const node of started) await node.kill()
  started.clear()
})

/** One node through its lives. */
class Mortal {
  readonly dataDir: string = newPath()
  readonly graphPort: number
  /** What it was told is written. */
  readonly acknowledged: string[] = []
  #node: RemoteNode | undefined
  #written = 0

  constructor(graphPort: number) {
    this.graphPort = graphPort
  }

  get node(): RemoteNode {
    if (this.#node === undefined) throw new RangeError('it does not live')
    return this.#node
  }

  async start(): Promise<RemoteNode> {
    this.#node = await RemoteNode.start({ dataDir: this.dataDir, graphPort: this.graphPort })
    started.add(this.#node)
    return this.#node
  }

  /** Ends its process at this instant, if there is one. */
  async kill(): Promise<void> {
    const node = this.#node
    this.#node = undefined
    if (node === undefined) return
    started.delete(node)
    await node.kill()
  }

  /** Writes one record after the other. @returns a call that ends it; being killed ends it, too */
  flood(prefix: string): () => Promise<void> {
    const { node } = this
    let isOver = false
    const write = async (): Promise<void> => {
      while (!isOver) {
        const text = `${prefix} ${this.#written++}`
        try {
          await node.call('write', '', { texts: [text] })
        } catch (error) {
          if (started.has(node)) throw error
          return
        }
        this.acknowledged.push(text)
      }
    }
    const writing = write()
    return () => {
      isOver = true
      return writing
    }
  }

  /** What is in its file, while no process has it. */
  async stored(graphId: string): Promise<ReadonlySet<string>> {
    const node = await openNode({ dataDir: this.dataDir })
    try {
      const known = await node.graphs.list()
      if (known.every((one) => one.graphId !== graphId)) return new Set()
      const graph = await node.graphs.open(graphId, { offline: true })
      const texts = new Set<string>()
      for await (const { payload } of graph.records.list(Text)) texts.add(String(payload))
      return texts
    } finally {
      await node.close()
    }
  }

  /** How many records came since its process was started. */
  async received(): Promise<number> {
    const metrics = (await this.node.call('metrics')) as Record<string, number>
    return metrics['graph-records-received'] ?? 0
  }

  /** Deletes what it has of the graph, while no process has it. */
  async forget(graphId: string): Promise<void> {
    const node = await openNode({ dataDir: this.dataDir })
    await node.graphs.delete(graphId)
    await node.close()
  }

  async read(): Promise<readonly string[]> {
    return ((await this.node.call('read')) as string[]).sort()
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

async function mortals(): Promise<[Mortal, Mortal]> {
  return [new Mortal(await freePort()), new Mortal(await freePort())]
}

const made = async (node: RemoteNode): Promise<string> =>
  ((await node.call('graph-create')) as { graphId: string }).graphId
const join = (node: RemoteNode, graphId: string, to: Mortal): Promise<unknown> =>
  node.call('graph-join', graphId, { addresses: [`127.0.0.1:${to.graphPort}`] })
const pause = (longest: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * longest))

test(
  'G-050: a node that is killed in the middle of a flood loses nothing acknowledged, and both end equal',
  async () => {
    let acknowledged = 0
    for (let kills = 0; kills < KILLS; ) {
      const [ann, bob] = await mortals()
      const graphId = await made(await ann.start())
      await join(await bob.start(), graphId, ann)
      for (let one = 0; one < KILLS_OF_ONE && kills < KILLS; one++, kills++) {
        const [victim, survivor] = Math.random() < 0.5 ? [ann, bob] : [bob, ann]
        const ends = [ann.flood(`ann ${one}`), bob.flood(`bob ${one}`)]
        await pause(LONGEST_FLOOD)
        await victim.kill()
        await Promise.all(ends.map((end) => end()))
        const stored = await victim.stored(graphId)
        expect(victim.acknowledged.filter((text) => !stored.has(text))).toEqual([])
        await join(await victim.start(), graphId, survivor)
      }
      const all = [...ann.acknowledged, ...bob.acknowledged]
      acknowledged += all.length
      // What was on its way into the file when the process was killed may be there, too.
      const isComplete = (texts: readonly string[]): boolean => {
        const there = new Set(texts)
        return all.every((text) => there.has(text))
      }
      await ann.node.until('both have all', async () => {
        const [hers, his] = [await ann.read(), await bob.read()]
        return isComplete(hers) && JSON.stringify(hers) === JSON.stringify(his)
      })
      await Promise.all([ann.kill(), bob.kill()])
    }
    // Killed too early each time, it would have shown nothing.
    expect(acknowledged).toBeGreaterThan(KILLS)
  },
  TIMEOUT,
)

test(
  'G-087: a first copy in which either process is killed goes on, sends nothing again, and both end equal',
  async () => {
    const [ann, bob] = await mortals()
    const graphId = await made(await ann.start())
    const texts = Array.from({ length: COPIED }, (_, index) => `${index} ${'.'.repeat(200)}`).sort()
    await ann.node.call('write', '', { texts })
    let cutShort = 0
    for (let kills = 0; kills < KILLS; kills++) {
      let before = 0
      const joining = join(await bob.start(), graphId, ann).then(
        () => true,
        () => false,
      )
      await pause(LONGEST_COPY)
      const isAnns = kills % 2 === 0
      if (isAnns) {
        await ann.kill()
        await (await ann.start()).call('graph-open', graphId)
      } else {
        await bob.kill()
      }
      // If she was killed, he has reached her again by himself, or was told that he does not reach her.
      if (!(await joining) || !isAnns) {
        await bob.kill()
        before = (await bob.stored(graphId)).size
        if (before > 0 && before < COPIED) cutShort++
        await join(await bob.start(), graphId, ann)
      }
      expect(await bob.received()).toBeLessThanOrEqual(COPIED - before + MOST_OTHERS)
      expect(await bob.read()).toEqual(texts)
      await bob.kill()
      expect((await bob.stored(graphId)).size).toBe(COPIED)
      await bob.forget(graphId)
    }
    // Among hundreds, some kills hit the middle.
    if (KILLS > 50) expect(cutShort).toBeGreaterThan(0)
    expect(await ann.read()).toEqual(texts)
  },
  TIMEOUT,
)
