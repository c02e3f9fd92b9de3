/** Members of groups that find each other, on simulated hosts: by the hints of an invitation, and by PNRP. */
import { describe, expect, test } from 'vitest'
import type { InvitationContent } from '../../src/group/invitation.ts'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { ResolvedName } from '../../src/peer-node/names.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { crypto } from '../identity/platform.ts'
import { endpoint } from './endpoints.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '30d' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
/** Nobody is there. */
const NOBODY = '203.0.113.99:3587'

/** Everybody in one cloud, of which one host is a member from the beginning. */
class Town {
  readonly nodes: SimulatedNodes
  readonly hosts = new Map<string, SimulatedHost>()

  constructor(nodes: SimulatedNodes) {
    this.nodes = nodes
  }

  static async run(seed: string, body: (town: Town) => Promise<void>): Promise<void> {
    await withSimulatedNodes(seed, async (nodes) => {
      const town = new Town(nodes)
      await (await town.open('hub')).clouds.open('Global_')
      await body(town)
    })
  }

  /** Opens the node of a host, again if it was there before. */
  async open(name: string, options: { readonly seeds?: readonly string[] } = {}): Promise<PeerNode> {
    const host = this.hosts.get(name) ?? this.nodes.addHost(name)
    this.hosts.set(name, host)
    return this.nodes.openNode(host, { seeds: name === 'hub' ? [] : ['hub'], ...options })
  }

  until(condition: () => Promise<boolean> | boolean, within: `${number}s` | `${number}m` = '60s'): Promise<void> {
    return this.nodes.until(condition, within)
  }
}

function participants(node: PeerNode, group: Pick<Group, 'peerName'>): Promise<readonly ResolvedName[]> {
  return all(node.names.resolve(makePeerName(authorityPart(group.peerName), PARTICIPANT), { cloud: 'Global_' }))
}

const isRegistered = async (group: Group): Promise<boolean> => (await group.status()).found === 'registered'

/** An invitation with other hints than those that it was made with. */
function hinting(text: string, ...hints: readonly string[]): string {
  const { cloudPorts: _, ...content } = readInvitation(crypto, text)
  return makeInvitation(crypto, { ...content, hints: hints.map(endpoint) })
}

/** With those of its hints that are on a host. */
function forHost(text: string, host: SimulatedHost): string {
  const own = host.attachment.addresses.map(({ address }) => address)
  const { hints } = readInvitation(crypto, text)
  return hinting(text, ...hints.filter((hint) => own.includes(hint.host)).map(formatEndpoint))
}

function wholeChain(content: InvitationContent): Uint8Array {
  if (content.kind === 'password' || !('whole' in content.chain)) throw new Error('it has no whole chain')
  return encodeChain(content.chain.whole)
}

