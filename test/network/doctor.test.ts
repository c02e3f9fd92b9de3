/** `peerage doctor` on hosts whose network is at fault: none at all, multicast stopped by a firewall, a seed that is not there. */
import { execFile } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import type { Finding } from '../../src/peer-node/finding.ts'
import { documents, ENTRANCE } from '../cli/command-process.ts'
import { newPath } from '../nodejs/new-path.ts'
import { type Host, Network } from './hosts.ts'

let network = new Network()

afterEach(async () => {
  await network.remove()
  network = new Network()
})

/** Runs the doctor on a host. @returns what is not `ok`, or is of one of some checks */
async function doctor(
  host: Host,
  words: readonly string[],
  ...checks: readonly string[]
): Promise<{ readonly code: number; readonly found: readonly string[] }> {
  const command = ['netns', 'exec', host.name, process.execPath, ENTRANCE, '--json', '--data-dir', newPath(), 'doctor']
  return new Promise((resolve) => {
    execFile('ip', [...command, ...words], (error, stdout) => {
      // Whatever is printed is a finding: the tests look at each of its fields.
      const findings = (documents(stdout) as Finding[]).filter(({ check }) => checks.includes(check))
      const found = findings.map(({ check, outcome, found: text }) => `${check} ${outcome}: ${text}`)
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, found })
    })
  })
}

test('each is named', { timeout: 120_000 }, async () => {
  const host = network.addHost()
  expect(await doctor(host, [], 'network', 'multicast', 'cloud')).toEqual({
    code: 1,
    found: [
      'network failed: this machine has no network: its only addresses are those of the machine itself',
      'cloud failed: this node is in no cloud, so nobody is found by name',
    ],
  })
  network.plug(host, network.addLink(), 'lan0', ['20.0.1.1/8', 'fe80::1/64'])
  expect(await doctor(host, [], 'network', 'multicast', 'cloud', 'seed')).toEqual({
    code: 0,
    found: [
      expect.stringMatching(/^network ok: this machine has the addresses 20\.0\.1\.1, fe80::1/),
      'multicast ok: multicast on lan0 (IPv4) comes back to this machine',
      'multicast ok: multicast on lan0 (IPv6) comes back to this machine',
      'cloud warning: nobody was found in LinkLocal_lan0: this node is alone there',
    ],
  })
  for (const rule of [
    'add table inet firewall',
    'add chain inet firewall input { type filter hook input priority 0 ; }',
  ]) {
    host.run('nft', rule)
  }
  host.run('nft', 'add rule inet firewall input udp dport 5353 drop')
  const { code, found } = await doctor(host, ['--seed', '20.0.9.9:4000'], 'multicast', 'cloud', 'seed')
  expect(code).toBe(1)
  expect(found).toEqual([
    'multicast warning: multicast on lan0 (IPv4) does not work: nothing was heard within 1500 ms',
    'multicast warning: multicast on lan0 (IPv6) does not work: nothing was heard within 1500 ms',
    'cloud failed: nobody was found in LinkLocal_lan0: this node is alone there',
    'cloud failed: nobody was found in Global_: this node is alone there',
    'seed failed: no answer from the seed 20.0.9.9:4000',
  ])
})
