/** What security providers decide, and what they may do wrong. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowList, allowListSecurity } from '../../src/graph/allow-list.ts'
import { JUDGED_AT_ONCE } from '../../src/graph/judging-again.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import type { GraphSecurityProvider, ProviderContext } from '../../src/graph/security-provider.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import type { GraphRecord, RecordAuthor } from '../../src/records/record.ts'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { codeOf, crypto, identityOf, LoneRecords, madeRecord, providerWith } from './lone-records.ts'

describe('the provider "none"', () => {
  test('G-125: admits everybody and lets all records be whose form and signatures are right', () => {
    const provider = noSecurity()
    const { name, keyPair } = identityOf('anybody')
    const { publicKey } = keyPair
    const link = {
      peer: { name, publicKey, key: toHex(publicKey) },
      isDialler: true,
      channelBinding: new Uint8Array(32),
    }
    expect(provider.admit(link, () => undefined).verdict).toBe('admitted')
    const author = { publicKey, classifier: '' }
    expect([provider.isAdmitted(publicKey), provider.isAdministrator(author, madeRecord(0))]).toEqual([true, false])
    const node = new LoneRecords({ provider: noSecurity })
    const first = node.made({ by: 'anybody' })
    expect(node.arrive(first)).toEqual(['new'])
    expect(node.arrive(node.made({ by: 'somebody else', after: first }))).toEqual(['new'])
    expect(node.add().proofs).toHaveLength(0)
  })
})

describe('the provider of a list', () => {
  const nameOf = (name: string) => makePeerName(authorityOf(crypto, identityOf(name).keyPair.publicKey), 'peer')

  test('lets those on the list write, and nobody else, as the list is now', () => {
    const list = allowList(['self', 'ann'].map(nameOf))
    const node = new LoneRecords({ provider: allowListSecurity(list) })
    const first = node.made({ by: 'ann' })
    expect(node.arrive(first)).toEqual(['new'])
    expect(node.arrive(node.made({ by: 'bob' }))).toEqual(['dropped'])
    expect(node.arrive(node.made({ by: 'bob', after: first }))).toEqual(['dropped'])
    const own = node.add({ text: 'own' })
    list.replace(['bob'].map(nameOf))
    node.run()
    expect([node.texts(), codeOf(() => node.add())]).toEqual([[], 'not-authorized'])
    const removed = node.changes.flatMap((change) => (change.kind === 'removed' ? [[change.id, change.reason]] : []))
    expect(removed).toEqual([
      [first.id, 'revoked'],
      [own.id, 'revoked'],
    ])
    expect(node.arrive(node.made({ by: 'bob' }))).toEqual(['new'])
  })

  test('is let go when the graph is closed', () => {
    const list = allowList(['self'].map(nameOf))
    const node = new LoneRecords({ provider: allowListSecurity(list) })
    node.parts.provider.close()
    list.replace([])
    expect(node.securityChanges).toBe(0)
  })
})

/** All that a provider can do wrong, as answers. */
const failures: readonly (readonly [string, () => never])[] = [
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['returns a promise', () => Promise.resolve('valid') as never],
  ['answers nothing', () => undefined as never],
  ['answers nonsense', () => ({ missingProof: 'a text', length: 5 }) as never],
]