describe('members', () => {
  test('P-051, P-057: join by PNRP alone, although the creator is gone for good and all hints are wrong', () =>
    Town.run('gone', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club', classifier: 'books', cloud: 'Global_' })
      const invitations = [await hers.invite(), await hers.invite()]
      const his = await bob.groups.join(await hers.invite())
      const { id } = await hers.records.add(Note, bytes(1))
      await town.until(async () => (await isRegistered(his)) && (await his.records.get(Note, id)) !== undefined)
      await ann.close()
      town.nodes.world.host('ann').crash()
      const cleo = await town.open('cleo')
      const tried: string[] = []
      // Her hints are the addresses of the creator.
      const join = cleo.groups.join(invitations[0] ?? '', {
        onProgress: ({ phase, detail }) => void (phase === 'dialing' && tried.push(detail)),
      })
      const hersToo = await join
      expect((await hersToo.records.get(Note, id))?.payload).toEqual(bytes(1))
      expect(tried[0]?.startsWith(town.nodes.world.host('ann').ipv4)).toBe(true)
      const dan = await town.open('dan')
      const last = await dan.groups.join(hinting(invitations[1] ?? '', NOBODY, '203.0.113.98:3587'))
      await town.until(async () => (await last.members({ connected: true })).length === 3)
      const hub = await town.open('hub too')
      await hub.clouds.open('Global_')
      await town.until(async () => (await participants(hub, last)).length === 3)
      for (const found of await participants(hub, last))
        expect(found).toMatchObject({ secured: true, comment: 'books' })
    }))

  test('P-051: are found again where they were, by memory alone', () =>
    Town.run('memory', async (town) => {
      const { world } = town.nodes
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      await town.until(() => isRegistered(hers))
      const his = await bob.groups.join(hinting(await hers.invite(), NOBODY))
      await town.until(async () => (await his.members({ connected: true })).length === 2)
      await bob.close()
      // His hint is wrong, and PNRP finds nobody: ann has not registered in the cloud that he sees.
      world.host('hub').crash()
      const bobAgain = await town.open('bob', { seeds: [] })
      const again = await bobAgain.groups.open(hers.peerName, { offline: true })
      const attempts: string[] = []
      again.on('attempt', ({ endpoint, outcome }) => void (outcome === 'connected' && attempts.push(endpoint)))
      const begun = (await again.now()).getTime()
      await again.goOnline()
      await again.connected()
      // Sooner than PNRP could have found her: its search alone takes longer.
      expect((await again.now()).getTime() - begun).toBeLessThan(1000)
      expect(attempts).toHaveLength(1)
    }))

  test('P-052: who finds nobody listens alone, and finds who comes later, at whatever address', () =>
    Town.run('alone', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const his = await bob.groups.join(await hers.invite())
      const { peerName } = hers
      await town.until(async () => (await hers.members()).length === 2)
      await bob.close()
      await ann.close()
      // What they remember of each other is of no use.
      const [annsHost, bobsHost] = ['ann', 'bob'].map((name) => town.nodes.world.host(name))
      for (const [host, address] of [
        [annsHost, '20.7.7.1/24'],
        [bobsHost, '20.8.8.1/24'],
      ] as const) {
        for (const { address: former } of [...(host?.attachment.addresses ?? [])]) host?.removeAddress(former)
        host?.addAddress(address)
      }
      const again = await (await town.open('ann')).groups.open(peerName)
      const failed: string[] = []
      again.on('connection-failed', ({ code }) => void failed.push(code))
      await town.until(() => failed.length > 1, '5m')
      expect(new Set(failed)).toEqual(new Set(['no-members-found']))
      expect(await again.addresses()).toEqual(['20.7.7.1:3587'])
      await town.until(() => isRegistered(again))
      const written = await again.records.add(Note, bytes(1))
      const hisAgain = await (await town.open('bob')).groups.open(peerName)
      await hisAgain.synchronized()
      expect((await hisAgain.records.get(Note, written.id))?.payload).toEqual(bytes(1))
      expect(his.identity).toBe(hisAgain.identity)
    }))

  test('P-132: two nodes meet by hints that seed the cloud, with no other seed and no multicast', () =>
    withSimulatedNodes('hints', async ({ addHost, openNode, until }) => {
      const [ann, bob] = [await openNode(addHost('ann'), { pnrpPort: 50_000 }), await openNode(addHost('bob'))]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const text = await hers.invite()
      expect(readInvitation(crypto, text).cloudPorts).toContain(50_000)
      const hint = readInvitation(crypto, text).hints[0]
      const wrong = await hers.invite()
      const his = await bob.groups.join(text)
      await until(async () => {
        const clouds = await Promise.all([ann, bob].map((node) => node.clouds.list({ scope: 'global' })))
        return clouds.flat().every(({ state }) => state === 'active')
      }, '60s')
      await until(async () => (await participants(bob, his)).length === 2, '60s')
      // Of two hints the first one is wrong, and costs one attempt.
      const cleo = await openNode(addHost('cleo'))
      const attempts: string[] = []
      const { cloudPorts: _, ...content } = readInvitation(crypto, wrong)
      const hints = hint === undefined ? [] : [endpoint(NOBODY), hint]
      const third = await cleo.groups.join(makeInvitation(crypto, { ...content, hints }), {
        onProgress: ({ phase, detail }) => void (phase === 'dialing' && attempts.push(detail)),
      })
      expect(attempts.filter((one) => one === NOBODY)).toHaveLength(1)
      expect((await third.status()).membership).toBe('in-force')
    }))
})

