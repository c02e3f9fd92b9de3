/** The clouds of a group, and what its members register there, with the real PNRP on simulated hosts. */
import { describe, expect, test } from 'vitest'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { IdentityStore } from '../../src/identity/identity-store.ts'
import { authorityPart, makePeerName, type PeerName } from '../../src/identity/peer-name.ts'
import { GroupClouds } from '../../src/peer-node/group-clouds.ts'
import { GroupRegistration } from '../../src/peer-node/group-registration.ts'
import type { ResolvedName } from '../../src/peer-node/names.ts'
import { NodeNames } from '../../src/peer-node/node-names.ts'
import { OpenClouds } from '../../src/peer-node/open-clouds.ts'
import { DEFAULT_PNRP_PORT } from '../../src/pnrp/default-port.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Datagrams } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import type { HostOptions, SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SampleGroup } from '../group/issuing-samples.ts'
import { crypto } from '../identity/platform.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

/** Keeps a copy of every datagram that is sent. */
function recorded(datagrams: Datagrams, sent: Uint8Array[]): Datagrams {
  return {
    bind: async (local, receiver) => {
      const socket = await datagrams.bind(local, receiver)
      return {
        local: socket.local,
        send: (bytes, to) => {
          sent.push(bytes.slice())
          socket.send(bytes, to)
        },
        get refused() {
          return socket.refused
        },
        get failures() {
          return socket.failures
        },
        close: () => socket.close(),
      }
    },
  }
}

/** What a node of a group has of PNRP. */
class ClubNode {
  readonly host: SimulatedHost
  readonly clouds: OpenClouds
  readonly names: NodeNames
  readonly store: IdentityStore
  readonly sent: Uint8Array[] = []

  constructor(host: SimulatedHost, friendlyName: string = host.name, classifier = 'at home') {
    this.host = host
    const { random, clock, log, datagrams, networkInterfaces, localLink } = host.ports
    const identityPorts = { crypto, random, clock, log, storage: host.ports.storage('identities'), groupsOf: () => [] }
    this.store = new IdentityStore(identityPorts)
    this.store.create({ friendlyName, classifier })
    this.clouds = new OpenClouds(
      {
        ...{ crypto, random, clock, log, networkInterfaces, localLink, datagrams: recorded(datagrams, this.sent) },
        ...{ hostLookup: { addressesOf: async () => [] }, cloudStorage: host.ports.storage('clouds') },
      },
      { seeds: [], port: undefined, lan: true },
    )
    this.names = new NodeNames({ clouds: this.clouds, store: this.store, crypto, requireOpen: () => undefined })
  }

  get seed(): Endpoint {
    return { host: this.host.ipv4, port: this.clouds.port ?? DEFAULT_PNRP_PORT }
  }

  /** How often each cloud is open, of those that are. */
  openCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.clouds.open().map(({ cloud, openCount }) => [cloud.name, openCount]))
  }

  groupClouds(cloud: string | undefined, seeds: readonly Endpoint[] = [], changed = () => {}): GroupClouds {
    const { clouds, names, host } = this
    return new GroupClouds({ cloud, seeds }, { clouds, names, log: host.ports.log }, changed)
  }

  /** Joins the group in one of its clouds, and listens. */
  async participate(group: SampleGroup, cloud: string | undefined, seeds: readonly Endpoint[] = []) {
    const { clock, random, log } = this.host.ports
    const { peerName, friendlyName } = this.store.get()
    const who = { peerName, friendlyName, keyPair: this.store.keyPair() }
    const { chain } = group.admit(group.creator.issuer, who, 'member', { now: clock.utc() })
    const clouds = this.groupClouds(cloud, seeds, () => registration.follow())
    const registration: GroupRegistration = new GroupRegistration(group.name, {
      ...{ clock, random, log, clouds: () => clouds.now() },
      failed: (failure) => {
        throw failure
      },
      register: (inCloud, { chain: { bytes }, endpoints, comment }) =>
        this.names.register({
          name: nameOf(group),
          chain: bytes,
          cloud: inCloud.name,
          endpoints,
          comment,
          identity: peerName,
        }),
    })
    await clouds.open()
    registration.setChain(chain)
    registration.listens([{ host: this.host.ipv4, port: 3587 }])
    return { clouds, registration }
  }

  find(group: SampleGroup, cloud?: GroupClouds): Promise<readonly ResolvedName[]> {
    return all(this.names.resolve(nameOf(group), { cloud: cloud?.choice }))
  }
}

function nameOf(group: SampleGroup): PeerName {
  return makePeerName(authorityPart(group.name), PARTICIPANT)
}

function groupAt({ host }: ClubNode): SampleGroup {
  return new SampleGroup({ now: host.ports.clock.utc(), classifier: 'book club' })
}

