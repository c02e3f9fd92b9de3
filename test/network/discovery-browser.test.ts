/** What a DNS-SD browser that is not ours sees of a node: avahi-browse, from the packages avahi-daemon and avahi-utils. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { Network } from './hosts.ts'

const LINK = 'LinkLocal_lan0'
const network = new Network()

afterEach(() => network.remove())

/** A system bus and an avahi of its own for the browser, hidden from those of the machine. */
const BROWSE = [
  'mount -t tmpfs tmpfs /run',
  'mkdir -p /run/dbus /run/avahi-daemon',
  'dbus-daemon --system --fork',
  'avahi-daemon --daemonize --no-drop-root --no-chroot --no-rlimits',
  'exec avahi-browse --parsable --resolve _pnrp._udp',
].join(' && ')

test('N-19: avahi-browse sees a node come, with no name of anything in it, and go', async () => {
  const link = network.addLink()
  const [host, other] = [network.addHost(), network.addHost()]
  network.plug(host, link, 'lan0', ['192.168.7.1/24', 'fe80::1/64'])
  network.plug(other, link, 'lan0', ['192.168.7.2/24', 'fe80::2/64'])
  const words = [
    'netns',
    'exec',
    other.name,
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    BROWSE,
  ]
  const browser = spawn('ip', words, { stdio: 'pipe' })
  let errors = ''
  browser.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  try {
    const node = await network.startNode(host)
    const { port } = await node.join(LINK)
    await node.call('register', node.peerName)
    const seen: string[] = []
    const lines = createInterface({ input: browser.stdout })
    let asked = false
    for await (const line of lines) {
      seen.push(line)
      const resolved = seen.filter((one) => one.startsWith('='))
      if (resolved.length === 2 && !asked) {
        asked = true
        await node.close()
      }
      if (seen.filter((one) => one.startsWith('-')).length === 2) break
    }
    expect(errors).toBe('')
    const resolved = seen.filter((one) => one.startsWith('=')).map((one) => one.split(';'))
    expect(resolved.map(([, on, family, , type]) => [on, family, type]).sort()).toEqual([
      ['lan0', 'IPv4', '_pnrp._udp'],
      ['lan0', 'IPv6', '_pnrp._udp'],
    ])
    expect(resolved.map(([, , , , , , , address]) => address).sort()).toEqual(['192.168.7.1', 'fe80::1'])
    for (const [, , , instance, , , hostName, , seenPort, text] of resolved) {
      expect(instance).toMatch(/^[0-9a-f]{16}$/)
      expect(hostName).toMatch(/^[0-9a-f]{16}\.local$/)
      expect(Number(seenPort)).toBe(port)
      expect(text).toMatch(/^"cloud=[0-9a-f]{16}"$/)
    }
    const [machine] = [host.run('hostname').trim()]
    for (const hidden of [node.peerName.slice(0, 40), 'A test', machine]) expect(seen.join('\n')).not.toContain(hidden)
  } finally {
    browser.kill('SIGKILL')
  }
})