test('P-132: hints are seeds also when a group is opened again', () =>
  withSimulatedNodes('seeds again', async ({ addHost, openNode, until, world }) => {
    const ann = await openNode(addHost('ann'))
    const bobsHost = addHost('bob')
    const [bob, cleo] = [await openNode(bobsHost), await openNode(addHost('cleo'), { seeds: ['ann'] })]
    await ann.clouds.open('Global_')
    const hers = await ann.groups.create({ cloud: 'Global_' })
    const third = await cleo.groups.join(await hers.invite())
    await until(() => isRegistered(third), '60s')
    const forBob = await hers.invite({ for: await bob.identities.certificate() })
    await until(async () => (await third.members()).length === 3, '60s')
    world.network.partition(['bob'], ['ann', 'cleo'])
    const atAnn = forHost(forBob, world.host('ann'))
    await bob.groups.join(atAnn)
    await bob.close()
    world.network.heal()
    // She is still in the cloud, and not in the group any more.
    await hers.close()
    const his = await (await openNode(bobsHost)).groups.open(hers.peerName)
    await until(async () => (await his.status()).state === 'synchronized', '2m')
    expect((await his.links()).map(({ peerName }) => peerName)).toEqual([third.identity])
  }))

describe('the cloud of a group', () => {
  const isFound = async (group: Group, count: number): Promise<boolean> =>
    (await group.members({ connected: true })).length === count

  test('P-028: is named in every invitation, and members meet there alone', () =>
    Town.run('named', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      for (const node of [ann, bob]) await node.clouds.open('club', { seeds: ['ann'] })
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const text = await hers.invite()
      expect(readInvitation(crypto, text).cloud).toBe('Global_')
      expect((await hers.properties()).cloud).toBe('Global_')
      const his = await bob.groups.join(hinting(text, NOBODY))
      await town.until(() => isRegistered(his))
      const name = makePeerName(authorityPart(hers.peerName), PARTICIPANT)
      const clouds = (await all(ann.names.resolve(name))).map(({ cloud }) => cloud)
      expect(clouds).toEqual(['Global_', 'Global_'])
    }))

  test('P-028: where it names none, members are found in every cloud that they have open', () =>
    Town.run('none', async (town) => {
      const [ann, bob, cleo] = [await town.open('ann'), await town.open('bob'), await town.open('cleo')]
      for (const node of [ann, bob]) await node.clouds.open('club', { seeds: ['ann'] })
      for (const node of [ann, cleo]) await node.clouds.open('Global_')
      const hers = await ann.groups.create()
      const texts = [await hers.invite(), await hers.invite()]
      expect(texts.map((text) => readInvitation(crypto, text).cloud)).toEqual([undefined, undefined])
      await town.until(() => isRegistered(hers))
      // Each of them has one of the two in common with her.
      await bob.groups.join(hinting(texts[0] ?? '', NOBODY))
      await cleo.groups.join(hinting(texts[1] ?? '', NOBODY))
      await town.until(() => isFound(hers, 3))
    }))

  test('P-028: that is private and not open here is an error, and its secret is in no invitation', () =>
    Town.run('private', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      await ann.clouds.open('Global_')
      await expectRejection('cloud-not-found', ann.groups.create({ cloud: 'club' }), 'making it')
      expect(await ann.groups.list()).toEqual([])
      const secret = toUtf8('the secret of the club')
      await ann.clouds.open('club', { secret })
      const hers = await ann.groups.create({ cloud: 'club' })
      const text = await hers.invite()
      await bob.clouds.open('Global_')
      await expectRejection('cloud-not-found', bob.groups.join(text), 'joining it')
      expect(await bob.groups.list()).toEqual([])
      expect(Buffer.from(text.slice('peerage:'.length), 'base64url').toString('hex')).not.toContain(toHex(secret))
      await bob.clouds.open('club', { secret, seeds: ['ann'] })
      await town.until(() => isRegistered(hers))
      const his = await bob.groups.join(hinting(text, NOBODY))
      await his.close()
    }))

  test.each([
    ['169.254.1.1/16', '169.254.1.2/16', '169.254.9.9:3587'],
    ['192.168.1.1/24', '192.168.1.2/24', '192.168.1.99:3587'],
  ])('P-028: that is link-local is that of the own links, whatever they are called: %s', (anns, bobs, nobody) =>
    withSimulatedNodes('links', async ({ addHost, openNode, until }) => {
      const on = (name: string, address: string) => ({ interfaces: [{ name, segment: 'home', addresses: [address] }] })
      const ann = await openNode(addHost('ann', on('en0', anns)))
      const bob = await openNode(addHost('bob', on('wlan7', bobs)))
      const hers = await ann.groups.create({ cloud: 'LinkLocal_en0' })
      expect(await hers.addresses()).toEqual([`${anns.split('/')[0]}:3587`])
      const his = await bob.groups.join(hinting(await hers.invite(), nobody))
      await until(async () => (await his.members({ connected: true })).length === 2, '60s')
      const open = (await bob.clouds.list()).flatMap(({ name, openCount }) => (openCount > 0 ? [name] : []))
      expect(open).toEqual(['LinkLocal_wlan7'])
    }),
  )
})

