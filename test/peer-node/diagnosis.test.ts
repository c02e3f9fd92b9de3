/** The diagnosis of a node: faults are staged on simulated hosts, and each is named, with what to do about it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CHECKS, type Check, type Finding } from '../../src/peer-node/finding.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { crypto } from '../identity/platform.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

/** Nobody has this address. */
const NOBODY = '203.0.113.99'

/** What a diagnosis says of some checks; without any, what is not as it should be. */
async function found(node: PeerNode, target?: string, ...checks: readonly Check[]): Promise<readonly string[]> {
  const findings = await all(node.diagnose(target))
  for (const one of findings) {
    expect(CHECKS, `${one.check} is documented`).toContain(one.check)
    expect(one.outcome === 'ok', `${one.found} has advice if it is needed`).toBe(one.advice === undefined)
  }
  const wanted = (one: Finding): boolean =>
    checks.length === 0 ? one.outcome !== 'ok' : checks.some((check) => check === one.check)
  return findings.filter(wanted).map(({ check, outcome, found: text }) => `${check} ${outcome}: ${text}`)
}

/** A host with a node that is a seed of the global cloud. */
async function hub({ addHost, openNode }: SimulatedNodes): Promise<PeerNode> {
  const node = await openNode(addHost('hub'))
  await node.clouds.open('Global_')
  return node
}

const SEEDED = { seeds: ['hub'] }

async function groupOf(
  { addHost, openNode, until }: SimulatedNodes,
  names: readonly string[],
): Promise<{
  readonly groups: readonly Group[]
  readonly nodes: readonly PeerNode[]
  readonly hosts: readonly SimulatedHost[]
}> {
  const hosts = names.map((name) => addHost(name))
  const nodes: PeerNode[] = []
  for (const host of hosts) nodes.push(await openNode(host, SEEDED))
  const groups: Group[] = []
  for (const node of nodes) {
    const [first] = groups
    groups.push(
      first === undefined
        ? await node.groups.create({ friendlyName: 'Book club' })
        : await node.groups.join(await first.invite()),
    )
  }
  const sees = async (group: Group): Promise<boolean> =>
    (await group.members({ connected: true })).filter(({ addresses }) => addresses.length > 0).length === names.length
  await until(async () => (await Promise.all(groups.map(sees))).every(Boolean), '120s')
  return { groups, nodes, hosts }
}

describe('nothing is wrong', () => {
  test('a node in a cloud and a group is found to be well, and says what it uses', () =>
    withSimulatedNodes('well', async (nodes) => {
      await hub(nodes)
      const { nodes: opened } = await groupOf(nodes, ['ann', 'bob'])
      const [ann] = opened
      expect(ann && (await found(ann))).toEqual([])
      const told = ann === undefined ? [] : await all(ann.diagnose())
      expect(told.map(({ check }) => check)).toEqual([
        ...['data-directory', 'crypto', 'identity', 'network', 'multicast', 'multicast', 'tcp-port', 'udp-port'],
        ...['cloud', 'cloud', 'reachability', 'membership', 'group', 'clock'],
      ])
    }))

  test('I-29: which crypto is in use is said, and why it is not the better one', () =>
    withSimulatedNodes('crypto', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const usual = await openNode(host)
      expect(await found(usual, undefined, 'crypto')).toEqual([`crypto ok: ${crypto.implementation} is in use`])
      const slower = { ...crypto, implementation: 'node:crypto', fallbackReason: 'no binary for this platform' }
      const other = await openNode(host, {}, { crypto: slower })
      expect(await found(other, undefined, 'crypto')).toEqual([
        expect.stringMatching(
          /^crypto warning: node:crypto is in use, which is slower, .*no binary for this platform$/,
        ),
      ])
    }))

  test('every check is explained in docs/troubleshooting.md', () => {
    const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
    for (const check of CHECKS) expect(text).toContain(`\n### \`${check}\``)
  })
})

