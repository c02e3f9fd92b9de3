import { expect, test } from 'vitest'
import { findIdentity } from '../../src/cli/identity-reference.ts'
import type { Identities } from '../../src/peer-node/identities.ts'
import { createPeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { StoreDisk } from '../identity/store-disk.ts'
import { hostNetwork } from '../peer-node/host-network.ts'

async function openIdentities(disk = new StoreDisk()): Promise<Identities> {
  const { storage: identityStorage, ...ports } = disk.ports()
  return (await createPeerNode({ identityStorage, ...ports, ...hostNetwork() }, {})).identities
}

test('an identity is found by any of its peer names, its authority, the first digits of that, and its friendly name', async () => {
  const identities = await openIdentities()
  const ann = await identities.create({ friendlyName: 'Ann' })
  await identities.create({ friendlyName: 'Bob' })
  const { peerName, authority } = ann
  for (const reference of [peerName, `${authority}.other`, `${authority}.`, authority, authority.slice(0, 12), 'Ann']) {
    expect(await findIdentity(identities, reference), reference).toEqual(ann)
  }
})

test('I-05: without a reference it is the default', async () => {
  const identities = await openIdentities()
  await identities.create({ friendlyName: 'Ann' })
  const bob = await identities.create({ friendlyName: 'Bob' })
  expect((await findIdentity(identities, undefined)).friendlyName).toBe('Ann')
  await identities.setDefault(bob.peerName)
  expect((await findIdentity(identities, undefined)).friendlyName).toBe('Bob')
})

test("I-09: what is nobody's name finds nobody, also where there is only one identity", async () => {
  const identities = await openIdentities()
  const { authority } = await identities.create({ friendlyName: 'Ann' })
  const otherAuthority = authority.replaceAll(/./g, (digit) => (digit === '0' ? '1' : '0'))
  const references = ['', ' ', 'ann', 'Ann ', '0.Ann', authority.slice(0, 3), authority.slice(1), otherAuthority]
  for (const reference of references) {
    const error = await expectRejection('identity-not-found', findIdentity(identities, reference), reference)
    expect(error.details.identity).toContain(reference)
  }
})

test('a friendly name that two have, or that is the first digits of another, means neither', async () => {
  const identities = await openIdentities()
  const ann = await identities.create({ friendlyName: 'Ann' })
  const other = await identities.create({ friendlyName: 'Ann' })
  const digits = ann.authority.slice(0, 12)
  await expectRejection('identity-ambiguous', findIdentity(identities, 'Ann'), 'two of one name')
  const third = await identities.create({ friendlyName: digits })
  const error = await expectRejection('identity-ambiguous', findIdentity(identities, digits), 'name or digits')
  expect(error.details).toEqual({ identity: digits, matches: [ann.peerName, third.peerName] })
  expect(await findIdentity(identities, other.authority)).toEqual(other)
})

test('I-08: an identity that is named by its authority tells what is wrong with its file', async () => {
  const disk = new StoreDisk()
  const identities = await openIdentities(disk)
  const { authority } = await identities.create({ friendlyName: 'Ann' })
  disk.storage().write(`${authority}.pem`, new Uint8Array())
  for (const reference of [authority, `${authority}.peer`, undefined]) {
    await expectRejection('identity-file-damaged', findIdentity(identities, reference), 'a damaged file')
  }
})