describe('connecting', () => {
  test('P-054: by a given address needs no PNRP, and lets in nobody else', () =>
    withSimulatedNodes('given', async ({ addHost, openNode, until, world }) => {
      const [ann, bob, eve] = [
        await openNode(addHost('ann')),
        await openNode(addHost('bob')),
        await openNode(addHost('eve')),
      ]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const stolen = await hers.invite()
      await hers.cancelInvitation(stolen)
      const forBob = await hers.invite({ for: await bob.identities.certificate() })
      world.network.partition(['ann'], ['bob', 'eve'])
      const his = await bob.groups.join(hinting(forBob, NOBODY))
      expect((await his.status()).neighbors).toBe(0)
      world.network.heal()
      await his.addAddresses(await hers.addresses())
      await until(async () => (await his.status()).state === 'synchronized', '60s')
      await expectRejection('not-let-in', eve.groups.join(stolen), 'a link that was cancelled')
    }))

  test('P-054: a member that was cut off for long finds the others by PNRP, wherever they are by then', () =>
    Town.run('cut off', async (town) => {
      const { world, advance } = town.nodes
      const nodes = [await town.open('ann'), await town.open('bob'), await town.open('cleo')] as const
      const hers = await nodes[0].groups.create({ cloud: 'Global_' })
      const groups = [hers]
      for (const node of nodes.slice(1)) groups.push(await node.groups.join(await hers.invite()))
      await town.until(() => isAllOf(groups))
      world.network.partition(['cleo'], ['ann', 'bob', 'hub'])
      await advance('10m')
      for (const [index, name] of ['ann', 'bob'].entries()) {
        const host = world.host(name)
        for (const { address } of [...host.attachment.addresses]) host.removeAddress(address)
        host.addAddress(`20.7.${index}.1/24`)
      }
      await advance('10m')
      const { id } = await hers.records.add(Note, bytes(7))
      expect((await groups[2]?.status())?.neighbors).toBe(0)
      world.network.heal()
      await town.until(async () => (await groups[2]?.records.get(Note, id)) !== undefined, '2m')
    }))
})

async function isAllOf(groups: readonly Group[]): Promise<boolean> {
  const seen = await Promise.all(groups.map((group) => group.members({ connected: true })))
  return seen.every(({ length }) => length === groups.length)
}