describe('a provider', () => {
  for (const [what, fails] of failures) {
    test(`G-130, P-135: that ${what} costs the record or the operation at hand, is logged and counted, and leaves the graph usable`, () => {
      const failing = new Set<keyof GraphSecurityProvider>()
      const may = <Name extends keyof GraphSecurityProvider, Answer>(name: Name, answer: Answer): Answer =>
        failing.has(name) ? fails() : answer
      const node = new LoneRecords({
        provider: (graph) => ({
          ...providerWith({
            secure: () => may('secure', new Uint8Array(0)),
            validate: () => may('validate', 'valid' as const),
            isAdministrator: () => may('isAdministrator', false),
            isAdmitted: () => may('isAdmitted', true),
            proof: () => may('proof', new Uint8Array(1)),
            proofArrived: () => may('proofArrived', true),
          })(graph),
          get firstTypes() {
            return may('firstTypes', [])
          },
        }),
      })
      const { provider } = node.parts
      const [record, own] = [node.made({ by: 'ann' }), node.add({ text: 'own' })]
      const { publicKey } = identityOf('ann').keyPair
      let counted = 0
      const failed = (name: keyof GraphSecurityProvider, act: () => void): void => {
        failing.add(name)
        act()
        failing.delete(name)
        const now = node.counters['dropped-provider-failed'] ?? 0
        expect(now, name).toBeGreaterThan(counted)
        counted = now
      }
      failed('validate', () => expect(node.arrive(record)).toEqual(['dropped']))
      failed('secure', () => expect(() => node.add()).toThrow())
      failed('secure', () => expect(() => node.update(own.id)).toThrow())
      failed('isAdmitted', () => expect(provider.isAdmitted(publicKey)).toBe(false))
      failed('isAdministrator', () => expect(provider.isAdministrator(record.creator, record)).toBe(false))
      failed('firstTypes', () => expect(provider.firstTypes).toEqual([]))
      failed('proofArrived', () => expect(provider.proofArrived(publicKey, publicKey)).toBe(false))
      if (what !== 'answers nothing') failed('proof', () => expect(provider.proof(publicKey)).toBe(undefined))
      expect(node.counters['dropped-record-provider-failed']).toBe(1)
      const errors = node.world.log.filter(({ message }) => message === 'the security provider failed')
      expect(errors).toHaveLength(counted)
      // The graph is as it was.
      expect(node.arrive(record)).toEqual(['new'])
      expect(node.texts()).toEqual(['own', 'text'])
      expect(node.update(own.id).version).toBe(2)
    })
  }

  test('G-130: whose word on the end of a right fails costs the record or the operation at hand', () => {
    let fails = false
    const node = new LoneRecords({
      provider: providerWith({
        rightEnds: () => {
          if (fails) throw new Error('broken')
          return undefined
        },
      }),
    })
    const own = node.add({ refresh: true, life: 10 * 60_000 })
    fails = true
    expect(node.arrive(node.made())).toEqual(['dropped'])
    expect(() => node.add()).toThrow('broken')
    expect(() => node.delete(own.id)).toThrow('broken')
    node.run(9 * 60_000)
    fails = false
    expect(node.texts()).toEqual(['text'])
  })

  test('G-130: that calls the graph gets an error from every operation, at once, and the graph goes on', () => {
    const codes: string[] = []
    let node: LoneRecords | undefined
    const calls: ((graph: LoneRecords) => unknown)[] = [
      ({ parts }) => guardOf(parts.provider).requireOutside('anything'),
    ]
    const call = (): void => {
      for (const one of calls) codes.push(codeOf(() => node !== undefined && one(node)))
    }
    const lone = new LoneRecords({
      provider: providerWith({
        validate: () => {
          call()
          return 'valid'
        },
        secure: () => {
          call()
          return new Uint8Array(0)
        },
      }),
    })
    node = lone
    expect(lone.arrive(lone.made({ text: 'arrived' }))).toEqual(['new'])
    lone.add({ text: 'added' })
    expect(codes).toEqual(['called-by-provider', 'called-by-provider', 'called-by-provider'])
    expect(lone.texts()).toEqual(['added', 'arrived'])
    expect(codeOf(() => guardOf(lone.parts.provider).requireOutside('anything'))).toBe('no error')
  })
})

function guardOf(provider: GraphSecurityProvider): GraphSecurityProvider & { requireOutside(operation: string): void } {
  if (!('requireOutside' in provider) || typeof provider.requireOutside !== 'function') throw new Error('not guarded')
  return provider as GraphSecurityProvider & { requireOutside(operation: string): void }
}

/** A security state that tests change: who may write, and who is an administrator. */
class State {
  readonly banned = new Set<string>()
  readonly administrators = new Set<string>()
  /** Without these, records that name them in their proofs cannot be judged. */
  readonly proofs = new Set<string>()
  readonly listeners = new Set<() => void>()

