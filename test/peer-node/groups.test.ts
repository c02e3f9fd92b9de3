/** Making, joining, opening, listing, leaving and deleting groups. */
import { describe, expect, test } from 'vitest'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { makePeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import { invitationInfo } from '../../src/peer-node/invitation-info.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { crypto } from '../identity/platform.ts'
import { all, settings } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** What a node still keeps of groups. */
async function groupsIn(node: PeerNode): Promise<readonly string[]> {
  return (await node.groups.list()).map(({ peerName }) => peerName)
}

describe.each(settings)('$name', ({ run }) => {
  test('P-041: a group is made, somebody joins by link and is told of the steps, and each reads what the other writes', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club', comment: 'Thursdays' })
      expect(await hers.status()).toMatchObject({ membership: 'in-force' })
      const { id } = await hers.records.add(Note, bytes(1))
      const invitation = await hers.invite()
      const steps: string[] = []
      const his = await bob.groups.join(invitation, { onProgress: ({ phase }) => steps.push(phase) })
      expect(steps).toContain('synchronizing')
      expect(his.peerName).toBe(hers.peerName)
      expect((await his.records.get(Note, id))?.payload).toEqual(bytes(1))
      const written = await his.records.add(Note, bytes(2))
      await until(async () => (await hers.records.get(Note, written.id)) !== undefined)
      await until(async () => (await hers.members({ connected: true })).length === 2)
      expect(await all(his.records.list(Note))).toHaveLength(2)
      expect(await his.properties()).toMatchObject({
        ...{ friendlyName: 'Book club', comment: 'Thursdays', creator: hers.identity, cloud: undefined },
        ...{ presenceLifetime: 300_000, memberDataOptional: false, presenceDisabled: false },
      })
      expect(await bob.groups.list()).toEqual([
        { peerName: his.peerName, friendlyName: 'Book club', identity: his.identity, isOpen: true },
      ])
    }))

  test('P-041: afterwards the group opens by name, and joining again changes nothing', () =>
    run(async ({ open }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create()
      const invitation = await hers.invite({ uses: 2 })
      const his = await bob.groups.join(invitation)
      const before = await his.member(his.identity)
      const error = await expectRejection('already-a-member', bob.groups.join(invitation), 'while it is open')
      expect(error.details).toEqual({ group: hers.peerName, identity: his.identity })
      await his.close()
      await expectRejection('already-a-member', bob.groups.join(invitation), 'while it is closed')
      const again = await bob.groups.open(hers.peerName)
      await expectRejection('duplicate-group', bob.groups.open(hers.peerName), 'opening twice')
      const { id } = await again.records.add(Note, bytes(1))
      await again.synchronized()
      expect((await again.member(again.identity)).expires).toEqual(before.expires)
      expect((await again.records.get(Note, id))?.payload).toEqual(bytes(1))
    }))

  test('P-040, P-041: with a whole chain nobody is needed, and only the identity that was invited can use it', () =>
    run(async ({ open, until }) => {
      const [ann, bob, eve] = [await open('ann'), await open('bob'), await open('eve')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const invitation = await hers.invite({ for: await bob.identities.certificate(), role: 'inviting-member' })
      expect(invitationInfo(crypto, invitation)).toMatchObject({
        ...{ kind: 'identity', group: hers.peerName, friendlyName: 'Book club', from: hers.identity },
        ...{ role: 'inviting-member', needsPassword: false, for: (await bob.identities.get()).authority },
      })
      const refused = await expectRejection('invalid-invitation', eve.groups.join(invitation), 'another identity')
      expect(refused.details.problem).toBe('for-another-identity')
      const altered = `${invitation.slice(0, -2)}${invitation.endsWith('AA') ? 'BB' : 'AA'}`
      const bad = await expectRejection('invalid-invitation', bob.groups.join(altered), 'an altered text')
      expect(bad.details.problem).not.toBe('for-another-identity')
      expect(await groupsIn(eve)).toEqual([])
      expect(await groupsIn(bob)).toEqual([])
      await ann.suspend()
      const his = await bob.groups.join(invitation)
      expect(await his.status()).toMatchObject({ membership: 'in-force', neighbors: 0 })
      expect(await his.addresses()).toEqual([])
      const { id } = await his.records.add(Note, bytes(7))
      await ann.resume()
      await his.addAddresses(await waitFor(until, () => hers.addresses()))
      await until(async () => (await hers.records.get(Note, id)) !== undefined)
      expect((await hers.member(his.identity)).role).toBe('inviting-member')
      await until(async () => (await his.addresses()).length > 0)
    }))

  test('P-130: a chain for which a text has no room is fetched from whoever admits, by link and for one identity', () =>
    run(async ({ open, until }) => {
      let inviter = await (await open('0')).groups.create({ friendlyName: 'Book club' })
      const { peerName } = inviter
      let wasNamed = false
      for (let depth = 1; depth <= 4; depth++) {
        const text = await inviter.invite({ role: 'inviting-member' })
        const invitation = readInvitation(crypto, text)
        wasNamed = invitation.kind === 'link' && 'named' in invitation.chain
        inviter = await (await open(`${depth}`)).groups.join(text)
        expect(await inviter.status()).toMatchObject({ membership: 'in-force' })
      }
      expect(wasNamed).toBe(true)
      const last = await open('last')
      const text = await inviter.invite({ for: await last.identities.certificate() })
      const invitation = readInvitation(crypto, text)
      expect(invitation.kind === 'identity' && 'named' in invitation.chain).toBe(true)
      const joined = await last.groups.join(text)
      const { id } = await joined.records.add(Note, bytes(1))
      await until(async () => (await inviter.records.get(Note, id)) !== undefined)
      await until(async () => (await inviter.members()).length === 6)
      await joined.close()
      const again = await last.groups.open(peerName)
      await again.synchronized()
      expect(await again.status()).toMatchObject({ membership: 'in-force' })
    }))

  test('a group that is closed while it is being registered is registered once it was opened again', () =>
    run(async ({ open, until }) => {
      const { groups } = await open('ann')
      const group = await groups.create()
      await group.close()
      const again = await groups.open(group.peerName)
      await until(async () => (await again.status()).found === 'registered')
      expect((await again.addresses()).length).toBeGreaterThan(0)
    }))

  test('P-041: a join that fails or is aborted leaves nothing behind, and says why', () =>
    run(async ({ open }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create()
      const link = await hers.invite()
      const abort = new AbortController()
      await ann.suspend()
      const joining = bob.groups.join(link, { signal: abort.signal })
      const reason = new Error('enough')
      setImmediate(() => abort.abort(reason))
      await expect(joining).rejects.toBe(reason)
      expect(await groupsIn(bob)).toEqual([])
      await ann.resume()
      // A new one: somebody else may have had her port meanwhile.
      const cancelled = await hers.invite()
      await hers.cancelInvitation(cancelled)
      const error = await expectRejection('not-let-in', bob.groups.join(cancelled), 'a link that was cancelled')
      const [tried] = error.details.tried
      expect(tried).toMatchObject({ code: 'not-authenticated' })
      expect(tried?.reason).toMatch(/link/)
      expect(await groupsIn(bob)).toEqual([])
      const his = await bob.groups.join(await hers.invite())
      expect(await his.status()).toMatchObject({ membership: 'in-force' })
    }))

  test(
    'P-042: a password is needed where one was set, and is not in the invitation',
    () =>
      run(async ({ open, until }) => {
        const [ann, bob] = [await open('ann'), await open('bob')]
        const hers = await ann.groups.create({ friendlyName: 'Book club' })
        await expectRejection('password-too-short', hers.invite({ password: 'short' }), 'a short one')
        const invitation = await hers.invite({ password: 'correct horse battery' })
        expect(invitationInfo(crypto, invitation)).toMatchObject({
          kind: 'password',
          needsPassword: true,
          role: 'member',
        })
        await expectRejection('empty-password', bob.groups.join(invitation), 'no password')
        const wrong = bob.groups.join(invitation, { password: 'incorrect horse' })
        const error = await expectRejection('not-let-in', wrong, 'a wrong password')
        expect(error.details.tried[0]?.reason).toMatch(/password/)
        expect(await groupsIn(bob)).toEqual([])
        const his = await bob.groups.join(invitation, { password: 'correct horse battery' })
        await until(async () => (await hers.members()).length === 2)
        await hers.removePassword()
        expect(await his.status()).toMatchObject({ membership: 'in-force' })
        const eve = await open('eve')
        const late = eve.groups.join(invitation, { password: 'correct horse battery' })
        await expectRejection('not-let-in', late, 'a password that was removed')
      }),
    30_000,
  )

  test('P-133: a group opens offline from what is stored, and what was written meanwhile reaches all', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const his = await bob.groups.join(await hers.invite())
      const { id } = await hers.records.add(Note, bytes(1))
      await until(async () => (await his.records.get(Note, id)) !== undefined)
      await until(async () => (await his.members()).length === 2)
      await his.close()
      const offline = await bob.groups.open(hers.peerName, { offline: true })
      expect(await offline.status()).toMatchObject({ state: 'offline', membership: 'in-force', neighbors: 0 })
      expect((await offline.properties()).friendlyName).toBe('Book club')
      expect(await offline.members()).toMatchObject([{}, {}])
      expect((await offline.records.get(Note, id))?.payload).toEqual(bytes(1))
      const alone = await offline.records.add(Note, bytes(2))
      const meanwhile = await hers.records.add(Note, bytes(3))
      await offline.goOnline()
      await until(async () => (await hers.records.get(Note, alone.id)) !== undefined)
      await until(async () => (await offline.records.get(Note, meanwhile.id)) !== undefined)
    }))

  test('P-137: who leaves is listed without presence, its records stay, and the last holder of the key is warned', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create()
      const his = await bob.groups.join(await hers.invite())
      const { id } = await his.records.add(Note, bytes(1))
      await until(async () => (await hers.records.get(Note, id)) !== undefined)
      await until(async () => (await hers.members({ connected: true })).length === 2)
      await his.leave()
      expect(await groupsIn(bob)).toEqual([])
      await expectRejection('group-not-found', bob.groups.open(hers.peerName), 'what was left')
      await until(async () => (await hers.member(his.identity)).connected === false)
      expect((await hers.member(his.identity)).addresses).toEqual([])
      expect((await hers.records.get(Note, id))?.payload).toEqual(bytes(1))
      await expectRejection('group-key-would-be-lost', hers.leave(), 'leaving with the key')
      expect(await hers.status()).toMatchObject({ membership: 'in-force' })
      await hers.leave({ losesGroupKey: true })
      expect(await groupsIn(ann)).toEqual([])
    }))

  test('I-04: deleting is refused while it is open, and takes everything of the group away', () =>
    run(async ({ open }) => {
      const ann = await open('ann')
      const hers = await ann.groups.create({ offline: true })
      const { identity } = hers
      await expectRejection('group-in-use', ann.groups.delete(hers.peerName), 'deleting an open one')
      await expectRejection('identity-has-groups', ann.identities.delete(identity), 'its identity')
      await hers.close()
      await expectRejection('identity-has-groups', ann.identities.delete(identity), 'its identity, while it is closed')
      await ann.groups.delete(hers.peerName)
      await expectRejection('group-not-found', ann.groups.delete(hers.peerName), 'deleting twice')
      expect(await groupsIn(ann)).toEqual([])
      await ann.identities.delete(identity)
      expect(await ann.identities.list()).toEqual([])
    }))

  test('the graph of a group is none of the graphs of a node', () =>
    run(async ({ open, path }) => {
      const ann = await open('ann')
      const hers = await ann.groups.create()
      const { graphId } = hers
      expect(await ann.graphs.list()).toEqual([])
      await expectRejection('graph-of-group', ann.graphs.open(graphId), 'opening it')
      await expectRejection('graph-of-group', ann.graphs.delete(graphId), 'deleting it')
      await expectRejection('graph-of-group', ann.graphs.create({ graphId }), 'making it')
      await expectRejection('graph-of-group', ann.graphs.join(graphId, { addresses: [] }), 'joining it')
      const file = path()
      await hers.exportDatabase(file)
      await expectRejection('graph-of-group', ann.graphs.importDatabase(file), 'importing it')
      await hers.close()
      await expectRejection('graph-of-group', ann.graphs.open(graphId), 'opening it, while it is closed')
    }))

  test('what is wrong with a new group is said, and leaves nothing behind', () =>
    run(async ({ open }) => {
      const ann = await open('ann')
      const long = 'x'.repeat(255)
      await expectRejection('invalid-graph-property', ann.groups.create({ comment: long }), 'a long comment')
      await expectRejection('invalid-graph-property', ann.groups.create({ friendlyName: long }), 'a long name')
      await expectRejection('invalid-graph-property', ann.groups.create({ presenceLifetime: '1m' }), 'a lifetime')
      await expectRejection('classifier-too-long', ann.groups.create({ classifier: 'x'.repeat(150) }), 'a classifier')
      await expectRejection('cloud-not-found', ann.groups.create({ cloud: 'Office' }), 'a private cloud')
      expect(await groupsIn(ann)).toEqual([])
      const nobody = makePeerName('0'.repeat(40), 'x')
      await expectRejection('group-not-found', ann.groups.open(parsePeerName(nobody)), 'an unknown group')
    }))

  test('P-106: a configuration carries the membership to another place, and nothing of the group key', () =>
    run(async ({ open, until }) => {
      const [ann, bob, other] = [await open('ann'), await open('bob'), await open('other')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const his = await bob.groups.join(await hers.invite())
      await expectRejection('empty-password', his.exportConfiguration(''), 'no password')
      const text = await his.exportConfiguration('secret of Bob')
      await expectRejection(
        'identity-not-found',
        other.groups.importConfiguration(text, 'secret of Bob'),
        'no identity',
      )
      await expectRejection('already-a-member', bob.groups.importConfiguration(text, 'secret of Bob'), 'here')
      const exported = await bob.identities.export(his.identity, 'of Bob')
      await his.close()
      await other.identities.import(exported, { password: 'of Bob' })
      await expectRejection('wrong-passphrase', other.groups.importConfiguration(text, 'guess'), 'a wrong password')
      expect(await other.groups.importConfiguration(text, 'secret of Bob')).toMatchObject({
        ...{ peerName: hers.peerName, identity: his.identity, isOpen: false },
      })
      const there = await other.groups.open(hers.peerName)
      const { id } = await hers.records.add(Note, bytes(1))
      await until(async () => (await there.records.get(Note, id)) !== undefined)
      expect(await there.hasKey()).toBe(false)
      expect((await other.groups.list())[0]?.friendlyName).toBe('Book club')
    }))

  test('P-126: the group key goes to another member, and where it is not the properties stay as they are', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const stranger = await ann.groups.create({ offline: true })
      const his = await bob.groups.join(await hers.invite())
      await expectRejection('group-key-not-here', his.exportKey('secret'), 'exporting what is not here')
      await expectRejection('group-key-not-here', his.setProperties({ comment: 'x' }), 'changing without the key')
      await expectRejection('empty-password', hers.exportKey(''), 'no password')
      const text = await hers.exportKey('secret')
      expect(text).toContain('ENCRYPTED PRIVATE KEY')
      await expectRejection('another-group', stranger.importKey(text, 'secret'), 'another group')
      await expectRejection('wrong-passphrase', his.importKey(text, 'guess'), 'a wrong password')
      await his.importKey(text, 'secret')
      await hers.removeKey()
      expect([await hers.hasKey(), await his.hasKey()]).toEqual([false, true])
      const changed = new Promise((resolve) => hers.on('properties', resolve))
      expect(await his.setProperties({ friendlyName: 'Chess club' })).toMatchObject({ friendlyName: 'Chess club' })
      expect(await changed).toMatchObject({ friendlyName: 'Chess club', creator: hers.identity })
      await expectRejection('group-key-not-here', hers.setProperties({ comment: 'x' }), 'after it was removed')
      await hers.close()
      const again = await ann.groups.open(hers.peerName)
      expect(await again.hasKey()).toBe(false)
      const { id } = await again.records.add(Note, bytes(1))
      await until(async () => (await his.records.get(Note, id)) !== undefined)
      await his.close()
      expect(await (await bob.groups.open(hers.peerName)).hasKey()).toBe(true)
    }))

  test('P-107: a database is imported into the same group only, while that is not open', () =>
    run(async ({ open, path, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create()
      const other = await ann.groups.create({ offline: true })
      const his = await bob.groups.join(await hers.invite())
      const one = await hers.records.add(Note, bytes(1))
      const two = await his.records.add(Note, bytes(2))
      await until(async () => (await hers.records.get(Note, two.id)) !== undefined)
      await until(async () => (await his.records.get(Note, one.id)) !== undefined)
      await until(async () => (await his.members()).length === 2)
      const file = path()
      await his.exportDatabase(file)
      await expectRejection('group-in-use', bob.groups.importDatabase(his.peerName, file), 'while it is open')
      await other.close()
      await expectRejection('invalid-database', ann.groups.importDatabase(other.peerName, file), 'another group')
      const configuration = await his.exportConfiguration('secret')
      await his.leave()
      await bob.groups.importConfiguration(configuration, 'secret')
      const again = await bob.groups.importDatabase(hers.peerName, file)
      expect(await again.status()).toMatchObject({ state: 'offline', membership: 'in-force' })
      expect((await again.records.get(Note, one.id))?.payload).toEqual(bytes(1))
      expect((await again.records.get(Note, two.id))?.payload).toEqual(bytes(2))
      expect(await again.members()).toHaveLength(2)
    }))
})

async function waitFor<Item>(
  until: (condition: () => Promise<boolean>) => Promise<void>,
  list: () => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  await until(async () => (await list()).length > 0)
  return list()
}