const onSegments = (...segments: readonly string[]): HostOptions => ({
  interfaces: segments.map((segment, index) => ({
    name: ['eth0', 'wlan0'][index] ?? '',
    segment,
    addresses: [`192.168.${segment.length}.${nextHost()}/24`],
  })),
})

let hosts = 0
const nextHost = (): number => ++hosts

describe('the clouds of a group', () => {
  test('P-028: that names none are all that are open', () =>
    withSimulatedNodes('all', async ({ addHost }) => {
      const ann = new ClubNode(addHost('ann'))
      const clouds = ann.groupClouds(undefined)
      await ann.clouds.join('club', {})
      await clouds.open()
      expect(clouds.now().map(({ name }) => name)).toEqual(['club'])
      await ann.clouds.join('Global_', {})
      expect(clouds.now().map(({ name }) => name)).toEqual(['club', 'Global_'])
      await clouds.close()
      await ann.clouds.close()
    }))

  test('P-028: that names none are the usual ones, where none is open', () =>
    withSimulatedNodes('usual', async ({ addHost }) => {
      const ann = new ClubNode(addHost('ann'))
      const clouds = ann.groupClouds(undefined)
      await clouds.open()
      expect(clouds.now().map(({ name }) => name)).toEqual(['LinkLocal_eth0'])
      await ann.clouds.close()
    }))

  test.each(['Global_', 'SiteLocal_1'])('that names %s is opened for it, and left with it', (name) =>
    withSimulatedNodes(name, async ({ addHost }) => {
      const host = addHost('ann', { interfaces: [{ name: 'eth0', addresses: ['10.0.0.1/24', '20.0.9.1/24'] }] })
      const ann = new ClubNode(host)
      await ann.clouds.join('club', {})
      const clouds = ann.groupClouds(name)
      await clouds.open()
      await clouds.open()
      expect(ann.openCounts()).toEqual({ club: 1, [name]: 1 })
      expect(clouds.now().map((cloud) => cloud.name)).toEqual([name])
      expect(clouds.choice).toBe(name)
      await clouds.close()
      expect(ann.openCounts()).toEqual({ club: 1 })
      await ann.clouds.close()
    }),
  )

  test('P-028: that names a link-local one are those of the own links, whatever their names', () =>
    withSimulatedNodes('links', async ({ addHost, until }) => {
      const ann = new ClubNode(addHost('ann', onSegments('office', 'workshop')))
      const bob = new ClubNode(addHost('bob', onSegments('workshop')))
      const group = groupAt(ann)
      const hers = await ann.participate(group, 'LinkLocal_en7')
      expect(hers.clouds.now().map(({ name }) => name)).toEqual(['LinkLocal_eth0', 'LinkLocal_wlan0'])
      await until(() => hers.registration.status().every(({ state }) => state === 'registered'), '60s')
      const his = bob.groupClouds('LinkLocal_en7')
      await his.open()
      expect(await bob.find(group, his)).toMatchObject([{ secured: true, cloud: 'LinkLocal_eth0' }])
      await Promise.all([ann.clouds.close(), bob.clouds.close()])
    }))

  test('P-028: that names a private one: it has to be open here, and no other takes its place', () =>
    withSimulatedNodes('private', async ({ addHost }) => {
      const ann = new ClubNode(addHost('ann'))
      await ann.clouds.join('Global_', {})
      const clouds = ann.groupClouds('club')
      await clouds.open()
      expect(clouds.now()).toEqual([])
      const { details } = expectCode('cloud-not-found', () => clouds.requirePresent(), 'a private cloud')
      expect(details).toEqual({ name: 'club', open: ['Global_'] })
      await expect(ann.find(groupAt(ann), clouds)).rejects.toMatchObject({ code: 'cloud-not-found' })
      await ann.clouds.join('club', { secret: new Uint8Array(16).fill(7) })
      clouds.requirePresent()
      expect(clouds.now().map(({ name }) => name)).toEqual(['club'])
      expect(ann.openCounts()).toEqual({ Global_: 1, club: 1 })
      await clouds.close()
      expect(ann.openCounts()).toEqual({ Global_: 1, club: 1 })
      await ann.clouds.close()
    }))

  test('P-028: are opened when the network comes, if there is none at first', () =>
    withSimulatedNodes('no network', async ({ addHost, until }) => {
      const interfaces = [{ name: 'eth0', segment: 'office', addresses: ['192.168.0.1/24'] }]
      const host = addHost('ann', { interfaces })
      host.removeAddress('192.168.0.1')
      const ann = new ClubNode(host)
      const clouds = ['Global_', 'LinkLocal_eth0'].map((name) => ann.groupClouds(name))
      for (const one of clouds) await one.open()
      expect(ann.openCounts()).toEqual({})
      host.addAddress('192.168.0.1/24')
      await until(() => clouds.every((one) => one.now().length === 1), '60s')
      for (const one of clouds) await one.close()
      await ann.clouds.close()
    }))
})

