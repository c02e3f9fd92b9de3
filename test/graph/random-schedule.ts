/**
 * Random schedules of faults for whole graphs: nodes join, leave, are killed and come back, with their disk or without; the network
 * is cut and loses packets; clocks are set; and members write, change and delete all the time. Then the network is left alone,
 * and within the time of a repair all must be one graph with the same records: in the tests with few nodes, and in
 * bench/scale/schedules.ts with many. All of it is drawn from the seed.
 */
import type { RecordId } from '../../src/records/record-id.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { randomBelow, randomChoice, shuffled } from '../../src/runtime/random.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { ephemeralRecordsAreEqual, type Healing, healingTime, nodeListsAreComplete } from './healing.ts'
import { outOfRange } from './measuring.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

/** How large a schedule is. */
export interface ScheduleSize {
  /** Nodes that begin. Half as many again may join. */
  readonly nodes: number
  readonly steps: number
}

/** What came of a schedule. */
export interface ScheduleOutcome extends Healing {
  /** How often each thing happened. */
  readonly happened: Readonly<Record<string, number>>
  readonly running: number
  readonly records: number
  /** Records that some node lacked when the faults were over. */
  readonly differed: number
}

/** In milliseconds. */
const MINUTE = 60_000
/** Of what is written: it outlives the run. */
const LONG_LIFE = 24 * 60 * MINUTE
/** Between two things that happen. */
const LONGEST_STEP = 6000
/** How far any clock is from UTC: any two differ by less than a record may be ahead, so that none is put aside. */
const FURTHEST_CLOCK = 25_000
const BURST = 20

/** Runs a schedule. @throws SimulationFailure with the seed, if the graph is not one again in time, or a record is lost */
export function runSchedule(seed: string, size: ScheduleSize): ScheduleOutcome {
  const graph = new SimulatedGraph({ seed, checks: false })
  try {
    return new RandomSchedule(graph, size).run()
  } catch (error) {
    if (error instanceof SimulationFailure) throw error
    throw new SimulationFailure(seed, graph.world.now, error)
  }
}

class RandomSchedule {
  readonly #graph: SimulatedGraph
  readonly #size: ScheduleSize
  readonly #random: SeededRandom
  readonly #clocks = new Map<Member, number>()
  readonly #happened: Record<string, number> = {}
  #written = 0

  constructor(graph: SimulatedGraph, size: ScheduleSize) {
    this.#graph = graph
    this.#size = size
    this.#random = graph.world.random('schedule')
  }