  readonly open = ({ changed }: ProviderContext): GraphSecurityProvider => {
    this.listeners.add(changed)
    const known = new Set<string>()
    return {
      ...noSecurity(),
      validate: ({ creator, modifier, proofs }) => {
        if (this.#isBanned(creator) || (modifier !== undefined && this.#isBanned(modifier))) return 'invalid'
        const name = fromUtf8(proofs) ?? ''
        return name === '' || known.has(name) || this.proofs.has(name) ? 'valid' : { missingProof: proofs }
      },
      isAdministrator: ({ publicKey }) => this.administrators.has(toHex(publicKey)),
      proofArrived: (request) => {
        known.add(fromUtf8(request) ?? '')
        return true
      },
    }
  }

  change(name: string, to: 'banned' | 'let' | 'administrator' | 'plain'): void {
    const key = toHex(identityOf(name).keyPair.publicKey)
    if (to === 'banned') this.banned.add(key)
    else if (to === 'let') this.banned.delete(key)
    else if (to === 'administrator') this.administrators.add(key)
    else this.administrators.delete(key)
    for (const changed of this.listeners) changed()
  }

  isValid({ creator, modifier }: GraphRecord): boolean {
    return !this.#isBanned(creator) && (modifier === undefined || !this.#isBanned(modifier))
  }

  #isBanned({ publicKey }: RecordAuthor): boolean {
    return this.banned.has(toHex(publicKey))
  }
}

describe('when the security state changes', () => {
  test('G-190: what is not valid any more leaves the database, the search and the trie, ephemeral records included', () => {
    const state = new State()
    const node = new LoneRecords({ provider: state.open })
    const ann = node.made({ by: 'ann', text: 'of ann' })
    const bob = node.made({ by: 'bob', text: 'of bob' })
    const mood = node.made({ by: 'ann', type: '~test.mood', text: 'mood of ann' })
    const tombstone = node.made({ by: 'ann', after: node.made({ by: 'ann', text: 'gone' }), deleted: true })
    for (const record of [ann, bob, mood, tombstone]) node.arrive(record)
    node.run()
    state.change('ann', 'banned')
    node.run()
    const { store } = node.records
    expect([node.texts(), store.trie.size, store.ephemeral.size]).toEqual([['of bob'], 1, 0])
    const removed = node.changes.flatMap((change) => (change.kind === 'removed' ? [[change.id, change.reason]] : []))
    expect(removed.toSorted()).toEqual([ann.id, mood.id].map((id) => [id, 'revoked']).toSorted())
    expect(node.arrive(ann)).toEqual(['dropped'])
    state.change('ann', 'let')
    expect(node.arrive(ann)).toEqual(['new'])
  })

  test('G-190: however many records there are, they are judged some at a time, and from the start where it changes again', () => {
    const state = new State()
    const node = new LoneRecords({ provider: state.open })
    const count = 4 * JUDGED_AT_ONCE
    for (let index = 0; index < count; index++) {
      node.arrive(node.made({ by: index % 2 === 0 ? 'ann' : 'bob', nonce: String(index) }), 'neighbor', 'bulk')
    }
    node.run()
    state.change('ann', 'banned')
    node.world.stepInstant()
    expect(node.records.store.trie.size).toBeGreaterThan(0)
    state.change('bob', 'banned')
    node.run(1)
    expect([node.records.store.trie.size, node.texts()]).toEqual([0, []])
  })

  test('G-009: what is stored is judged again when the graph is opened, before it is shown', () => {
    const state = new State()
    const node = new LoneRecords({ provider: state.open })
    node.arrive(node.made({ by: 'ann', text: 'of ann' }))
    node.arrive(node.made({ by: 'bob', text: 'of bob' }))
    node.run()
    state.banned.add(toHex(identityOf('ann').keyPair.publicKey))
    node.restart()
    expect([node.texts(), node.records.store.trie.size]).toEqual([['of bob'], 1])
  })

  test('a provider that tells of it in the middle of a judgement is heard after it', () => {
    let change = (): void => undefined
    let isFirst = true
    const node = new LoneRecords({
      provider: (graph) => {
        change = graph.changed
        graph.changed()
        return providerWith({
          validate: ({ payload }) => {
            if (isFirst) change()
            isFirst = false
            return payload.length > 3 ? 'valid' : 'invalid'
          },
        })(graph)
      },
    })
    expect(node.securityChanges).toBe(0)
    node.run()
    expect(node.securityChanges).toBe(1)
    expect(node.arrive(node.made())).toEqual(['new'])
    expect(node.securityChanges).toBe(1)
    node.run()
    expect(node.securityChanges).toBe(2)
  })
})

