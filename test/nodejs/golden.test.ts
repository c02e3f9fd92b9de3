import { chmodSync, cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { openFileStorage } from '../../src/nodejs/file-storage.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import { systemClock } from '../../src/nodejs/system-clock.ts'
import { RememberedNodes } from '../../src/peer-node/remembered-nodes.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { MOST_REMEMBERED_NODES } from '../../src/pnrp/discovery.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { FOREIGN } from './loopback.ts'
import { newPath } from './new-path.ts'

/** What every later release must read in the data directory and the export of a release. */
interface Expected {
  readonly passphrase: string
  readonly exportPassword: string
  readonly exported: string
  readonly identities: readonly { readonly peerName: string; readonly created: string; readonly locked: boolean }[]
  readonly rememberedNodes: readonly { readonly cloud: string; readonly nodes: readonly string[] }[]
}

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url))
const releases = readdirSync(GOLDEN, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)

test('I-34: a data directory of the first release is kept', () => {
  expect(releases).toContain('0.1.0')
})

test.each(releases)(
  'I-34: the data directory of release %s has the same identities, names, keys and default',
  async (release) => {
    const { identities: expected, passphrase } = readExpected(release)
    const dataDir = copyOf(release)
    const before = filesIn(dataDir, 'identities')
    const { identities } = await openNode({ dataDir })
    expect(await identities.problems()).toEqual([])
    expect(await identities.list()).toEqual(
      expected.map((identity) => ({ ...identity, created: new Date(identity.created) })),
    )
    for (const { peerName, locked } of expected) {
      const name = parsePeerName(peerName)
      if (locked) await identities.unlock(name, passphrase)
      expect(await identities.certificate(name)).toContain('BEGIN CERTIFICATE')
    }
    expect(filesIn(dataDir, 'identities')).toEqual(before)
  },
)

test.each(releases)('I-34: the export of release %s is imported', async (release) => {
  const { exported, exportPassword } = readExpected(release)
  const text = readFileSync(join(GOLDEN, release, 'export.txt'), 'utf8')
  const { identities } = await openNode({ dataDir: newPath() })
  expect((await identities.import(text, { password: exportPassword })).peerName).toBe(exported)
})

test.each(releases)('I-34: the data directory of release %s can be changed', async (release) => {
  const dataDir = copyOf(release)
  const { identities } = await openNode({ dataDir })
  const before = await identities.list()
  const added = await identities.create({ friendlyName: 'A new one' })
  expect(await identities.list()).toEqual([...before, added])
  for (const { peerName } of before) {
    expect((await identities.rename(peerName, 'Renamed')).friendlyName).toBe('Renamed')
    await identities.delete(peerName)
  }
  expect(await identities.list()).toEqual([{ ...added, isDefault: true }])
})

test.each(releases)('N-123: the nodes that release %s remembered are read, and others can be added', (release) => {
  const { rememberedNodes: expected } = readExpected(release)
  const dataDir = copyOf(release)
  const before = filesIn(dataDir, 'clouds')
  expect(before.size).toBe(expected.length)
  for (const { cloud, nodes } of expected) {
    expect(rememberedNodes(dataDir, cloud).nodes.map(formatEndpoint)).toEqual(nodes)
  }
  expect(filesIn(dataDir, 'clouds')).toEqual(before)
  for (const { cloud, nodes } of expected) {
    rememberedNodes(dataDir, cloud).remember([OTHER, ...rememberedNodes(dataDir, cloud).nodes])
    const written = [formatEndpoint(OTHER), ...nodes].slice(0, MOST_REMEMBERED_NODES)
    expect(rememberedNodes(dataDir, cloud).nodes.map(formatEndpoint)).toEqual(written)
  }
})

/** A node that no release has remembered. */
const OTHER: Endpoint = { host: FOREIGN, port: 4000 }

/** The nodes of a cloud, from a file with which nothing is wrong. */
function rememberedNodes(dataDir: string, cloud: string): RememberedNodes {
  const failing = (message: string): never => {
    throw new Error(message)
  }
  const log = { ...silentLog, warn: failing, error: failing }
  const storage = openFileStorage(join(dataDir, 'clouds'))
  return new RememberedNodes(makeCloud(cloud), { storage, crypto: platformCrypto(), clock: systemClock, log })
}

function readExpected(release: string): Expected {
  return JSON.parse(readFileSync(join(GOLDEN, release, 'expected.json'), 'utf8'))
}

/** A copy with the modes that the files were written with, which git does not keep. */
function copyOf(release: string): string {
  const dataDir = newPath()
  cpSync(join(GOLDEN, release, 'data-directory'), dataDir, { recursive: true })
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600)
  }
  return dataDir
}

function filesIn(dataDir: string, kind: 'identities' | 'clouds'): Map<string, string> {
  const folder = join(dataDir, kind)
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]))
}