describe('the data', () => {
  test('a data directory that cannot be written is named', () =>
    withSimulatedNodes('read-only', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const node = await openNode(host)
      host.disk.readOnly = true
      expect(await found(node, undefined, 'data-directory')).toEqual([
        expect.stringMatching(/^data-directory failed: cannot write \/ann\/identities\/.*the disk is read-only$/),
      ])
    }))

  test('a full disk is named', () =>
    withSimulatedNodes('full disk', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const node = await openNode(host)
      host.disk.capacity = 0
      expect(await found(node, undefined, 'data-directory')).toEqual([
        expect.stringMatching(/^data-directory failed: no space is left for/),
      ])
    }))

  test('a damaged identity file is named', () =>
    withSimulatedNodes('damaged identity', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const node = await openNode(host)
      const { authority } = await node.identities.get()
      host.ports.storage('identities').write(`${authority}.pem`, toUtf8('no key'))
      expect(await found(node, undefined, 'identity')).toEqual([
        expect.stringMatching(new RegExp(`^identity failed: .*${authority}\\.pem`)),
        'identity failed: there is no identity that can be used',
      ])
    }))

  test('an identity that is locked, or missing, is named', () =>
    withSimulatedNodes('locked', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const none = await openNode(host, { friendlyName: undefined })
      expect(await found(none, undefined, 'identity')).toEqual([
        'identity warning: there is no identity that can be used',
      ])
      const { peerName } = await none.identities.create({ friendlyName: 'Ann', passphrase: 'open sesame' })
      expect(await found(await openNode(host), undefined, 'identity')).toEqual([
        `identity warning: the default identity ${peerName} is locked`,
      ])
    }))

  test('a database that another program holds is named, and so is the damaged file of a group', () =>
    withSimulatedNodes('held', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const one = await openNode(host)
      await one.groups.create({ friendlyName: 'Book club' })
      await one.graphs.create({ friendlyName: 'Notes' })
      const other = await openNode(host)
      expect(await found(other, undefined, 'database')).toEqual([
        'database failed: the database of the group "Book club" is in use by another program',
        'database failed: the database of the graph "Notes" is in use by another program',
      ])
      await one.close()
      expect(await found(other, undefined, 'database')).toEqual([
        'database ok: the database of the group "Book club" is sound; it is not open in this node',
        'database ok: the database of the graph "Notes" is sound; it is not open in this node',
      ])
      const files = host.ports.storage('groups')
      for (const name of files.list()) files.write(name, toUtf8('{}'))
      expect(await found(other, undefined, 'group')).toEqual([
        expect.stringMatching(/^group failed: the file \S+ of a group cannot be used: its schema is undefined$/),
      ])
    }))
})

describe('the machine and its network', () => {
  test('a port that was asked for and is in use is named, for names and for links', () =>
    withSimulatedNodes('ports', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      const { datagrams, streams } = host.ports
      const ignored = { received: () => undefined }
      for (const port of [4000, 3540]) await datagrams.bind({ host: host.ipv4, port }, ignored)
      for (const port of [4000, 3587]) await streams.listen({ host: host.ipv4, port }, () => undefined)
      const asked = await openNode(host, { pnrpPort: 4000, graphPort: 4000 })
      expect(await found(asked, undefined, 'tcp-port', 'udp-port')).toEqual([
        `tcp-port failed: ${host.ipv4}:4000 is in use`,
        `udp-port failed: ${host.ipv4}:4000 is in use`,
      ])
      const any = await openNode(host)
      expect(await found(any, undefined, 'tcp-port', 'udp-port')).toEqual([
        'tcp-port ok: TCP port 3587 is taken by another program, so links get a free one',
        expect.stringMatching(
          /^udp-port ok: names are resolved at UDP port \d+, because 3540 was taken by another program$/,
        ),
      ])
      await any.graphs.create()
      expect(await found(any, undefined, 'tcp-port')).toEqual([
        expect.stringMatching(
          /^tcp-port ok: links are taken at TCP port \d+, because 3587 was taken by another program$/,
        ),
      ])
    }))

  test('a machine without network is named', () =>
    withSimulatedNodes('no network', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      for (const address of [host.ipv4, host.ipv6]) host.removeAddress(address)
      const node = await openNode(host)
      expect(await found(node)).toEqual([
        'network failed: this machine has no network: its only addresses are those of the machine itself',
        'cloud failed: this node is in no cloud, so nobody is found by name',
      ])
    }))

  test('multicast that does not come back is named', () =>
    withSimulatedNodes('multicast', async ({ addHost, openNode }) => {
      const on = (address: string) => ({ interfaces: [{ name: 'lan0', segment: 'lan', addresses: [address] }] })
      await (await openNode(addHost('bob', on('192.168.1.2/24')))).clouds.open('LinkLocal_lan0')
      const node = await openNode(addHost('ann', on('192.168.1.1/24')))
      expect(await found(node, undefined, 'multicast', 'cloud')).toEqual([
        'multicast ok: multicast on lan0 (IPv4) comes back to this machine',
        expect.stringMatching(/^cloud ok: LinkLocal_lan0 is active/),
      ])
      const filtered = addHost('cleo', on('192.168.1.3/24'))
      filtered.attachment.multicast = false
      expect(await found(await openNode(filtered), undefined, 'multicast', 'cloud')).toEqual([
        'multicast warning: multicast on lan0 (IPv4) does not work: nothing was heard',
        'cloud warning: nobody was found in LinkLocal_lan0: this node is alone there',
      ])
    }))
})