  run(): ScheduleOutcome {
    const { world } = this.#graph
    this.#graph.grow(this.#size.nodes, { isHelped: true })
    world.runFor(20_000)
    const acts = Object.entries(this.#acts)
    for (let step = 0; step < this.#size.steps; step++) {
      const [name, act] = randomChoice(this.#random, acts) ?? []
      if (name === undefined || act === undefined) throw new RangeError('there is something to do')
      this.#happened[name] = (this.#happened[name] ?? 0) + 1
      act()
      world.runFor(randomBelow(this.#random, LONGEST_STEP))
    }
    return this.#settle()
  }

  readonly #acts: Readonly<Record<string, () => void>> = {
    join: () => {
      if (this.#graph.members.length < this.#size.nodes * 1.5) this.#graph.add({ isHelped: true })
    },
    leave: () => {
      if (this.#areEnough()) this.#some()?.close()
    },
    'kill a process': () => {
      if (this.#areEnough()) this.#some()?.crash('process')
    },
    'cut the power': () => {
      if (this.#areEnough()) this.#some()?.crash('power')
    },
    'half vanish at once': () => {
      const some = shuffled(this.#random, this.#graph.running).slice(0, this.#graph.running.length / 2)
      if (this.#areEnough()) for (const member of some) member.crash('power')
    },
    return: () => this.#return(1 + randomBelow(this.#random, 3)),
    'lose a disk': () => {
      // Whoever made the graph would make it again.
      const [, ...others] = this.#graph.members
      const copies = others.filter((member) => member.isOpen && this.#isHeldElsewhere(member))
      if (this.#graph.running.length > 1) randomChoice(this.#random, copies)?.restart('lost')
    },
    partition: () => {
      const names = shuffled(
        this.#random,
        this.#graph.members.map(({ name }) => name),
      )
      const first = 1 + randomBelow(this.#random, names.length - 1)
      const second = first + randomBelow(this.#random, names.length - first)
      const parts = [names.slice(0, first), names.slice(first, second), names.slice(second)]
      this.#graph.world.network.partition(...parts.filter((part) => part.length > 0))
    },
    'block one way': () => {
      const names = shuffled(
        this.#random,
        this.#graph.members.map(({ name }) => name),
      )
      const first = 1 + randomBelow(this.#random, names.length - 1)
      this.#graph.world.network.block(names.slice(0, first), names.slice(first))
    },
    heal: () => this.#graph.world.network.heal(),
    'change the network': () => {
      const draw = (most: number): number => randomBelow(this.#random, most)
      this.#graph.world.network.set({ latency: draw(200), jitter: draw(100), loss: draw(20) / 100 })
    },
    'set a clock': () => {
      const member = this.#some()
      if (member === undefined) return
      const error = randomBelow(this.#random, 2 * FURTHEST_CLOCK) - FURTHEST_CLOCK
      member.host.skewClock(error - (this.#clocks.get(member) ?? 0))
      this.#clocks.set(member, error)
    },
    write: () => this.#write(this.#some()),
    'write much': () => {
      const member = this.#some()
      for (let index = 0; index < BURST; index++) this.#write(member)
    },
    'write what is ephemeral': () => this.#some()?.write('mood', { type: '~test.mood', life: LONG_LIFE }),
    change: () => this.#change(),
    delete: () => {
      const member = this.#some()
      const id = member && this.#someNote(member)
      if (id !== undefined) member?.remove(id)
    },
  }

  #areEnough(): boolean {
    return this.#graph.running.length > Math.max(1, this.#graph.members.length / 2)
  }

  #some(): Member | undefined {
    return randomChoice(this.#random, this.#graph.running)
  }

  #return(count: number): void {
    const away = this.#graph.members.filter((member) => !member.isOpen)
    for (const member of shuffled(this.#random, away).slice(0, count)) member.restart('kept')
  }

  #write(member: Member | undefined): void {
    member?.write(`record ${this.#written++}`, { life: LONG_LIFE })
  }

  #someNote({ node }: Member): RecordId | undefined {
    const notes = node.store.list({ type: 'test.note', limit: 100 })
    return randomChoice(this.#random, notes)?.record.id
  }

  #change(): void {
    const member = this.#some()
    const id = member && this.#someNote(member)
    if (id === undefined) return
    const content = { encoding: 'text', payload: toUtf8(`change ${this.#written++}`) } as const
    const update = { content, attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
    member?.node.update(id, update, (outcome) => {
      if (outcome instanceof PeerageError) throw outcome
    })
  }

  #isHeldElsewhere(member: Member): boolean {
    const others = this.#graph.running.filter((other) => other !== member)
    const elsewhere = new Set(others.flatMap((other) => versionsOf(other)))
    return versionsOf(member).every((version) => elsewhere.has(version))
  }

  #settle(): ScheduleOutcome {
    const graph = this.#graph
    const { world } = graph
    world.network.heal()
    world.network.set({ latency: 10, jitter: 5, loss: 0 })
    // Some stay away: the others are one graph without them.
    this.#return(randomBelow(this.#random, graph.members.length))
    // Who joined while it was cut off knows nobody: its application tries once more.
    for (const member of graph.running) {
      if (!member.events.some((event) => event.startsWith('connected')))
        member.node.addAddresses(graph.someEndpoint(member))
    }
    const kept = new Map<RecordId, string>()
    for (const { node } of graph.running) for (const { id, type } of node.store.database.leaves()) kept.set(id, type)
    const differed = [...kept].filter(([id, type]) =>
      graph.running.some(({ node }) => node.store.get(type, id) === undefined),
    ).length
    const healing = healingTime(graph, differed, {
      databases: () => graph.differences().length === 0,
      overlay: () => graph.isConnected(),
      nodeLists: () => nodeListsAreComplete(graph.running) && ephemeralRecordsAreEqual(graph.running),
    })
    // What was acknowledged and is here is never lost.
    for (const { name, node } of graph.running) {
      for (const [id, type] of kept)
        if (node.store.get(type, id) === undefined) throw new Error(`${name} has lost ${id}`)
    }
    world.runFor(2 * MINUTE)
    const differences = [...graph.differences(), ...outOfRange(graph.running)]
    const isSmall = graph.running.length <= 3
    if (!isSmall && differences.length > 0) throw new Error(`two minutes later: ${differences.join(', ')}`)
    if (graph.differences().length > 0 || !graph.isConnected()) throw new Error('two minutes later it is in parts')
    return { ...healing, happened: this.#happened, running: graph.running.length, records: kept.size, differed }
  }
}

function versionsOf({ node }: Member): readonly string[] {
  return [...node.store.database.leaves()].map(({ id, digest }) => `${id} ${toHex(digest)}`)
}