describe('the name of a group', () => {
  test('P-132: hints as seeds bring nodes together that have no other way', () =>
    withSimulatedNodes('seeds', async ({ addHost, until, advance }) => {
      const [ann, bob, eve] = [new ClubNode(addHost('ann')), new ClubNode(addHost('bob')), new ClubNode(addHost('eve'))]
      const group = groupAt(ann)
      const { registration } = await ann.participate(group, 'Global_')
      await until(() => registration.status().every(({ state }) => state === 'registered'), '60s')
      // A wrong seed is no harm, and the cloud is open already, in vain.
      await bob.clouds.join('Global_', {})
      await advance('20s')
      expect(await bob.find(group)).toEqual([])
      const wrong = { host: eve.host.ipv4, port: 9 }
      const his = bob.groupClouds('Global_', [wrong, ann.seed])
      await his.open()
      await until(async () => (await bob.find(group, his)).length === 1, '30s')
      const without = eve.groupClouds('Global_')
      await without.open()
      expect(await eve.find(group, without)).toEqual([])
      await Promise.all([ann, bob, eve].map(({ clouds }) => clouds.close()))
    }))

  test('P-057, P-058, P-120: is registered by each member with its own key, and shows nothing else of the member', () =>
    withSimulatedNodes('shown', async ({ addHost, until }: SimulatedNodes) => {
      const secrets = {
        ann: ['Annabel of the Office', 'ann at the office'],
        bob: ['Robert of the Harbour', 'bob afloat'],
      }
      const ann = new ClubNode(addHost('ann'), ...secrets.ann)
      const bob = new ClubNode(addHost('bob'), ...secrets.bob)
      const eve = new ClubNode(addHost('eve'))
      const group = groupAt(ann)
      const members = [
        await ann.participate(group, 'Global_'),
        await bob.participate(group, 'Global_', [ann.seed]),
      ] as const
      const isRegistered = ({ registration }: (typeof members)[number]): boolean =>
        registration.status().every(({ state }) => state === 'registered')
      await until(() => members.every(isRegistered), '60s')
      const hers = eve.groupClouds('Global_', [ann.seed])
      await hers.open()
      await until(async () => (await eve.find(group, hers)).length === 2, '60s')
      const found = await eve.find(group, hers)
      const bare = ({ store }: ClubNode) => makePeerName(authorityOf(crypto, store.keyPair().publicKey), '')
      const expected = [ann, bob].map((one) => ({
        ...{ peerName: nameOf(group), secured: true, comment: 'book club', cloud: 'Global_', publisher: bare(one) },
        endpoints: [{ host: one.host.ipv4, port: 3587, protocol: 6 }],
      }))
      const sorted = (list: readonly ResolvedName[]) => [...list].sort((a, b) => (a.publisher < b.publisher ? -1 : 1))
      expect(sorted(found)).toEqual(sorted(expected))
      // The creator is gone for good.
      await members[0].registration.close()
      await members[0].clouds.close()
      await ann.clouds.close()
      expect(await eve.find(group, hers)).toMatchObject([{ publisher: bare(bob) }])
      const wire = toHex(Uint8Array.from([ann, bob, eve].flatMap(({ sent }) => sent.flatMap((bytes) => [...bytes]))))
      const occurs = (text: string): boolean => wire.includes(toHex(toUtf8(text)))
      // That the certificates were there shows that what is missing could be seen.
      expect([PARTICIPANT, 'book club', authorityPart(bare(bob))].map(occurs)).toEqual([true, true, true])
      for (const secret of [...secrets.ann, ...secrets.bob]) expect(occurs(secret), secret).toBe(false)
      await Promise.all([bob, eve].map(({ clouds }) => clouds.close()))
    }))

  test('two members on one node are both registered, though at the same addresses', () =>
    withSimulatedNodes('twins', async ({ addHost, until }) => {
      const ann = new ClubNode(addHost('ann'))
      const group = groupAt(ann)
      const first = await ann.participate(group, 'Global_')
      ann.store.setDefault(ann.store.create({ friendlyName: 'Ann at work' }).peerName)
      const second = await ann.participate(group, 'Global_')
      await until(
        () => [first, second].every(({ registration }) => registration.status()[0]?.state === 'registered'),
        '60s',
      )
      expect(new Set((await ann.find(group)).map(({ publisher }) => publisher)).size).toBe(2)
      const others = ann.names.resolve(nameOf(group), {}, first.registration.handles())
      expect((await all(others)).map(({ publisher }) => authorityPart(publisher))).toEqual([
        authorityPart(ann.store.get().peerName),
      ])
      await ann.clouds.close()
    }))
})