describe('the clouds', () => {
  test('a seed that does not answer, and one whose name is not known, are named', () =>
    withSimulatedNodes('seeds', async ({ addHost, openNode }) => {
      const node = await openNode(addHost('ann'), { seeds: [`${NOBODY}:4000`, 'nowhere.example'] })
      expect(await found(node, undefined, 'cloud', 'seed')).toEqual(
        expect.arrayContaining([
          'cloud failed: nobody was found in Global_: this node is alone there',
          `seed failed: no answer from the seed ${NOBODY}:4000`,
          'seed failed: the host nowhere.example of a seed could not be looked up',
        ]),
      )
      // What was opened for the diagnosis is not open any more.
      expect((await node.clouds.list()).filter(({ openCount }) => openCount > 0)).toEqual([])
    }))

  test('a node that is alone without any seed is told how others are found', () =>
    withSimulatedNodes('alone', async ({ addHost, openNode }) => {
      const node = await openNode(addHost('ann'))
      expect(await found(node)).toEqual(['cloud warning: nobody was found in LinkLocal_eth0: this node is alone there'])
    }))

  test('a node behind address translation is told that others cannot reach it', () =>
    withSimulatedNodes('translated', async (nodes) => {
      const { world, addHost, openNode, until } = nodes
      await hub(nodes)
      for (const name of ['one', 'two', 'three']) await (await openNode(addHost(name), SEEDED)).clouds.open('Global_')
      world.network.addNat({ segment: 'home', address: '88.8.8.8' })
      const interfaces = [{ name: 'eth0', segment: 'home', addresses: ['192.168.1.5/24'] }]
      const node = await openNode(addHost('ann', { interfaces }), SEEDED)
      await node.clouds.open('Global_')
      const [isResolveOnly] = [
        async () => (await node.clouds.list()).some(({ resolveOnly }) => resolveOnly !== undefined),
      ]
      await until(isResolveOnly, '120s')
      expect(await found(node, undefined, 'reachability')).toEqual([
        expect.stringMatching(
          /^reachability warning: this (machine has no address|node is behind address translation)/,
        ),
      ])
    }))
})

describe('the clock', () => {
  test('G-113: a clock that is further off than peer time can correct is named, with the difference', () =>
    withSimulatedNodes('clock', async (nodes) => {
      await hub(nodes)
      const { addHost, openNode, advance } = nodes
      const first = await (await openNode(addHost('ann'), SEEDED)).graphs.create({ friendlyName: 'Notes' })
      const addresses = await first.addresses()
      for (const name of ['bob', 'cleo']) {
        await (await openNode(addHost(name), SEEDED)).graphs.join(first.graphId, { addresses })
      }
      const slow = addHost('slow')
      slow.skewClock(-2 * 3_600_000)
      const node = await openNode(slow, SEEDED)
      // It does not end: to this node, whatever is in the graph comes from a time that is not yet.
      const over = new AbortController()
      const joining = node.graphs.join(first.graphId, { addresses, signal: over.signal })
      await advance('5m')
      const [finding] = (await all(node.diagnose())).filter(({ check }) => check === 'clock')
      over.abort(new Error('enough'))
      await expect(joining).rejects.toThrow('enough')
      expect(finding).toMatchObject({ outcome: 'failed' })
      expect(finding?.found).toMatch(
        /^the clock is (2 h|1 h 59 min) behind those of 3 other nodes, and peer time corrects 5 min at most$/,
      )
      expect(finding?.advice).toMatch(/^Set the date, the time and the time zone of this machine/)
    }))

  test.each([
    ['ahead', 30],
    ['behind', -30],
  ])('a clock that is days %s is named where proofs of others do not count because of it', (_, days) =>
    withSimulatedNodes(`days ${days}`, async (nodes) => {
      const registered = await hub(nodes)
      const { peerName } = await registered.identities.get()
      await registered.names.register({ name: peerName, endpoints: [{ host: '203.0.113.7', port: 80 }] })
      const host = nodes.addHost('ann')
      host.skewClock(days * 86_400_000)
      const node = await nodes.openNode(host, SEEDED)
      expect(await found(node, peerName, 'name', 'clock')).toEqual([
        `name failed: ${peerName} is not registered in the clouds that are open`,
        expect.stringMatching(
          /^clock warning: (a proof of another node was|\d+ proofs of other nodes were) not valid at the time of this clock, which says \S+Z$/,
        ),
      ])
    }),
  )

  test('a clock that is behind what was here already is named', () =>
    withSimulatedNodes('set back', async ({ addHost, openNode }) => {
      const host = addHost('ann')
      await openNode(host)
      host.skewClock(-86_400_000)
      expect(await found(await openNode(host), undefined, 'clock')).toEqual([
        expect.stringMatching(
          /^clock warning: the clock says \S+Z, but something in the data directory was changed at \S+Z$/,
        ),
      ])
    }))

  test('with one other node it is said that one of the two clocks is wrong', () =>
    withSimulatedNodes('two clocks', async ({ addHost, openNode }) => {
      const graph = await (await openNode(addHost('ann'))).graphs.create()
      const host = addHost('bob')
      host.skewClock(600_000)
      const node = await openNode(host)
      await node.graphs.join(graph.graphId, { addresses: await graph.addresses() })
      expect(await found(node, undefined, 'clock')).toEqual([
        expect.stringMatching(/^clock warning: the clock is (10 min|9 min 59 s) ahead of that of 1 other node$/),
      ])
    }))
})

