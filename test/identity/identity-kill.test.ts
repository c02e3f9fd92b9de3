import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IdentityStore } from '../../src/identity/identity-store.ts'
import type { PeerName } from '../../src/identity/peer-name.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { Killed, StoreDisk } from './store-disk.ts'

/** What a store holds, the oldest identity first. */
interface State {
  readonly identities: readonly { readonly peerName: PeerName; readonly friendlyName: string; readonly key: string }[]
  readonly defaultName: PeerName | undefined
}

/** One operation; `index` says which identity it is about, counted around. */
interface Step {
  readonly operation: 'create' | 'rename' | 'delete' | 'setDefault' | 'import'
  readonly index: number
  /** In the middle of which change of a file the process is killed, and what then becomes of the file. */
  readonly kill: { readonly change: number; readonly file: 'old' | 'new' } | undefined
}

const steps = fc.array(
  fc.record<Step>({
    operation: fc.constantFrom('create', 'create', 'rename', 'delete', 'delete', 'setDefault', 'import'),
    index: fc.nat(4),
    kill: fc.option(
      fc.record({ change: fc.integer({ min: 1, max: 3 }), file: fc.constantFrom('old' as const, 'new' as const) }),
      { nil: undefined, freq: 2 },
    ),
  }),
  { minLength: 5, maxLength: 25 },
)

test('I-05, I-07: whatever is killed in the middle of any change leaves the old state or the new one', () => {
  let killed = 0
  fc.assert(
    fc.property(steps, (sequence) => {
      const disk = new StoreDisk('fake')
      const exports: string[] = []
      let state = stateOf(disk)
      for (const [number, step] of sequence.entries()) {
        const target = state.identities[step.index % Math.max(1, state.identities.length)]?.peerName
        if (target !== undefined) exports.push(disk.open().export(target, 'password'))
        const store = disk.open()
        if (step.kill !== undefined) disk.disk.crashDuring(step.kill.change, step.kill.file)
        const name = `Identity ${number}`
        const survived = survives(() => perform(store, step, target, exports, name))
        disk.disk.crashDuring(1_000_000, 'old')
        const reached = stateOf(disk)
        const expected = stateAfter(state, step, target, reached, name)
        expect(disk.open().problems()).toEqual([])
        if (survived) expect(reached).toEqual(expected)
        else expect([state, expected]).toContainEqual(reached)
        if (!survived) killed++
        state = reached
      }
    }),
    { numRuns: 500 },
  )
  expect(killed).toBeGreaterThan(500)
})

function survives(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (error instanceof Killed) return false
    throw error
  }
}

function perform(
  store: IdentityStore,
  { operation, index }: Step,
  target: PeerName | undefined,
  exports: readonly string[],
  friendlyName: string,
): void {
  if (operation === 'create') store.create({ friendlyName })
  else if (operation === 'import') importIfAbsent(store, exports[index % Math.max(1, exports.length)])
  else if (target === undefined) return
  else if (operation === 'rename') store.rename(target, friendlyName)
  else if (operation === 'delete') store.delete(target)
  else store.setDefault(target)
}

function importIfAbsent(store: IdentityStore, text: string | undefined): void {
  const known = store.list().some(({ peerName }) => text?.includes(peerName))
  if (text !== undefined && !known) store.import(text, { password: 'password' })
}

/** The state that a step that is not killed leads to. What it adds is taken from the state that it did lead to. */
function stateAfter(
  { identities, defaultName }: State,
  { operation }: Step,
  target: PeerName | undefined,
  reached: State,
  friendlyName: string,
): State {
  const known = new Set(identities.map(({ peerName }) => peerName))
  const added = reached.identities.filter(({ peerName }) => !known.has(peerName))
  if (operation === 'create' || operation === 'import') {
    expect(added.length).toBeLessThanOrEqual(1)
    return { identities: [...identities, ...added], defaultName: defaultName ?? added[0]?.peerName }
  }
  if (operation === 'setDefault') return { identities, defaultName: target ?? defaultName }
  if (operation === 'rename') {
    const renamed = identities.map((identity) =>
      identity.peerName === target ? { ...identity, friendlyName } : identity,
    )
    return { identities: renamed, defaultName }
  }
  const others = identities.filter(({ peerName }) => peerName !== target)
  return { identities: others, defaultName: target === defaultName ? others[0]?.peerName : defaultName }
}

function stateOf(disk: StoreDisk): State {
  const store = disk.open()
  const listed = store.list()
  const defaults = listed.filter(({ isDefault }) => isDefault)
  expect(defaults).toHaveLength(Math.min(1, listed.length))
  return {
    identities: listed.map(({ peerName, friendlyName }) => {
      return { peerName, friendlyName, key: toHex(store.keyPair(peerName).secretKey) }
    }),
    defaultName: defaults[0]?.peerName,
  }
}
