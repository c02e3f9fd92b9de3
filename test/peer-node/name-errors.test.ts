/**
 * Every error of names and clouds, and what leads to it: a row for each code that their sources raise, so that there is
 * no code that nothing produces.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parsePeerName, requireSecured } from '../../src/identity/peer-name.ts'
import { udpDatagrams } from '../../src/nodejs/udp-datagrams.ts'
import type { PeerNode, PeerNodeOptions } from '../../src/peer-node/peer-node.ts'
import { MOST_REGISTRATIONS } from '../../src/pnrp/registration.ts'
import { MOST_RESOLVED_NAMES } from '../../src/pnrp/resolved-names.ts'
import { type ErrorDetails, errorCatalog } from '../../src/runtime/error-catalog.ts'
import type { ErrorCode } from '../../src/runtime/peerage-error.ts'
import { documents, peerage } from '../cli/command-process.ts'
import { FOREIGN } from '../nodejs/loopback.ts'
import { newPath } from '../nodejs/new-path.ts'
import { address } from '../pnrp/pnrp-vectors.ts'
import { all, withSimulatedNodes } from './simulated-nodes.ts'

/** Where names are parsed, registered and resolved, clouds opened, and their sockets bound. */
const SOURCES = [
  'identity/peer-name.ts',
  'pnrp/',
  'peer-node/node-names.ts',
  'peer-node/open-clouds.ts',
  'peer-node/peer-node.ts',
  'peer-node/registered-content.ts',
  'peer-node/seeds.ts',
  'nodejs/bind-error.ts',
  'cli/cloud-choice.ts',
  'cli/name-resolution.ts',
]

/** What a program sees of an error. */
interface Failure {
  readonly code: string
  readonly message: string
  /** The command does not print them. */
  readonly details?: object
  readonly advice: string
}

interface Row<Code extends ErrorCode> {
  /** Does what fails, and gives the error. */
  readonly attempt: () => Promise<unknown>
  readonly details: ErrorDetails[Code]
}

const CLOUD = 'club'
const HTTP = { host: '203.0.113.7', port: 80, protocol: 6 }
const STRANGER = `${'0123456789'.repeat(4)}.chat`
const NULL = String.fromCharCode(0)
/** The first host of a simulation. */
const ANN = '20.0.0.1'

const rows: { readonly [Code in ErrorCode]?: Row<Code> } = {
  'invalid-peer-name': {
    attempt: () => resolving('nodot'),
    details: { value: 'nodot', problem: 'there is no dot in it' },
  },
  'invalid-classifier': {
    attempt: () => resolving(`0.a${NULL}`),
    details: { value: `a${NULL}`, problem: 'it contains U+0000' },
  },
  'classifier-too-long': {
    attempt: () => resolving(`0.${'x'.repeat(150)}`),
    details: { length: 150, limit: 149 },
  },
  'unsecured-peer-name': {
    attempt: async () => requireSecured(parsePeerName('0.chat')),
    details: { value: '0.chat' },
  },
  'port-in-use': {
    attempt: () =>
      failureOf(async ({ open }) => {
        await (await open('ann', { pnrpPort: 4000 })).clouds.open(CLOUD)
        await (await open('ann', { pnrpPort: 4000 })).clouds.open(CLOUD)
      }),
    details: { endpoint: `${ANN}:4000` },
  },
  'address-not-available': {
    attempt: () => udpDatagrams.bind({ host: FOREIGN, port: 5000 }, { received: () => {} }),
    details: { endpoint: `${FOREIGN}:5000` },
  },
  'network-failed': {
    // A link-local address without its zone could be on any link.
    attempt: () => udpDatagrams.bind({ host: address('fe80::1'), port: 5000 }, { received: () => {} }),
    details: { endpoint: '[fe80::1]:5000', reason: 'invalid argument (EINVAL)' },
  },
  'invalid-cloud': {
    attempt: () => failureOf(async ({ open }) => (await open('ann')).clouds.open('Global')),
    details: { name: 'Global', problem: 'it looks like a standard cloud' },
  },
  'cloud-not-found': {
    attempt: () => failureOf(async ({ join }) => all((await join('ann')).names.resolve('0.a', { cloud: 'nowhere' }))),
    details: { name: 'nowhere', open: [CLOUD] },
  },
  'no-network': {
    attempt: () =>
      failureOf(async ({ open }) => (await open('ann')).clouds.open('test', { ranges: ['198.51.100.0/24'] })),
    details: { cloud: 'test' },
  },
  'name-not-found': {
    attempt: async () => {
      const where = ['--cloud', 'test', '--range', '127.0.0.0/8', '--data-dir', newPath()]
      const { stderr } = await peerage(['name', 'resolve', '0.nobody', ...where, '--json'])
      const [document] = documents(stderr)
      if (typeof document === 'object' && document !== null && 'error' in document) throw document.error
    },
    details: { name: '0.nobody' },
  },
  'resolve-only': {
    attempt: () =>
      failureOf(async ({ open }) => {
        const ann = await open('ann')
        await ann.clouds.open(CLOUD, { resolveOnly: true })
        await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      }),
    details: { cloud: CLOUD, reason: 'configured' },
  },
  'name-not-owned': {
    attempt: () => registering({ name: STRANGER }),
    details: { name: STRANGER, problem: `there is no identity ${STRANGER.slice(0, 40)} here` },
  },
  'already-registered': {
    attempt: () => registering({}, {}),
    details: { name: '0.a', cloud: CLOUD },
  },
  'nothing-to-register': {
    attempt: () => registering({ endpoints: [] }),
    details: { name: '0.a' },
  },
  'too-many-registrations': {
    // The node has registered an ID of its own.
    attempt: () => registering(...Array.from({ length: MOST_REGISTRATIONS }, (_, index) => ({ name: `0.${index}` }))),
    details: { limit: 256 },
  },
  'too-many-resolves': {
    attempt: () =>
      failureOf(async ({ open }) => {
        const node = await open('ann')
        await node.clouds.open(CLOUD)
        await node.names.register({ name: '0.a', endpoints: [HTTP] })
        const more = Array.from({ length: MOST_RESOLVED_NAMES + 1 }, () => all(node.names.resolve('0.nobody')))
        await Promise.all(more)
      }),
    details: { cloud: CLOUD, limit: 1024 },
  },
  'too-many-endpoints': {
    attempt: () => registering({ endpoints: Array.from({ length: 11 }, () => HTTP) }),
    details: { count: 11, limit: 10 },
  },
  'invalid-comment': {
    attempt: () => registering({ comment: 'x'.repeat(40) }),
    details: { length: 40, limit: 39 },
  },
  'payload-too-long': {
    attempt: () => registering({ payload: new Uint8Array(4097) }),
    details: { length: 4097, limit: 4096 },
  },
  'endpoint-kind-not-supported': {
    attempt: () => registering({ endpoints: [{ ...HTTP, kind: 'relay' }] }),
    details: { kind: 'relay' },
  },
  'registration-closed': {
    attempt: () =>
      failureOf(async ({ join }) => {
        const registered = await (await join('ann')).names.register({ name: '0.a', endpoints: [HTTP] })
        await registered.close()
        await registered.update({ comment: 'too late' })
      }),
    details: { name: '0.a' },
  },
  'node-closed': {
    attempt: () =>
      failureOf(async ({ join }) => {
        const ann = await join('ann')
        await ann.close()
        await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      }),
    details: { operation: 'names.register' },
  },
  'invalid-argument': {
    attempt: () => failureOf(async ({ join }) => all((await join('ann')).names.resolve('0.a', { limit: 0 }))),
    details: { name: 'limit', value: '0', expected: '1 to 256' },
  },
}