describe('groups and their members', () => {
  test('a group in which nobody answers names each address that was tried', () =>
    withSimulatedNodes('nobody', async (nodes) => {
      await hub(nodes)
      const { groups, nodes: opened, hosts } = await groupOf(nodes, ['ann', 'bob'])
      const [, hisHost] = hosts
      await opened[0]?.close()
      const bobNode = opened[1]
      expect(bobNode).toBeDefined()
      if (bobNode === undefined || hisHost === undefined) return
      await bobNode.close()
      const again = await nodes.openNode(hisHost, SEEDED)
      await again.groups.open(groups[1]?.peerName ?? expect.unreachable())
      const told = await found(again, groups[0]?.peerName)
      expect(told).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^group failed: (no member of|members of) the group/),
          expect.stringMatching(/^address failed: \S+:3587 was tried: /),
        ]),
      )
      expect(told.some((line) => line.startsWith('membership'))).toBe(false)
    }))

  test('a member whose address is dead is named', () =>
    withSimulatedNodes('dead', async (nodes) => {
      await hub(nodes)
      const { groups, nodes: opened, hosts } = await groupOf(nodes, ['ann', 'bob'])
      const [ann] = opened
      const target = groups[1]?.identity
      if (ann === undefined || target === undefined) return expect.unreachable()
      expect(await found(ann, target, 'member', 'address')).toEqual([
        `member ok: ${target} is a member of "Book club", and online by what it says`,
        expect.stringMatching(/^address ok: something answers at \S+:3587$/),
        expect.stringMatching(/^address ok: something answers at \S+:3587$/),
      ])
      hosts[1]?.crash()
      expect(await found(ann, target, 'member', 'address')).toEqual([
        `member ok: ${target} is a member of "Book club", and online by what it says`,
        expect.stringMatching(/^address failed: \S+:3587 was tried: no answer/),
        expect.stringMatching(/^address failed: \S+:3587 was tried: no answer/),
      ])
    }))

  test('one who was revoked while it was away is told that it is not let in, and then that it was revoked', () =>
    withSimulatedNodes('revoked', async (nodes) => {
      await hub(nodes)
      const { groups, nodes: opened, hosts } = await groupOf(nodes, ['ann', 'bob'])
      const [hers, his] = groups
      const hisHost = hosts[1]
      if (hers === undefined || his === undefined || hisHost === undefined) return expect.unreachable()
      const { identity, peerName } = his
      await opened[1]?.close()
      await hers.revoke(identity)
      const again = await nodes.openNode(hisHost, SEEDED)
      await again.groups.open(peerName)
      const told = await found(again, peerName, 'group', 'membership', 'address')
      expect(told).toEqual(
        expect.arrayContaining([expect.stringMatching(/^group failed: the group \S+ does not let this node in$/)]),
      )
      expect(told).toEqual(expect.arrayContaining([expect.stringMatching(/^address failed: \S+:3587 was tried: /)]))
    }))

  test('one who was revoked while it was there is told so', () =>
    withSimulatedNodes('put out', async (nodes) => {
      await hub(nodes)
      const { groups, nodes: opened } = await groupOf(nodes, ['ann', 'bob'])
      const [hers, his] = groups
      const bob = opened[1]
      if (hers === undefined || his === undefined || bob === undefined) return expect.unreachable()
      await hers.revoke(his.identity)
      await nodes.until(async () => (await his.status()).membership === 'revoked', '60s')
      expect(await found(bob, his.peerName, 'membership')).toEqual([
        'membership failed: the own membership of the group "Book club" was revoked',
      ])
    }))

  test('a group without other members says that somebody has to be invited', () =>
    withSimulatedNodes('single', async ({ addHost, openNode }) => {
      const ann = await openNode(addHost('ann'))
      await ann.groups.create({ friendlyName: 'Book club' })
      expect(await found(ann, undefined, 'group')).toEqual([
        'group warning: the group "Book club" has no other member yet',
      ])
    }))
})

