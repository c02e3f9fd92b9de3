import { describe, expect, test } from 'vitest'
import { VIRTUAL_EPOCH } from '../../src/simulation/virtual-clock.ts'
import { SimulationFailure, type SimulationOptions, simulate } from '../../src/simulation.ts'

const DAY = 86_400_000

/** The peer names that hosts get with a seed, and the trace of a small run with faults. */
async function runOf(
  options: Partial<SimulationOptions<'ann' | 'bob'>>,
): Promise<{ names: string[]; lines: string[] }> {
  const names: string[] = []
  const lines: string[] = []
  await simulate(
    { hosts: ['ann', 'bob'], network: { loss: 0.1 }, trace: (line) => lines.push(line), ...options },
    async ({ hosts: { ann, bob }, network, advance }) => {
      for (const host of [ann, bob]) names.push((await (await host.openNode()).identities.get()).peerName)
      network.partition(['ann'], ['bob'])
      await advance('10s')
      ann.crash()
      network.heal()
      await advance('10s')
      ann.restart('lost')
      names.push((await (await ann.openNode()).identities.get()).peerName)
    },
  )
  return { names, lines }
}

describe('seeds', () => {
  test('I-30: real keys come from the seed: it gives the same identities and trace, and no other seed does', async () => {
    const [one, same, other] = await Promise.all([runOf({ seed: 'a' }), runOf({ seed: 'a' }), runOf({ seed: 'b' })])
    expect(same).toEqual(one)
    expect(new Set([...one.names, ...other.names]).size).toBe(6)
    expect(one.lines.filter((line) => line.includes('fault'))).toEqual([
      '0.000 - fault partition ann | bob',
      '10000.000 ann fault crash power',
      '10000.000 - fault heal',
      '20000.000 ann fault restart disk lost',
    ])
  })

  test('without one it is always the same', async () => {
    expect(await runOf({})).toEqual(await runOf({}))
  })

  test('a failure says it', async () => {
    const run = simulate({ hosts: ['ann'], seed: 'x7' }, async ({ advance }) => {
      await advance('90s')
      expect('this').toBe('that')
    })
    await expect(run).rejects.toThrow(SimulationFailure)
    await expect(run).rejects.toMatchObject({ seed: 'x7', time: 90_000, message: expect.stringContaining('seed "x7"') })
  })
})

describe('hosts', () => {
  test('each has a node with an identity of its name, and a disk of its own that survives a restart', async () => {
    await simulate({ hosts: ['ann', 'bob'] }, async ({ hosts: { ann, bob } }) => {
      const { identities } = await ann.openNode()
      await identities.create({ friendlyName: 'Work' })
      expect((await identities.list()).map(({ friendlyName }) => friendlyName)).toEqual(['ann', 'Work'])
      expect((await (await bob.openNode()).identities.list()).map(({ friendlyName }) => friendlyName)).toEqual(['bob'])
      const { peerName } = await identities.get()
      ann.crash()
      ann.restart()
      expect((await (await ann.openNode()).identities.get()).peerName).toBe(peerName)
      ann.restart('lost')
      expect((await (await ann.openNode()).identities.get()).peerName).not.toBe(peerName)
    })
  })

  test('have the time of the world, each with the error of its clock', async () => {
    await simulate({ hosts: ['ann', 'bob'] }, async ({ hosts: { ann, bob }, advance }) => {
      await advance('1d')
      bob.skewClock('-2d')
      const created = async (host: typeof ann) => (await (await host.openNode()).identities.get()).created.getTime()
      expect(await created(ann)).toBe(VIRTUAL_EPOCH + DAY)
      expect(await created(bob)).toBe(VIRTUAL_EPOCH - DAY)
    })
  })

  test('have no node while they are down, and what an open one is asked for fails', async () => {
    await simulate({ hosts: ['ann'] }, async ({ hosts: { ann } }) => {
      const node = await ann.openNode()
      ann.crash()
      await expect(ann.openNode()).rejects.toThrow(RangeError)
      await expect(node.identities.create({ friendlyName: 'Work' })).rejects.toThrow('crashed')
    })
  })

  test('need different names', async () => {
    const hosts: readonly string[] = ['ann', 'ann']
    await expect(simulate({ hosts }, async () => undefined)).rejects.toThrow(RangeError)
  })
})

describe('the network', () => {
  test('has the conditions that it is given, in text or numbers, and refuses what is none', async () => {
    await simulate({ hosts: ['ann'], network: { latency: '20ms', jitter: 5, loss: 0.1 } }, async ({ network }) => {
      network.set({ latency: '1s', bandwidth: 1000 })
      expect(() => network.set({ loss: 2 })).toThrow(RangeError)
    })
    await expect(simulate({ hosts: [], network: { loss: -1 } }, async () => undefined)).rejects.toThrow(RangeError)
  })
})