test('N-127: there is a row for every code that the sources of names and clouds raise, and for no other', () => {
  const raised = SOURCES.flatMap(sourcesIn).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/new PeerageError\(\s*'([a-z-]+)'/g)].map(([, code]) => code ?? ''),
  )
  expect(Object.keys(rows).sort()).toEqual([...new Set(raised)].sort())
})

test('N-127: the documentation lists every code', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code)
  expect(listed.sort()).toEqual(Object.keys(errorCatalog).sort())
})

test.each(Object.entries(rows))(
  'N-127: %s names what broke which limit, and says what to do next',
  async (code, row) => {
    const failure = await row.attempt().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!isFailure(failure)) throw new Error(`no error '${code}'`, { cause: failure })
    expect(failure.code).toBe(code)
    if (failure.details !== undefined) expect(failure.details).toEqual(row.details)
    expect(failure.advice).toMatch(/^[A-Z].*\.$/)
    for (const value of Object.values(row.details).flat()) {
      // Texts are quoted, so that nobody sees control characters.
      expect(failure.message).toContain(JSON.stringify(value).replace(/^"|"$/g, ''))
    }
  },
)

interface Scene {
  /** Opens a node on the host of this name. */
  open(host: string, options?: PeerNodeOptions): Promise<PeerNode>
  /** The same, in the cloud. */
  join(host: string): Promise<PeerNode>
}

/** Rejects with what a body on simulated hosts rejects with. */
async function failureOf(body: (scene: Scene) => Promise<unknown>): Promise<void> {
  let failure: unknown
  await withSimulatedNodes('errors', async ({ world, addHost, openNode }) => {
    addHost('ann')
    const open = (host: string, options: PeerNodeOptions = {}): Promise<PeerNode> => openNode(world.host(host), options)
    const join = async (host: string): Promise<PeerNode> => {
      const node = await open(host)
      await node.clouds.open(CLOUD)
      return node
    }
    failure = await body({ open, join }).catch((error: unknown) => error)
  })
  throw failure
}

function resolving(name: string): Promise<void> {
  return failureOf(async ({ join }) => all((await join('ann')).names.resolve(name)))
}

/** Registers all of these, each with what it does not say. */
function registering(
  ...registrations: readonly Partial<Parameters<PeerNode['names']['register']>[0]>[]
): Promise<void> {
  return failureOf(async ({ join }) => {
    const { names } = await join('ann')
    await Promise.all(registrations.map((one) => names.register({ name: '0.a', endpoints: [HTTP], ...one })))
  })
}

function sourcesIn(path: string): readonly string[] {
  const full = fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
  return statSync(full).isDirectory() ? readdirSync(full).map((file) => `${full}${file}`) : [full]
}

/** An error, or what the command printed of one. */
function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'advice' in value
}
