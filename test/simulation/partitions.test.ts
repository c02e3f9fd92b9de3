import { describe, expect, test } from 'vitest'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { type OpenSocket, openSocket } from './open-socket.ts'

const NAMES = ['ann', 'bob', 'eve', 'joe'] as const
type Name = (typeof NAMES)[number]

function fourHosts() {
  const world = new SimulatedWorld({ seed: 'partitions' })
  const entries = NAMES.map((name): [Name, OpenSocket] => [name, openSocket(world.addHost(name))])
  const sockets = new Map(entries)
  const at = (name: Name): OpenSocket => {
    const socket = sockets.get(name)
    if (socket === undefined) throw new Error(`no socket of ${name}`)
    return socket
  }
  let rounds = 0
  /** Everybody sends to everybody. Who reached whom, as pairs. */
  const whoReaches = (): string[] => {
    rounds++
    for (const from of NAMES) for (const to of NAMES) if (from !== to) at(from).send(rounds, at(to).local)
    world.runFor(20)
    return NAMES.flatMap((to) =>
      at(to)
        .arrivals.filter(({ number }) => number === rounds)
        .map(({ from }) => `${NAMES.find((name) => from.startsWith(`${at(name).local.host}:`))}>${to}`),
    ).sort()
  }
  return { world, at, whoReaches }
}

const EVERYBODY = NAMES.flatMap((from) => NAMES.filter((to) => to !== from).map((to) => `${from}>${to}`)).sort()

describe('partitions', () => {
  test('hosts of different sides do not reach each other, hosts of one side do', () => {
    const { world, whoReaches } = fourHosts()
    expect(whoReaches()).toEqual(EVERYBODY)
    world.network.partition(['ann', 'bob'], ['eve', 'joe'])
    expect(whoReaches()).toEqual(['ann>bob', 'bob>ann', 'eve>joe', 'joe>eve'])
    expect(world.network.fates.partitioned).toBe(8)
  })

  test('a partition can have three sides, and a host on none reaches all', () => {
    const { world, whoReaches } = fourHosts()
    world.network.partition(['ann'], ['bob'], ['eve'])
    expect(whoReaches()).toEqual(['ann>joe', 'bob>joe', 'eve>joe', 'joe>ann', 'joe>bob', 'joe>eve'])
  })

  test('partitions add up, and healing ends them all', () => {
    const { world, whoReaches } = fourHosts()
    world.network.partition(['ann', 'bob'], ['eve', 'joe'])
    world.network.partition(['ann', 'eve'], ['bob', 'joe'])
    expect(whoReaches()).toEqual([])
    world.network.heal()
    expect(whoReaches()).toEqual(EVERYBODY)
  })

  test('a block stops one direction only, and healing ends it', () => {
    const { world, whoReaches } = fourHosts()
    world.network.block(['ann', 'bob'], ['bob', 'eve'])
    expect(whoReaches()).toEqual(EVERYBODY.filter((pair) => !['ann>bob', 'ann>eve', 'bob>eve'].includes(pair)))
    world.network.heal()
    expect(whoReaches()).toEqual(EVERYBODY)
  })

  test('what is under way when the partition begins does not arrive', () => {
    const { world, at } = fourHosts()
    at('ann').send(1, at('bob').local)
    world.runFor(9)
    world.network.partition(['ann'], ['bob'])
    world.runFor(100)
    expect(at('bob').numbers()).toEqual([])
  })

  test('what was sent during a partition never arrives, healed or not', () => {
    const { world, at } = fourHosts()
    world.network.partition(['ann'], ['bob'])
    at('ann').send(1, at('bob').local)
    world.network.heal()
    at('ann').send(2, at('bob').local)
    world.runFor(100)
    expect(at('bob').numbers()).toEqual([2])
  })

  test('a host on two sides, and one that is not there, are programming errors, and change nothing', () => {
    const { world, whoReaches } = fourHosts()
    expect(() => world.network.partition(['ann'], ['bob', 'ann'])).toThrow(RangeError)
    expect(() => world.network.partition(['ann'], ['zoe'])).toThrow(RangeError)
    expect(() => world.network.block(['zoe'], ['ann'])).toThrow(RangeError)
    expect(() => world.network.setBetween(['zoe'], ['ann'], { loss: 1 })).toThrow(RangeError)
    expect(whoReaches()).toEqual(EVERYBODY)
  })
})
