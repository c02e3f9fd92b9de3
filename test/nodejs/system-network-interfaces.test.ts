import { networkInterfaces } from 'node:os'
import { expect, test, vi } from 'vitest'
import { systemNetworkInterfaces } from '../../src/nodejs/system-network-interfaces.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { networkInterfacesAcceptance } from '../../src/runtime/acceptance/network-interfaces.ts'
import { runChild, runInNamespace } from './child-process.ts'

vi.mock(import('node:os'), { spy: true })

if (process.platform === 'linux') {
  // Addresses can be changed only where nobody else needs them, so the suite runs in a namespace, all checks at once.
  test('acceptance: all checks of the network interfaces, in a network of their own', async () => {
    const { stdout, stderr } = await runInNamespace('--net', 'ip link set lo up', 'checks-network-interfaces.ts')
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(networkInterfacesAcceptance.map(({ name }) => `passed: ${name}`))
  })
}

test('the list has what the system says, by interface and address', () => {
  vi.mocked(networkInterfaces).mockReturnValueOnce({
    lo: [entry('127.0.0.1', '127.0.0.1/8', true), entry('::1', '::1/128', true)],
    eth1: [entry('fe80::2', 'fe80::2/64', false), entry('10.1.2.3', '10.1.2.3/24', false)],
    eth0: [entry('2001:DB8:0:0::1', '2001:DB8:0:0::1/56', false), entry('10.9.9.9', null, false)],
    down: undefined,
  })
  expect(systemNetworkInterfaces.list()).toEqual([
    { interface: 'eth0', address: '2001:db8::1', prefixLength: 56, loopback: false },
    { interface: 'eth1', address: '10.1.2.3', prefixLength: 24, loopback: false },
    { interface: 'eth1', address: 'fe80::2', prefixLength: 64, loopback: false },
    { interface: 'lo', address: '127.0.0.1', prefixLength: 8, loopback: true },
    { interface: 'lo', address: '::1', prefixLength: 128, loopback: true },
  ])
})

test('a system that does not tell its addresses is network-failed', () => {
  vi.mocked(networkInterfaces).mockImplementationOnce(() => {
    throw new Error('uv_interface_addresses returned Unknown system error 13')
  })
  const error = expectCode('network-failed', () => systemNetworkInterfaces.list(), 'the list')
  expect(error.details.reason).toContain('uv_interface_addresses')
})

test('watching does not keep a process alive', async () => {
  expect(await runChild('watches-interfaces.ts')).toMatchObject({ stdout: 'exit\n', stderr: '', code: 0 })
})

test('the list is read only while somebody watches, and goes on being read after the system did not tell it', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const list = vi.mocked(networkInterfaces).mockReturnValue({ lo: [entry('127.0.0.1', '127.0.0.1/8', true)] })
  let told = 0
  const end = systemNetworkInterfaces.watch(() => told++)
  list.mockImplementationOnce(() => {
    throw new Error('no list now')
  })
  vi.advanceTimersByTime(10_000)
  expect(told).toBe(0)
  list.mockReturnValue({ lo: [entry('127.0.0.2', '127.0.0.2/8', true)] })
  vi.advanceTimersByTime(10_000)
  expect(told).toBe(1)
  end()
  list.mockClear()
  vi.advanceTimersByTime(10_000)
  expect(list).not.toHaveBeenCalled()
  list.mockRestore()
  vi.useRealTimers()
})

function entry(address: string, cidr: string | null, internal: boolean) {
  return { family: 'IPv4', address, cidr, internal, netmask: '', mac: '' } as const
}
