/** A host behind a NAT of nftables. */
import { afterEach, expect, test } from 'vitest'
import { Network } from './hosts.ts'

const network = new Network()

afterEach(() => network.remove())

test('N-15, N-113: a host behind a NAT finds out that it only resolves, says why, and resolves', async () => {
  const [outside, inside] = [network.addLink(), network.addLink()]
  const router = network.addHost()
  network.plug(router, outside, 'wan0', ['20.0.9.1/8'])
  network.plug(router, inside, 'lan0', ['192.168.7.1/24'])
  router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
  router.run(
    'nft',
    'add table nat; add chain nat out { type nat hook postrouting priority 100; }; add rule nat out oif wan0 masquerade',
  )
  const members = []
  for (const address of ['20.0.1.1', '20.0.2.1', '20.0.3.1', '20.0.4.1']) {
    const host = network.addHost()
    network.plug(host, outside, 'wan0', [`${address}/8`])
    const member = await network.startNode(host, { seeds: ['20.0.1.1'] })
    await member.join('Global_')
    members.push(member)
  }
  for (const member of members) await member.active('Global_')
  const host = network.addHost()
  network.plug(host, inside, 'lan0', ['192.168.7.2/24'])
  host.run('ip', 'route', 'add', 'default', 'via', '192.168.7.1')
  const behind = await network.startNode(host, { seeds: ['20.0.1.1'] })
  await behind.join('Global_')
  await behind.active('Global_')
  expect((await behind.cloud('Global_')).resolveOnly).toBe('no-address')
  await behind.until('enough see it', async () => (await behind.cloud('Global_')).observed !== undefined)
  expect((await behind.cloud('Global_')).observed).toMatch(/^20\.0\.9\.1:/)
  await expect(behind.call('register', '0.inside')).rejects.toThrow('resolve-only')
  await members[2]?.call('register', '0.outside')
  expect(await behind.resolve('0.outside')).toMatchObject([{ endpoints: [{ host: '20.0.3.1' }] }])
  const routes = (await members[0]?.inspect('Global_'))?.entries.flatMap(({ endpoints }) => endpoints) ?? []
  expect(routes.filter((endpoint) => endpoint.startsWith('20.0.9.1') || endpoint.startsWith('192.168.'))).toEqual([])

  // In a cloud where the private address is legal, the NAT shows by what others see.
  for (const one of [...members, behind]) await one.join('private')
  await behind.active('private')
  await behind.until('it notices', async () => (await behind.cloud('private')).resolveOnly === 'address-translated')
})
