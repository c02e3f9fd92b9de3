/** Who shows that it is there, and where, in groups with presence and without. */
import { expect, test } from 'vitest'
import { requireGroupProperties } from '../../src/group/group-properties.ts'
import { codeOf } from '../graph/lone-records.ts'
import { settings } from '../peer-node/graph-settings.ts'
import { SimulatedGroup } from './simulated-group.ts'
import { MINUTE, NodeGroup, type NodeMember } from './simulated-group-nodes.ts'

/** Those of whom somebody knows where they are. */
function located(at: NodeMember): readonly string[] {
  const found = at.node.members().filter(({ addresses }) => addresses.length > 0)
  return found.map(({ friendlyName }) => friendlyName ?? 'nobody').sort()
}

test('P-031: presence lasts at least 300 s, and 300 s where nothing else is asked for, and that is fixed', async () => {
  const { properties } = new SimulatedGroup('lifetimes')
  expect(codeOf(() => requireGroupProperties({ ...properties, presenceLifetime: 299_999 }))).toBe(
    'invalid-graph-property',
  )
  expect(requireGroupProperties({ ...properties, presenceLifetime: 300_000 }).presenceLifetime).toBe(300_000)
  for (const { run } of settings) {
    await run(async ({ open }) => {
      const group = await (await open('ann')).groups.create()
      expect((await group.properties()).presenceLifetime).toBe(300_000)
    })
  }
})

test('P-031: with presence disabled no node shows itself, and members are listed without addresses', () => {
  const group = new NodeGroup('without presence', { properties: { presenceDisabled: true } })
  const members = [group.creator, group.add('Bob'), group.add('Carol')]
  group.untilEqual()
  group.runFor(10 * MINUTE)
  for (const one of members) {
    expect(one.member.node.properties()).toMatchObject({ maxPresenceRecords: 0 })
    expect([...one.member.node.nodes()]).toEqual([])
    expect(one.node.members()).toHaveLength(3)
    expect(located(one)).toEqual([])
  }
})

test('P-031: otherwise all show themselves but those who have switched it off', () => {
  const group = new NodeGroup('with presence')
  const [bob, carol] = [group.add('Bob'), group.add('Carol')]
  expect(group.creator.member.node.properties()).toMatchObject({ maxPresenceRecords: -1, presenceLifetime: 300_000 })
  group.untilEqual()
  group.runFor(10 * MINUTE)
  for (const one of [group.creator, bob, carol]) expect(located(one)).toEqual(['Ann', 'Bob', 'Carol'])
  carol.member.node.setPresence('never', undefined)
  group.runFor(10 * MINUTE)
  for (const one of [group.creator, bob]) {
    expect(located(one)).toEqual(['Ann', 'Bob'])
    expect(one.node.members()).toHaveLength(3)
  }
})