describe('joining fails', () => {
  test('P-053: where nobody is registered, with what became of each hint, and nothing stays of it', () =>
    Town.run('nobody', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const text = hinting(await hers.invite(), NOBODY)
      await ann.close()
      const { details } = await expectRejection('no-members-found', bob.groups.join(text), 'nobody')
      expect(details).toMatchObject({ group: hers.peerName, tried: [{ endpoint: NOBODY, code: 'connection-failed' }] })
      expect(await bob.groups.list()).toEqual([])
    }))

  test('P-053: where a hint leads to a node that has not opened the group', () =>
    Town.run('not open', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const other = await ann.groups.create({ cloud: 'Global_' })
      const text = await hers.invite()
      const [hint = ''] = await other.addresses()
      await hers.close()
      const { details } = await expectRejection('no-members-found', bob.groups.join(hinting(text, hint)), 'not open')
      expect(details.tried).toMatchObject([{ endpoint: hint, code: 'not-authenticated' }])
      expect(details.tried[0]?.reason).toContain('closed without a word')
    }))

  test('P-053: where nobody who is registered can be reached', () =>
    Town.run('unreachable', async (town) => {
      const [ann, bob, cleo] = [await town.open('ann'), await town.open('bob'), await town.open('cleo')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const link = hinting(await hers.invite(), NOBODY)
      const { peerName: identity } = await bob.identities.get()
      const forBob = readInvitation(crypto, await hers.invite({ for: await bob.identities.certificate() }))
      await ann.close()
      await bob.clouds.open('Global_')
      const dead = { host: '203.0.113.98', port: 3587 }
      const name = makePeerName(authorityPart(hers.peerName), PARTICIPANT)
      await bob.names.register({ name, identity, chain: wholeChain(forBob), endpoints: [dead] })
      const { details } = await expectRejection('no-member-reachable', cleo.groups.join(link), 'dead members')
      expect(details.tried.map((one) => one.endpoint).sort()).toEqual(['203.0.113.98:3587', NOBODY])
      for (const { reason } of details.tried) expect(reason).not.toBe('')
    }))

  test('P-053: and without a database a member does not listen, and is told each time', () =>
    Town.run('no database', async (town) => {
      const [ann, bob] = [await town.open('ann'), await town.open('bob')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const invitation = hinting(await hers.invite({ for: await bob.identities.certificate() }), NOBODY)
      await hers.close()
      // A whole chain needs nobody to be joined with.
      const his = await bob.groups.join(invitation)
      const events: unknown[] = []
      his.on(
        'connection-failed',
        ({ code, tried }) => void events.push({ code, tried: tried.map((one) => one.endpoint) }),
      )
      const { details } = await expectRejection('no-members-found', his.connected(), 'connecting')
      expect(details.tried).toMatchObject([{ endpoint: NOBODY, code: 'connection-failed' }])
      await expectRejection('no-members-found', his.synchronized(), 'synchronizing')
      expect(events).toEqual(Array.from({ length: 2 }, () => ({ code: 'no-members-found', tried: [NOBODY] })))
      expect([await his.addresses(), (await his.status()).found]).toEqual([[], 'not-registered'])
      const reason = new Error('enough')
      await expect(his.connected({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      // It has gone on, and whoever comes is found.
      await ann.groups.open(hers.peerName)
      await town.until(async () => (await his.addresses()).length > 0, '2m')
      await his.connected()
    }))

  test('P-053, P-070: where members do not let in, with the reason', () =>
    Town.run('refused', async (town) => {
      const [ann, bob, cleo] = [await town.open('ann'), await town.open('bob'), await town.open('cleo')]
      const hers = await ann.groups.create({ cloud: 'Global_' })
      const link = await hers.invite({ uses: 1 })
      await bob.groups.join(link)
      const { details } = await expectRejection('not-let-in', cleo.groups.join(link), 'a link that is used up')
      const reasons = details.tried.filter(({ code }) => code === 'not-authenticated').map(({ reason }) => reason)
      expect(reasons.join()).toMatch(/used/)
      expect(await cleo.groups.list()).toEqual([])
    }))
})
