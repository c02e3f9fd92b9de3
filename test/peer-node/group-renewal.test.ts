/** Memberships that end, and what an application can do about it. */
import { expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '10m' })
const HOUR = 3_600_000

test('P-093: a membership that has ended is renewed by an invitation, which takes its place', () =>
  withSimulatedNodes('renewal', async ({ addHost, openNode, advance, until }) => {
    const [annHost, bobHost] = [addHost('ann'), addHost('bob')]
    const [ann, bob] = [await openNode(annHost), await openNode(bobHost)]
    const hers = await ann.groups.create()
    const certificate = await bob.identities.certificate()
    const text = await hers.invite({ for: certificate, memberUntil: '12h', role: 'inviting-member' })
    const his = await bob.groups.join(text)
    const { expires, since } = await his.member(his.identity)
    expect(expires.getTime() - since.getTime()).toBe(12 * HOUR)
    const expiring = new Promise((resolve) => his.on('expiring', resolve))
    const ended = new Promise((resolve) => his.on('membership', resolve))
    await hers.close()
    await advance('780m')
    expect(await expiring).toEqual({ expires })
    expect(await ended).toEqual({ standing: 'expired' })
    expect(await his.status()).toMatchObject({ membership: 'expired' })
    const writing = his.records.add(Note, Uint8Array.of(1))
    await expectRejection('membership-not-in-force', writing, 'writing after the end')
    await expectRejection('membership-not-in-force', his.invite(), 'inviting after the end')
    await his.close()
    const again = await ann.groups.open(hers.peerName)
    const renewal = await again.renew(his.identity, { byInvitation: true })
    const renewed = await bob.groups.join(renewal ?? '')
    expect(await renewed.status()).toMatchObject({ membership: 'in-force' })
    const member = await renewed.member(his.identity)
    expect(member).toMatchObject({ role: 'inviting-member' })
    expect(member.expires.getTime() - member.since.getTime()).toBe(12 * HOUR)
    const { id } = await renewed.records.add(Note, Uint8Array.of(2))
    await until(async () => (await again.records.get(Note, id)) !== undefined, '60s')
    expect(await again.renew(his.identity, { expires: '9d' })).toBeUndefined()
    await until(async () => (await renewed.member(his.identity)).expires.getTime() > member.expires.getTime(), '60s')
  }))
