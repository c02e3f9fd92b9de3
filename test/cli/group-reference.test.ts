import { expect, test } from 'vitest'
import { findGroup, findMember } from '../../src/cli/group-reference.ts'
import { authorityPart, type PeerName } from '../../src/identity/peer-name.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { withSimulatedNodes } from '../peer-node/simulated-nodes.ts'

/** What stands in a list of groups or of members. */
interface Listed {
  readonly peerName: PeerName
  readonly friendlyName: string
}

test('a group is found by its peer name, its authority, the first digits of that, and its friendly name', async () => {
  await withSimulatedNodes('references', async ({ addHost, openNode }) => {
    const node = await openNode(addHost('ann'))
    const { peerName } = await node.groups.create({ friendlyName: 'Choir', classifier: 'town' })
    await node.groups.create({ friendlyName: 'Book club' })
    const authority = authorityPart(peerName)
    for (const reference of [peerName, authority, authority.slice(0, 12), 'Choir']) {
      expect((await findGroup(node, reference)).peerName, reference).toBe(peerName)
    }
    for (const reference of ['', 'choir', 'Choir ', authority.slice(0, 3), `${authority}.`]) {
      await expectRejection('group-not-found', findGroup(node, reference), reference)
    }
  })
})

test('a name that two groups have means neither; of two identities in one group the default one is meant', async () => {
  await withSimulatedNodes('two of one name', async ({ addHost, openNode }) => {
    const node = await openNode(addHost('ann'))
    const bob = await node.identities.create({ friendlyName: 'Bob' })
    const group = await node.groups.create({ friendlyName: 'Choir' })
    const certificate = await node.identities.certificate(bob.peerName)
    await node.groups.join(await group.invite({ for: certificate }))
    const { peerName: ann } = await node.identities.get()
    expect((await findGroup(node, 'Choir')).identity).toBe(ann)
    expect((await findGroup(node, 'Choir', 'Bob')).identity).toBe(bob.peerName)
    await expectRejection('identity-not-found', findGroup(node, 'Choir', 'Carl'), 'nobody')

    const third = await node.identities.create({ friendlyName: 'Carl' })
    await node.identities.setDefault(third.peerName)
    const whose = await expectRejection(
      'ambiguous',
      findGroup(node, 'Choir'),
      'two identities, none of them the default',
    )
    expect(new Set(whose.details.matches)).toEqual(new Set([ann, bob.peerName]))

    const other = await node.groups.create({ friendlyName: 'Choir', identity: bob.peerName })
    const error = await expectRejection('ambiguous', findGroup(node, 'Choir'), 'two groups')
    expect(new Set(error.details.matches)).toEqual(new Set([group.peerName, other.peerName]))
  })
})

test('a member is found in the same ways, also one without a friendly name', async () => {
  const member = (peerName: string, friendlyName: string): Listed => ({ peerName: peerName as PeerName, friendlyName })
  const [ann, bob, nameless] = [
    member(`${'a1'.repeat(20)}.peer`, 'Ann'),
    member(`${'b2'.repeat(20)}.peer`, 'Bob'),
    member(`${'b3'.repeat(20)}.`, ''),
  ]
  const group = { members: async () => [ann, bob, nameless] }
  expect(await findMember(group, 'Ann')).toBe(ann)
  expect(await findMember(group, 'b2b2')).toBe(bob)
  expect(await findMember(group, nameless.peerName)).toBe(nameless)
  await expectRejection('member-not-found', findMember(group, 'b2'), 'too few digits')
  const twice = { members: async () => [ann, bob, { ...nameless, friendlyName: 'Ann' }] }
  await expectRejection('ambiguous', findMember(twice, 'Ann'), 'two of one name')
})