test('a provider that tells of a change after the graph was closed is not heard', () => {
  let change = (): void => undefined
  const node = new LoneRecords({
    provider: (graph) => {
      change = graph.changed
      return noSecurity()
    },
  })
  node.parts.provider.close()
  change()
  node.run()
  expect(node.securityChanges).toBe(0)
})

test('G-192: whatever the order, way and repetition of records and changes of the security state, nodes end with the same records', () => {
  const names = ['ann', 'bob', 'carol'] as const
  const anyName = fc.constantFrom(...names)
  const { now } = new LoneRecords()
  const anyVersion = fc.record({
    of: fc.nat({ max: 3 }),
    by: anyName,
    version: fc.integer({ min: 2, max: 4 }),
    deleted: fc.boolean(),
    text: fc.constantFrom('one', 'two'),
    proofs: fc.constantFrom('', '', 'chain'),
  })
  const anyStep = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ what: fc.constant('arrives' as const), pick: fc.nat(), way: fc.nat({ max: 2 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constant('changes' as const),
        who: anyName,
        to: fc.constantFrom('banned' as const, 'let' as const, 'administrator' as const, 'plain' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restarts' as const) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('proves' as const) }) },
  )
  fc.assert(
    fc.property(
      fc.array(anyVersion, { maxLength: 6 }),
      fc.tuple(fc.array(anyStep, { maxLength: 20 }), fc.array(anyStep, { maxLength: 20 })),
      (made, scripts) => {
        const firsts = names.map((by) => madeRecord(now, { by, text: `first of ${by}` }))
        const versions = [
          ...firsts,
          ...made.flatMap(({ of, ...one }) => {
            const after = firsts[of % firsts.length]
            return after === undefined ? [] : [madeRecord(now, { ...one, after })]
          }),
        ]
        const state = new State()
        const nodes = scripts.map(() => new LoneRecords({ provider: state.open }))
        // The two go through different things, while the security state is one.
        for (let step = 0; step < 20; step++) {
          for (const [index, node] of nodes.entries()) {
            const one = scripts[index]?.[step]
            if (one?.what === 'arrives') {
              const record = versions[one.pick % versions.length]
              if (record === undefined) continue
              if (one.way === 2)
                node.records.arrival.take(record.bytes, { session: undefined, how: 'bulk' }, () => undefined)
              else node.arrive(record, `neighbor ${one.pick % 3}`, one.way === 1 ? 'bulk' : 'flood')
            } else if (one?.what === 'changes') {
              state.change(one.who, one.to)
            } else if (one?.what === 'restarts') {
              node.restart()
            } else if (one?.what === 'proves') {
              node.records.missing.proofCame(toUtf8('chain'), toUtf8('it'))
            }
            node.run()
          }
        }
        // Then each gets what the other has, as a comparison does, until nothing is new.
        state.proofs.add('chain')
        for (const name of names) state.change(name, 'plain')
        for (let round = 0; round < 3; round++) {
          for (const node of nodes) {
            node.run()
            for (const other of nodes) {
              for (const { id } of [...other.records.store.database.leaves()]) {
                const record = other.records.store.find(id)
                if (record !== undefined) node.arrive(record, 'other', 'bulk')
              }
            }
            node.run()
          }
        }
        const [one, other] = nodes
        expect(one?.root).toBe(other?.root)
        for (const node of nodes) {
          for (const { id } of node.records.store.database.leaves()) {
            const record = node.records.store.find(id)
            expect(record !== undefined && state.isValid(record)).toBe(true)
          }
        }
        // A node that begins with nothing ends with the same.
        const newcomer = new LoneRecords({ provider: state.open })
        const all = one === undefined ? [] : [...one.records.store.database.leaves()]
        for (const { id } of all.toReversed()) {
          const record = one?.records.store.find(id)
          if (record !== undefined) newcomer.arrive(record, 'other', 'bulk')
        }
        newcomer.run()
        expect(newcomer.root).toBe(one?.root)
      },
    ),
    { numRuns: 60 },
  )
})
