/** How a node says that it is in its graph, through all that can happen to it. */
import { expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Graph, Status } from '../../src/peer-node/graph.ts'
import { randomBelow, randomChoice } from '../../src/runtime/random.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

type State = Status['state']

const Note = recordType('test.note', { expires: '1h' })

/** From each state those that can be the next one. Nobody gets a neighbor without having been online without one. */
const allowed: Readonly<Record<State, readonly State[]>> = {
  offline: ['alone', 'connecting'],
  alone: ['connecting', 'offline', 'synchronized', 'synchronizing'],
  connecting: ['alone', 'offline', 'synchronized', 'synchronizing'],
  synchronizing: ['alone', 'connecting', 'offline', 'synchronized'],
  synchronized: ['alone', 'connecting', 'offline', 'synchronizing'],
}
/** How often something happens in one run, and how many steps it is looked at what comes of it. */
const DISTURBANCES = 60
const STEPS = 60
/** In milliseconds: the steps get longer, so that what lasts shortly is seen, too. */
const LONGEST_STEP = 1000

/** Notes what is told of a status, and holds it against what is asked. */
class StatusWatch {
  readonly transitions = new Set<string>()
  readonly #graph: Graph
  #last: Status

  constructor(graph: Graph, first: Status) {
    this.#graph = graph
    this.#last = first
    graph.on('status', (status) => {
      expect(status).not.toEqual(this.#last)
      if (status.state !== this.#last.state) this.transitions.add(`${this.#last.state} > ${status.state}`)
      this.#last = status
    })
  }

  async check(): Promise<void> {
    expect(await this.#graph.status()).toEqual(this.#last)
  }
}

/** A node between two others to which all sorts of things happen. @returns the transitions of its state */
async function transitions(seed: string): Promise<ReadonlySet<string>> {
  let seen: ReadonlySet<string> = new Set()
  await withSimulatedNodes(seed, async ({ addHost, openNode, world, advance }) => {
    const random = world.random('disturbances')
    const host = addHost('ann')
    const ann = await openNode(host)
    const graph = await ann.graphs.create({ offline: true })
    const watch = new StatusWatch(graph, await graph.status())
    seen = watch.transitions
    await graph.goOnline()
    const addresses = await graph.addresses()
    const others = await Promise.all(['bob', 'cleo'].map((name) => openNode(addHost(name))))
    const open = await Promise.all(others.map((node) => node.graphs.join(graph.graphId, { addresses })))
    let [isSuspended, isAsleep] = [false, false]
    const happenings: readonly (() => Promise<unknown> | unknown)[] = [
      () => {
        isSuspended = !isSuspended
        // Nobody waits for it: who is asleep takes no leave before it wakes.
        void (isSuspended ? ann.suspend() : ann.resume())
      },
      () => {
        isAsleep = !isAsleep
        if (isAsleep) host.sleep(randomChoice(random, ['stands', 'runs'] as const))
        else host.wake()
      },
      () => world.network.partition(['ann'], ['bob', 'cleo']),
      () => world.network.heal(),
      () => void graph.records.add(Note, Uint8Array.of(1)),
      async () => graph.addAddresses((await open[0]?.addresses().catch(() => [])) ?? []),
      async () => {
        const index = randomBelow(random, others.length)
        const [node, one] = [others[index], open[index]]
        if (node === undefined || one === undefined) return
        const isOpen = (await node.graphs.list()).some((info) => info.isOpen)
        if (isOpen) await one.close()
        else open[index] = await node.graphs.open(graph.graphId)
      },
    ]
    for (let count = 0; count < DISTURBANCES; count++) {
      await randomChoice(random, happenings)?.()
      for (let step = 0; step < STEPS; step++) {
        await advance(1 + randomBelow(random, Math.ceil((LONGEST_STEP * step ** 3) / STEPS ** 3) + 1))
        if (!isAsleep) await watch.check()
      }
    }
    if (isAsleep) host.wake()
  })
  return seen
}

test('G-122: the status event comes exactly when the status changes, and a state only after those from which it can come', async () => {
  const seen = new Set<string>()
  for (const seed of Array.from({ length: 12 }, (_, index) => `status ${index}`))
    for (const transition of await transitions(seed)) seen.add(transition)
  for (const transition of seen) {
    const [from, to] = transition.split(' > ')
    expect(isState(from) && allowed[from].some((state) => state === to), transition).toBe(true)
  }
  // Most of those that are allowed do happen.
  expect(seen.size).toBeGreaterThanOrEqual(12)
})

function isState(name: string | undefined): name is State {
  return name !== undefined && Object.hasOwn(allowed, name)
}
