/** The file of the remembered nodes of a cloud: what is wrong with it is told and harms nothing. */
import { expect, test } from 'vitest'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { RememberedNodes } from '../../src/peer-node/remembered-nodes.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import { type LogDetails, silentLog } from '../../src/runtime/log.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { address } from '../pnrp/pnrp-vectors.ts'

const CLOUD = 'club'
const NODE = { host: address('203.0.113.7'), port: 3540 }
const WRITTEN = '{"schema":1,"cloud":"club","nodes":["203.0.113.7:3540"]}\n'

/** A host on whose disk a test finds and puts the file. */
function setUp() {
  const { ports } = new SimulatedWorld({ seed: 'remembered nodes' }).addHost('host')
  const storage = ports.storage('clouds')
  const warnings: LogDetails[] = []
  const log = { ...silentLog, warn: (_: string, details: LogDetails = {}) => warnings.push(details) }
  const open = (): RememberedNodes =>
    new RememberedNodes(makeCloud(CLOUD), { storage, crypto: platformCrypto(), clock: ports.clock, log })
  open().remember([NODE])
  const [name = ''] = storage.list()
  return {
    ...{ open, warnings },
    write: (text: string) => storage.write(name, toUtf8(text)),
    read: () => fromUtf8(storage.read(name, Number.MAX_SAFE_INTEGER) ?? new Uint8Array(0)),
  }
}

test('N-123: the file carries its schema, and is read without a word', () => {
  const { open, read, warnings } = setUp()
  expect(read()).toBe(WRITTEN)
  expect(open().nodes).toEqual([NODE])
  expect(warnings).toEqual([])
})

test.each([
  { what: 'empty', text: '', reason: 'it is damaged' },
  { what: 'cut off', text: WRITTEN.slice(0, -5), reason: 'it is damaged' },
  { what: 'no object', text: 'null', reason: 'it is damaged' },
  { what: 'without a schema', text: '{"nodes":["203.0.113.9:3540"]}', reason: 'it is damaged' },
  { what: 'of no schema that there was', text: '{"schema":0,"nodes":["203.0.113.9:3540"]}', reason: 'it is damaged' },
  { what: 'without nodes', text: '{"schema":1}', reason: 'it is damaged' },
  { what: 'too large', text: `${WRITTEN}${' '.repeat(4096)}`, reason: expect.stringContaining('4096') },
])('N-123: a file that is $what counts as none, which the log tells, and is replaced', ({ text, reason }) => {
  const { open, read, write, warnings } = setUp()
  write(text)
  const remembered = open()
  expect(remembered.nodes).toEqual([])
  expect(warnings).toEqual([{ cloud: CLOUD, reason }])
  remembered.remember([NODE])
  expect(read()).toBe(WRITTEN)
})

test('N-123: a file of a later schema counts as none, which the log tells, and is left as it is', () => {
  const { open, read, write, warnings } = setUp()
  const later = '{"schema":2,"cloud":"club","nodes":["203.0.113.9:3540"]}'
  write(later)
  const remembered = open()
  expect(remembered.nodes).toEqual([])
  expect(warnings).toEqual([{ cloud: CLOUD, reason: 'it has schema 2, and this version of Peerage reads up to 1' }])
  remembered.remember([NODE])
  remembered.save()
  expect(remembered.nodes).toEqual([NODE])
  expect(read()).toBe(later)
})

test('N-123: what is no endpoint in the file is passed over, and at most ten of the others count', () => {
  const { open, write } = setUp()
  const others = Array.from({ length: 12 }, (_, index) => `203.0.113.7:${3540 + index}`)
  write(JSON.stringify({ schema: 1, cloud: CLOUD, nodes: [1, 'x', '[::1', 'seed.example.org:3540', ...others] }))
  expect(open().nodes.map(({ port }) => port)).toEqual(Array.from({ length: 10 }, (_, index) => 3540 + index))
})
