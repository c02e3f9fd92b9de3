import { describe, expect, test } from 'vitest'
import { MAINTENANCE_INTERVAL, SMALL_CACHE_MAINTENANCE_INTERVAL } from '../../src/pnrp/maintenance-timer.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

const HOUR = 3_600_000

describe('upkeep', () => {
  test('N-95: maintenance runs every 15 s, and every 10 s while the cache has 2 entries or fewer', () => {
    expect([MAINTENANCE_INTERVAL, SMALL_CACHE_MAINTENANCE_INTERVAL]).toEqual([15_000, 10_000])
    for (const [size, interval] of [
      [3, SMALL_CACHE_MAINTENANCE_INTERVAL],
      [8, MAINTENANCE_INTERVAL],
    ] as const) {
      const cloud = new SimulatedCloud({ seed: `N-95 ${size}` })
      let rounds = 0
      // What was used last is remembered in every round.
      cloud.add({ ports: { remember: () => rounds++ } })
      cloud.grow(size - 1)
      const before = rounds
      cloud.world.runFor(HOUR)
      const mean = HOUR / (rounds - before)
      expect(mean).toBeGreaterThan(interval * 0.97)
      expect(mean).toBeLessThan(interval * 1.03)
    }
  })

  test('N-125: in a stable cloud an idle node sends below 1 KB/s, upkeep and split tests included', () => {
    const cloud = new SimulatedCloud({ seed: 'N-125', checks: false })
    cloud.grow(100, {}, 100)
    cloud.world.runFor(600_000)
    const before = new Map(cloud.running.map(({ name, node }) => [name, node.counters()['bytes-sent'] ?? 0]))
    cloud.world.runFor(600_000)
    for (const { name, node } of cloud.running) {
      const sent = (node.counters()['bytes-sent'] ?? 0) - (before.get(name) ?? 0)
      expect(sent / 600).toBeLessThan(1000)
    }
  })
})