describe('an invitation', () => {
  test('one that has expired, is for somebody else, or was cut short is named', () =>
    withSimulatedNodes('invitations', async (nodes) => {
      await hub(nodes)
      const { addHost, openNode, advance } = nodes
      const ann = await openNode(addHost('ann'), SEEDED)
      const bob = await openNode(addHost('bob'), SEEDED)
      const group = await ann.groups.create({ friendlyName: 'Book club' })
      const link = await group.invite({ expires: '10m' })
      const told = await found(bob, link, 'invitation', 'name', 'address')
      expect(told).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^invitation ok: the invitation to "Book club" as member is good until/),
          'name ok: 1 member of the group found by its name',
          expect.stringMatching(/^address ok: something answers at/),
        ]),
      )
      const cleo = await openNode(addHost('cleo'), SEEDED)
      const forCleo = await group.invite({ for: await cleo.identities.certificate() })
      expect(await found(bob, forCleo, 'invitation')).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^invitation failed: the invitation is for the identity \S+, which is not here$/),
        ]),
      )
      await advance('11m')
      expect(await found(bob, link, 'invitation')).toEqual([
        expect.stringMatching(
          /^invitation failed: the invitation to "Book club" has expired: it was good until \S+Z, and now it is \S+Z$/,
        ),
      ])
      expect(await found(bob, link.slice(0, -10), 'invitation')).toEqual([
        expect.stringMatching(/^invitation failed: this invitation cannot be used/),
      ])
    }))

  test('one whose members are all gone names each address that was tried', () =>
    withSimulatedNodes('gone', async (nodes) => {
      await hub(nodes)
      const { addHost, openNode } = nodes
      const ann = await openNode(addHost('ann'), SEEDED)
      const link = await (await ann.groups.create()).invite()
      await ann.close()
      const bob = await openNode(addHost('bob'), SEEDED)
      const told = await found(bob, link, 'name', 'address')
      expect(told).toEqual([
        expect.stringMatching(/^address failed: \S+:3587 was tried: /),
        expect.stringMatching(/^address failed: \S+:3587 was tried: /),
        'name failed: no member of the group is registered in the clouds that are open',
      ])
    }))
})

describe('names, and how a diagnosis ends', () => {
  test('a name is found with its addresses, or not at all', () =>
    withSimulatedNodes('names', async (nodes) => {
      const registered = await hub(nodes)
      const { peerName } = await registered.identities.get()
      const bob = await nodes.openNode(nodes.addHost('bob'), SEEDED)
      expect(await found(bob, peerName, 'name')).toEqual([
        `name failed: ${peerName} is not registered in the clouds that are open`,
      ])
      await registered.names.register({ name: peerName, endpoints: [{ host: '203.0.113.7', port: 80 }] })
      expect(await found(bob, peerName, 'name')).toEqual([
        `name ok: ${peerName} is registered in Global_ with 203.0.113.7 port 80`,
      ])
    }))

  test('what is no name is refused, an abort rejects with its reason, and closing the node ends it', () =>
    withSimulatedNodes('ending', async ({ addHost, openNode }) => {
      const node = await openNode(addHost('ann'), { seeds: [NOBODY] })
      await expectRejection('invalid-peer-name', all(node.diagnose('nobody')), 'what is no name')
      const controller = new AbortController()
      const aborted = all(node.diagnose(undefined, { signal: controller.signal }))
      controller.abort(new Error('enough'))
      await expect(aborted).rejects.toThrow('enough')
      const findings: Finding[] = []
      for await (const finding of node.diagnose()) {
        findings.push(finding)
        if (finding.check === 'udp-port') await node.close()
      }
      expect(findings.at(-1)?.check).toBe('udp-port')
      expect(() => node.diagnose()).toThrow(expect.objectContaining({ code: 'node-closed' }))
    }))
})
