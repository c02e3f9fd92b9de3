import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { createPeerNode, type PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { StoreDisk } from '../identity/store-disk.ts'
import { hostNetwork } from './host-network.ts'

function openOn(disk: StoreDisk, friendlyName?: string): Promise<PeerNode> {
  const { storage: identityStorage, ...ports } = disk.ports()
  return createPeerNode({ identityStorage, ...ports, ...hostNetwork() }, { friendlyName })
}

describe('opening', () => {
  test('I-35: on an empty data directory one identity is made with the friendly name given, and used from then on', async () => {
    const disk = new StoreDisk()
    const first = await openOn(disk, 'Ann')
    const ann = await first.identities.get()
    expect(ann).toMatchObject({ friendlyName: 'Ann', classifier: 'peer', isDefault: true, locked: false })
    const second = await openOn(disk, 'Bob')
    expect(await second.identities.list()).toEqual([ann])
  })

  test('without a friendly name no identity is made', async () => {
    const node = await openOn(new StoreDisk())
    expect(await node.identities.list()).toEqual([])
    await expectRejection('identity-not-found', node.identities.get(), 'the default')
  })

  test('a friendly name that is none is refused', async () => {
    await expectRejection('invalid-friendly-name', openOn(new StoreDisk(), '\n'), 'opening')
  })
})

describe('identities', () => {
  test('I-01, I-02, I-03, I-04, I-05, I-11, I-12, I-36: every operation works through promises', async () => {
    const disk = new StoreDisk()
    const { identities } = await openOn(disk)
    const ann = await identities.create({ friendlyName: 'Ann', classifier: 'a.b', passphrase: 'secret' })
    expect(ann).toEqual({
      peerName: `${ann.authority}.a.b`,
      authority: expect.stringMatching(/^[0-9a-f]{40}$/),
      classifier: 'a.b',
      friendlyName: 'Ann',
      created: new Date(disk.now),
      isDefault: true,
      locked: false,
    })
    const bob = await identities.create({ friendlyName: 'Bob' })
    expect(await identities.list()).toEqual([ann, bob])
    expect(await identities.get(bob.peerName)).toEqual(bob)
    expect(await identities.rename(bob.peerName, 'Bobby')).toEqual({ ...bob, friendlyName: 'Bobby' })
    expect((await identities.setDefault(bob.peerName)).isDefault).toBe(true)
    expect(await identities.makePeerName(bob.peerName, 'x')).toBe(`${bob.authority}.x`)
    expect(await identities.certificate()).toMatch(/^-----BEGIN CERTIFICATE-----\n/)
    const text = await identities.export(ann.peerName, 'password')
    await identities.delete(ann.peerName)
    expect(await identities.import(text, { password: 'password' })).toEqual({ ...ann, isDefault: false })

    const reopened = (await openOn(disk)).identities
    const locked = await reopened.create({ friendlyName: 'Cleo', passphrase: 'secret' })
    const third = (await openOn(disk)).identities
    await expectRejection('identity-locked', third.certificate(locked.peerName), 'a locked key')
    expect((await third.unlock(locked.peerName, 'secret')).locked).toBe(false)
    expect(await third.certificate(locked.peerName)).toContain('CERTIFICATE')
  })

  test('I-08: problems are data', async () => {
    const disk = new StoreDisk()
    const { identities } = await openOn(disk, 'Ann')
    const { authority } = await identities.get()
    disk.storage().write(`${authority}.pem`, new Uint8Array())
    expect(await identities.problems()).toEqual([
      {
        file: `${authority}.pem`,
        code: 'identity-file-damaged',
        message: expect.stringContaining(`${authority}.pem`),
        advice: expect.stringContaining('backup'),
      },
    ])
    expect(await identities.list()).toEqual([])
  })

  test('what fails rejects and does not throw', async () => {
    const { identities } = await openOn(new StoreDisk())
    const name = parsePeerName(`${'0'.repeat(40)}.x`)
    const attempts = [
      identities.get(name),
      identities.rename(name, 'x'),
      identities.delete(name),
      identities.setDefault(name),
      identities.makePeerName(name, 'x'),
      identities.unlock(name, 'x'),
      identities.certificate(name),
      identities.export(name, 'x'),
    ]
    for (const attempt of attempts) await expectRejection('identity-not-found', attempt, 'an unknown identity')
  })
})

describe('closing', () => {
  test('twice is fine, and everything else rejects from then on', async () => {
    const disk = new StoreDisk()
    const node = await openOn(disk, 'Ann')
    const { peerName } = await node.identities.get()
    await node.close()
    await node.close()
    await node[Symbol.asyncDispose]()
    const { identities } = node
    const attempts = {
      create: identities.create({ friendlyName: 'x' }),
      list: identities.list(),
      problems: identities.problems(),
      get: identities.get(),
      rename: identities.rename(peerName, 'x'),
      delete: identities.delete(peerName),
      setDefault: identities.setDefault(peerName),
      makePeerName: identities.makePeerName(peerName, 'x'),
      unlock: identities.unlock(peerName, 'x'),
      certificate: identities.certificate(),
      export: identities.export(peerName, 'x'),
      import: identities.import('', { password: 'x' }),
    }
    expect(Object.keys(attempts).sort()).toEqual(Object.keys(identities).sort())
    for (const [operation, attempt] of Object.entries(attempts)) {
      const error = await expectRejection('node-closed', attempt, operation)
      expect(error.details).toEqual({ operation: `identities.${operation}` })
    }
    expect(await (await openOn(disk)).identities.list()).toHaveLength(1)
  })
})
