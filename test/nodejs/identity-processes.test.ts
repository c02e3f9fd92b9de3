import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { PeerName } from '../../src/identity/peer-name.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import { runChild, startChild } from './child-process.ts'
import type { IdentityChange, Line } from './identity-change.ts'
import { newPath } from './new-path.ts'

/** Friendly names by peer name. */
type Identities = ReadonlyMap<PeerName, string>

/** In milliseconds: 160 processes are started and killed, which a busy machine takes minutes for. */
const TIME_FOR_KILLS = 300_000

test('I-07: a create, rename or delete that is killed at any moment leaves the old state or the new one', {
  timeout: TIME_FOR_KILLS,
}, async () => {
  const interrupted = await Promise.all(Array.from({ length: 4 }, () => killOverAndOver(40)))
  // Most of the processes must have been killed in the middle of a call, or this has tested little.
  expect(interrupted.flat().length).toBeGreaterThan(50)
  expect(new Set(interrupted.flat())).toEqual(new Set(['create', 'rename', 'delete']))
})

test('I-07: processes that create, rename and delete in one directory at once end with what their calls add up to', async () => {
  const dataDir = newPath()
  const prefixes = ['a', 'b', 'c']
  const results = await Promise.all(prefixes.map((prefix) => runChild('changes-identities.ts', dataDir, prefix, '80')))
  expect(results.map(({ stderr, code }) => `${stderr}${code}`)).toEqual(['0', '0', '0'])
  const done = results
    .flatMap(({ stdout }) => linesOf(stdout))
    .flatMap((line) => (line.kind === 'done' ? [line.change] : []))
  const deleted = done.flatMap((change) => (change.type === 'delete' ? [change.peerName] : []))
  // Each was deleted by one of them only. The order between processes is not known, so deletions come last.
  expect(new Set(deleted).size).toBe(deleted.length)
  expect(deleted.length).toBeGreaterThan(10)
  const kept = done.filter(({ type }) => type !== 'delete').reduce(after, new Map<PeerName, string>())
  for (const peerName of deleted) expect(kept.delete(peerName)).toBe(true)
  expect(await identitiesIn(dataDir)).toEqual(kept)
})

test('I-35: processes that open an empty data directory at the same moment make one identity', async () => {
  for (let round = 0; round < 5; round++) {
    const dataDir = newPath()
    const results = await Promise.all(['Ann', 'Bob', 'Cleo'].map((name) => runChild('opens-node.ts', dataDir, name)))
    expect(results.map(({ stderr, code }) => `${stderr}${code}`)).toEqual(['0', '0', '0'])
    const [only, ...others] = await identitiesIn(dataDir)
    expect(others).toEqual([])
    expect(new Set(results.map(({ stdout }) => stdout))).toEqual(new Set([JSON.stringify(only)]))
  }
})

/** Lets a process change identities and kills it, again and again. Gives the changes that were interrupted. */
async function killOverAndOver(times: number): Promise<IdentityChange['type'][]> {
  const dataDir = newPath()
  const interrupted: IdentityChange['type'][] = []
  let state: Identities = new Map()
  for (let cycle = 0; cycle < times; cycle++) {
    const lines = await killAtRandom(dataDir)
    for (const line of lines) if (line.kind === 'done') state = after(new Map(state), line.change)
    const reached = await identitiesIn(dataDir)
    const last = lines.at(-1)
    if (last?.kind === 'begin') interrupted.push(last.change.type)
    const next = last?.kind === 'begin' ? afterInterrupted(state, last.change, reached) : state
    expect([state, next]).toContainEqual(reached)
    state = reached
  }
  return interrupted
}

/** What a process printed that was killed up to 30 ms after it was ready. */
async function killAtRandom(dataDir: string): Promise<Line[]> {
  const child = startChild('changes-identities.ts', dataDir, 'x')
  let output = ''
  child.stdout?.on('data', (chunk) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * 30)
    output += String(chunk)
  })
  await once(child, 'close')
  expect(child.signalCode).toBe('SIGKILL')
  return linesOf(output)
}

function after(state: Map<PeerName, string>, change: IdentityChange): Map<PeerName, string> {
  if (change.type === 'delete') state.delete(change.peerName)
  else if (change.peerName !== undefined) state.set(change.peerName, change.friendlyName)
  return state
}

/** The state if the change that was interrupted was made all the same; what was created is found by its name. */
function afterInterrupted(state: Identities, change: IdentityChange, reached: Identities): Identities {
  if (change.type !== 'create') return after(new Map(state), change)
  const [peerName] = [...reached].find(([, friendlyName]) => friendlyName === change.friendlyName) ?? []
  return peerName === undefined ? state : after(new Map(state), { ...change, peerName })
}

/** The identities as a new node sees them, of which exactly one is the default and none has a problem. */
async function identitiesIn(dataDir: string): Promise<Identities> {
  const node = await openNode({ dataDir })
  const list = await node.identities.list()
  expect(await node.identities.problems()).toEqual([])
  expect(list.filter(({ isDefault }) => isDefault)).toHaveLength(Math.min(1, list.length))
  await node.close()
  return new Map(list.map(({ peerName, friendlyName }) => [peerName, friendlyName]))
}

/** The lines that are complete. */
function linesOf(output: string): Line[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line): Line => JSON.parse(line))
}
