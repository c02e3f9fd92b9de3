/** `peerage doctor`, as a process of its own, with faults that are staged with real files and sockets. */
import { createSocket } from 'node:dgram'
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { writeFrame } from '../../src/control/control-frame.ts'
import { CONTROL_PROTOCOL } from '../../src/control/control-message.ts'
import { controlPath } from '../../src/control/control-path.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import type { Finding } from '../../src/peer-node/finding.ts'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

function closing<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
  opened.push(thing)
  return thing
}

async function doctor(
  dataDir: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly findings: readonly Finding[] }> {
  const { code, stdout, stderr } = await peerage(['--json', '--data-dir', dataDir, 'doctor', ...words])
  expect(stderr).toBe('')
  // Whatever is printed is a finding: the tests look at each of its fields.
  return { code, findings: documents(stdout) as Finding[] }
}

function of(findings: readonly Finding[], check: string): readonly string[] {
  return findings.filter((one) => one.check === check).map(({ outcome, found }) => `${outcome}: ${found}`)
}

test('without a node it looks with one of its own: the data, the ports, the clock and the databases', async () => {
  const dataDir = newPath()
  const node = closing(await openNode({ dataDir, friendlyName: 'Ann' }))
  await node.groups.create({ friendlyName: 'Book club' })
  const { authority } = await node.identities.create({ friendlyName: 'Work' })
  const file = join(dataDir, 'identities', `${authority}.pem`)
  writeFileSync(file, 'no key')
  const tomorrow = new Date(Date.now() + 86_400_000)
  utimesSync(file, tomorrow, tomorrow)
  const taken = await takenPorts()
  const { code, findings } = await doctor(dataDir, '--pnrp-port', `${taken.udp}`, '--port', `${taken.tcp}`)
  expect(code).toBe(1)
  expect(of(findings, 'running-node')).toEqual([expect.stringMatching(/^ok: no node runs on /)])
  expect(of(findings, 'data-directory')).toEqual([`ok: ${dataDir} can be read and written`])
  expect(of(findings, 'identity')).toEqual([
    expect.stringMatching(new RegExp(`^failed: .*${authority}\\.pem`)),
    'ok: 1 identity can be used',
  ])
  expect(of(findings, 'udp-port')).toEqual([expect.stringMatching(/^failed: \S+ is in use$/)])
  expect(of(findings, 'tcp-port')).toEqual([expect.stringMatching(/^failed: \S+ is in use$/)])
  expect(of(findings, 'database')).toEqual([
    'failed: the database of the group "Book club" is in use by another program',
  ])
  expect(of(findings, 'clock')).toEqual([
    `warning: the clock says ${findings.map(({ found }) => /^the clock says (\S+Z)/.exec(found)?.[1]).find(Boolean)}, but something in the data directory was changed at ${tomorrow.toISOString()}`,
  ])
})

test('a data directory that cannot be made is named, for people too, and nothing else hides it', async () => {
  const file = newPath()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  const { code, findings } = await doctor(join(file, 'data'))
  expect(code).toBe(1)
  expect(of(findings, 'data-directory')).toEqual([expect.stringMatching(/^failed: cannot \S+ .*ENOTDIR/)])
  const { stdout } = await peerage(['--data-dir', join(file, 'data'), 'doctor'])
  expect(stdout).toMatch(/^failed {3}data-directory: cannot .*\n {9}Check that the data directory exists/m)
})

test('a database that is damaged, and an invitation that cannot be read, are named', async () => {
  const dataDir = newPath()
  const node = closing(await openNode({ dataDir, friendlyName: 'Ann' }))
  const group = await node.groups.create({ friendlyName: 'Book club' })
  await node.close()
  const folder = join(dataDir, 'graphs')
  const [database = ''] = readdirSync(folder).filter((name) => name.endsWith('.sqlite'))
  writeFileSync(join(folder, database), 'no database')
  const { code, findings } = await doctor(dataDir, 'peerage:nothing')
  expect(code).toBe(1)
  expect(of(findings, 'database')).toEqual([
    expect.stringMatching(/^failed: the database of the group "Book club": \S+ is not a sound database/),
  ])
  expect(of(findings, 'invitation')).toEqual([expect.stringMatching(/^failed: this invitation cannot be used/)])
  expect(group.peerName).toMatch(/^[0-9a-f]{40}/)
})

test('a node that runs is asked, also about a group by its friendly name; its own options count', async () => {
  const dataDir = newPath()
  const { node } = await openServingNode({ dataDir, friendlyName: 'Ann' })
  closing(node)
  await node.groups.create({ friendlyName: 'Book club' })
  const { code, findings } = await doctor(dataDir, 'Book club')
  expect(code).toBe(0)
  expect(of(findings, 'running-node')).toEqual([
    expect.stringMatching(new RegExp(`^ok: process ${process.pid} runs it`)),
  ])
  expect(of(findings, 'group')).toEqual(['warning: the group "Book club" has no other member yet'])
  expect(of(findings, 'membership')).toHaveLength(1)
  const refused = await peerage(['--json', '--data-dir', dataDir, 'doctor', '--port', '4000'])
  expect(refused.code).toBe(1)
  expect(documents(refused.stderr)).toEqual([{ error: expect.objectContaining({ code: 'node-already-running' }) }])
  const unknown = await peerage(['--json', '--data-dir', dataDir, 'doctor', 'nobody'])
  expect(documents(unknown.stderr)).toEqual([{ error: expect.objectContaining({ code: 'invalid-peer-name' }) }])
})

test('a node that hangs is named', async () => {
  const dataDir = newPath()
  mkdirSync(dataDir, { recursive: true })
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(controlPath(dataDir).path, resolve))
  closing({ close: async () => void silent.close() })
  const { code, findings } = await doctor(dataDir)
  expect(code).toBe(1)
  expect(of(findings, 'running-node')).toEqual([
    expect.stringMatching(/^failed: a node runs on .*, and has not answered within 3 s$/),
  ])
})

test('a node of a release that this one does not understand is named', async () => {
  const dataDir = newPath()
  mkdirSync(dataDir, { recursive: true })
  const greeting = writeFrame({ protocol: CONTROL_PROTOCOL, version: 999, release: '9.9.9' })
  const newer = createServer((socket) => socket.end(Buffer.from(greeting ?? [])))
  await new Promise<void>((resolve) => newer.listen(controlPath(dataDir).path, resolve))
  closing({ close: async () => void newer.close() })
  const { code, findings } = await doctor(dataDir)
  expect(code).toBe(1)
  expect(of(findings, 'running-node')).toEqual([
    expect.stringMatching(/^failed: the running node is of release 9\.9\.9/),
  ])
})

/** Ports that are taken on every IPv4 address of this machine. */
async function takenPorts(): Promise<{ readonly udp: number; readonly tcp: number }> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  closing({
    close: async () => {
      socket.close()
      server.close()
    },
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { udp: socket.address().port, tcp: address.port }
}
