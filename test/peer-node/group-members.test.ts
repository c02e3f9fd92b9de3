/** Members of a group: their list, roles, revocation, what they send each other privately, and what is told of them. */
import { describe, expect, test } from 'vitest'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { Group, GroupEvents } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { isReading, type Setting, settings, take } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })
const Whisper = messageType('test.whisper')
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Three members: who made the group, and two who joined by links. */
async function three({ open, until }: Setting): Promise<{
  readonly groups: { readonly ann: Group; readonly bob: Group; readonly eve: Group }
  readonly nodes: { readonly ann: PeerNode; readonly bob: PeerNode; readonly eve: PeerNode }
}> {
  const nodes = { ann: await open('ann'), bob: await open('bob'), eve: await open('eve') }
  const ann = await nodes.ann.groups.create({ friendlyName: 'Book club' })
  const bob = await nodes.bob.groups.join(await ann.invite())
  const eve = await nodes.eve.groups.join(await ann.invite())
  for (const group of [ann, bob, eve]) {
    await until(async () => (await group.members({ connected: true })).length === 3)
  }
  return { groups: { ann, bob, eve }, nodes }
}

describe.each(settings)('$name', ({ run }) => {
  test('P-109: members show name, roles, issuer, validity, presence and addresses', () =>
    run(async (setting) => {
      const { ann, bob, eve } = (await three(setting)).groups
      await setting.until(async () => (await ann.member(bob.identity)).addresses.length > 0)
      const member = await ann.member(bob.identity)
      expect(member).toMatchObject({
        ...{ peerName: bob.identity, friendlyName: 'bob', role: 'member', roles: ['member'], connected: true },
        addresses: await bob.addresses(),
      })
      expect(member.expires.getTime()).toBeGreaterThan(member.since.getTime())
      const creator = await eve.member(ann.identity)
      expect(creator).toMatchObject({ role: 'administrator', issuer: ann.peerName, friendlyName: 'ann' })
      expect((await ann.members()).map(({ peerName }) => peerName).sort()).toEqual(
        [ann, bob, eve].map(({ identity }) => identity).sort(),
      )
      await bob.close()
      await setting.until(async () => (await ann.members({ connected: false })).length === 1)
      expect(await ann.members({ connected: false })).toMatchObject([{ peerName: bob.identity, addresses: [] }])
      const stranger = (await (await setting.open('dan')).identities.get()).peerName
      await expectRejection('member-not-found', ann.member(stranger), 'a stranger')
    }))

  test('P-104: members send each other messages and bytes that nobody else sees', () =>
    run(async (setting) => {
      const { ann, bob, eve } = (await three(setting)).groups
      const heard = take(bob.messages(Whisper), 2)
      await isReading(bob)
      const overheard: unknown[] = []
      const listening = new AbortController()
      const reading = (async () => {
        for await (const message of eve.messages(Whisper, { signal: listening.signal })) overheard.push(message)
      })()
      await isReading(eve)
      await ann.send(bob.identity, Whisper, bytes(1))
      await eve.send(bob.identity, Whisper, bytes(2))
      expect(await heard).toEqual([
        { from: ann.identity, payload: bytes(1) },
        { from: eve.identity, payload: bytes(2) },
      ])
      listening.abort()
      await reading.catch(() => undefined)
      expect(overheard).toEqual([])
      await expectRejection('protocol-not-accepted', ann.connect(bob.identity, 'file'), 'a protocol that nobody takes')
      const taking = take(bob.connections('file'), 1)
      await isReading(bob)
      const connection = await ann.connect(bob.identity, 'file')
      const [taken] = await taking
      expect(taken?.peer).toBe(ann.identity)
      const direct = (await ann.links()).filter(({ kind }) => kind === 'direct')
      expect(direct).toMatchObject([{ peerName: bob.identity, isDialler: true }])
      const writer = connection.writable.getWriter()
      await writer.write(bytes(1, 2, 3))
      const read = await taken?.readable.getReader().read()
      expect(read?.value).toEqual(bytes(1, 2, 3))
      await Promise.all([connection.close(), taken?.close()])
      await connection.close()
      await expectRejection('connect-self', ann.send(ann.identity, Whisper, bytes(1)), 'to oneself')
      await bob.close()
      await setting.until(async () => (await ann.members({ connected: true })).length === 2)
      await expectRejection('node-not-found', ann.connect(bob.identity, 'file'), 'to somebody who is not there')
    }))

  test('P-103: a direct connection is there when the other side has accepted it, also where no presence says its address', () =>
    run(async (setting) => {
      const ann = await (await setting.open('ann')).groups.create({ presenceDisabled: true })
      const bob = await (await setting.open('bob')).groups.join(await ann.invite())
      await setting.until(async () => (await bob.addresses()).length > 0)
      expect(await ann.nodes()).toEqual([])
      await setting.until(async () => (await ann.members()).length === 2)
      await ann.addAddresses(await bob.addresses())
      const codeOf = async (): Promise<unknown> => ann.connect(bob.identity, 'file').catch(({ code }) => code)
      await setting.until(async () => (await codeOf()) === 'protocol-not-accepted')
      const taking = take(bob.connections('file'), 1)
      await isReading(bob)
      const connection = await ann.connect(bob.identity, 'file')
      const [taken] = await taking
      expect([connection.peer, taken?.peer]).toEqual([bob.identity, ann.identity])
      await Promise.all([connection.close(), taken?.close()])
    }))

  test('an inviting member invites, a member does not, and a role can be raised and lowered', () =>
    run(async (setting) => {
      const { ann, bob } = (await three(setting)).groups
      await expectRejection('not-authorized', bob.invite(), 'a link by a plain member')
      await expectRejection('not-authorized', bob.setRole(ann.identity, 'member'), 'a role given by a plain member')
      await ann.setRole(bob.identity, 'inviting-member')
      await setting.until(async () => (await bob.member(bob.identity)).role === 'inviting-member')
      const dan = await (await setting.open('dan')).groups.join(await bob.invite())
      await setting.until(async () => (await ann.members()).length === 4)
      expect((await ann.member(dan.identity)).role).toBe('member')
      const { id } = await bob.records.add(Note, bytes(1))
      await setting.until(async () => (await ann.records.get(Note, id)) !== undefined)
      await ann.setRole(bob.identity, 'member')
      await setting.until(async () => (await bob.member(bob.identity)).role === 'member')
      await expectRejection('not-authorized', bob.invite(), 'a link after that')
      await setting.until(async () => (await bob.status()).membership === 'in-force')
      const second = await bob.records.add(Note, bytes(2))
      await setting.until(async () => (await ann.records.get(Note, second.id)) !== undefined)
      expect((await ann.records.get(Note, id))?.payload).toEqual(bytes(1))
      expect((await dan.status()).membership).toBe('in-force')
    }))

  test('who is revoked is put out with all but the records that stay, is told so, and can be invited anew', () =>
    run(async (setting) => {
      const { groups, nodes } = await three(setting)
      const { ann, bob, eve } = groups
      const [kept, dropped] = [await eve.records.add(Note, bytes(1)), await eve.records.add(Note, bytes(2))]
      for (const group of [ann, bob]) {
        await setting.until(async () => (await group.records.get(Note, dropped.id)) !== undefined)
      }
      await expectRejection('not-authorized', bob.revoke(eve.identity), 'by a plain member')
      const told = new Promise((resolve) => eve.on('membership', resolve))
      const seen = new Promise<GroupEvents['member']>((resolve) =>
        bob.on('member', (detail) => (detail.change === 'revoked' ? resolve(detail) : undefined)),
      )
      await ann.revoke(eve.identity, { keep: [kept.id] })
      expect(await seen).toEqual({ peer: eve.identity, change: 'revoked' })
      for (const group of [ann, bob]) {
        await setting.until(async () => (await group.records.get(Note, dropped.id)) === undefined)
        expect((await group.records.get(Note, kept.id))?.payload).toEqual(bytes(1))
        await setting.until(async () => (await group.members()).length === 2)
      }
      expect(await told).toEqual({ standing: 'revoked' })
      await setting.until(async () => (await eve.status()).state === 'offline')
      expect(await eve.status()).toMatchObject({ membership: 'revoked', neighbors: 0, found: 'not-registered' })
      await expectRejection('membership-not-in-force', eve.records.add(Note, bytes(3)), 'writing')
      await eve.close()
      const again = await nodes.eve.groups.join(await ann.invite())
      const { id } = await again.records.add(Note, bytes(4))
      await setting.until(async () => (await ann.records.get(Note, id)) !== undefined)
      await setting.until(async () => (await ann.members()).length === 3)
    }))

  test('P-105: each event comes once for its cause, and none after unsubscribing', () =>
    run(async (setting) => {
      const [ann, bob] = [await setting.open('ann'), await setting.open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const events: string[] = []
      const ends = [
        hers.on('status', ({ state }) => void events.push(`status ${state}`)),
        hers.on('properties', ({ friendlyName }) => void events.push(`properties ${friendlyName}`)),
        hers.on('neighbor', ({ connected }) => void events.push(`neighbor ${connected}`)),
        hers.on('member', ({ change }) => void events.push(`member ${change}`)),
        hers.on('direct', ({ connected }) => void events.push(`direct ${connected}`)),
      ]
      const his = await bob.groups.join(await hers.invite())
      await setting.until(async () => (await hers.members({ connected: true })).length === 2)
      const message = take(hers.messages(Whisper), 1)
      await isReading(hers)
      await his.send(hers.identity, Whisper, bytes(1))
      await message
      await hers.setProperties({ friendlyName: 'Chess club' })
      const taking = take(hers.connections('file'), 1)
      await isReading(hers)
      const connection = await his.connect(hers.identity, 'file')
      const [taken] = await taking
      await Promise.all([connection.close(), taken?.close()])
      await setting.until(async () => events.includes('direct false'))
      await his.close()
      await setting.until(async () => events.includes('member disconnected') && events.includes('neighbor false'))
      const counts = new Map<string, number>()
      for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1)
      for (const once of [
        ...['member joined', 'member connected', 'member disconnected', 'neighbor true', 'neighbor false'],
        ...['direct true', 'direct false', 'properties Chess club', 'status synchronized'],
      ]) {
        expect(counts.get(once), once).toBe(1)
      }
      for (const end of ends) end()
      events.length = 0
      const again = await bob.groups.open(hers.peerName)
      await again.synchronized()
      expect(events).toEqual([])
    }))
})
