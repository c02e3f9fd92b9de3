/** What becomes of records in whole graphs: deletion, expiry, refresh, time and the security state, on virtual time. */
import { describe, expect, test } from 'vitest'
import type { DirectConnectionEnd, DirectHandler } from '../../src/graph/direct-connection.ts'
import { RECORDS_OF_CREATOR } from '../../src/graph/flood-rates.ts'
import { MOST_ASIDE_OF_SENDER } from '../../src/graph/missing-proofs.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import type { GraphSecurityProvider, SecurityProviderFactory } from '../../src/graph/security-provider.ts'
import { TOLERATED_LEAD } from '../../src/graph/waiting-records.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { headerEnd } from '../../src/records/record-format.ts'
import { signFirstVersion } from '../../src/records/verify-record.ts'
import { concatBytes, fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { SIGNATURE_LENGTH } from '../../src/runtime/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { HOUR, MINUTE } from './lone-records.ts'
import { ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const SECOND = 1000

/** The members, or a failure where there are fewer. */
function grown(graph: SimulatedGraph, count: number): Member[] {
  const members = [...graph.grow(count)]
  graph.world.runUntil(() => members.every(({ node }) => node.status().state === 'synchronized'), MINUTE)
  return members
}

function has(member: Member, { id }: GraphRecord): boolean {
  return member.node.store.live(id) !== undefined
}

function remove(member: Member, { id }: GraphRecord): void {
  member.node.delete(id, () => undefined)
  member.node.store.commit()
}

describe('deletion', () => {
  test('G-055: a node that was away ends with the tombstone, whatever it did to the record meanwhile', () => {
    const graph = new SimulatedGraph({ seed: 'away' })
    const [first, second, away] = grown(graph, 3)
    if (first === undefined || second === undefined || away === undefined) throw new Error('no members')
    const record = first.write('soon deleted', { life: 2 * HOUR })
    graph.world.runUntil(() => has(away, record), 5000)
    away.node.goOffline()
    graph.world.runFor(2000)
    remove(second, record)
    // Offline it changes the record three times: versions 2 to 4 against the tombstone of version 2.
    for (const text of ['a', 'b', 'c']) {
      const content = { encoding: 'text', payload: toUtf8(text) } as const
      const update = { content, attributes: undefined, expires: record.expires + HOUR, refresh: undefined }
      away.node.update(record.id, { ...update, ifVersion: undefined }, () => undefined)
    }
    graph.world.runFor(MINUTE)
    expect([has(first, record), has(away, record)]).toEqual([false, true])
    away.node.goOnline()
    graph.world.runFor(MINUTE)
    for (const member of graph.running) {
      expect(has(member, record)).toBe(false)
      expect(member.node.store.find(record.id)).toMatchObject({ deleted: true, version: 2 })
    }
    expect(graph.differences()).toEqual([])
  })

  test('G-054: a tombstone outlasts a version that was extended elsewhere', () => {
    const graph = new SimulatedGraph({ seed: 'extended', properties: { longestRecordLife: 4 * HOUR } })
    const [first, away] = grown(graph, 2)
    if (first === undefined || away === undefined) throw new Error('no members')
    const record = first.write('short', { life: HOUR })
    graph.world.runUntil(() => has(away, record), 5000)
    away.node.goOffline()
    const content = { encoding: 'text', payload: toUtf8('extended') } as const
    const update = { content, attributes: undefined, expires: record.created + 4 * HOUR, refresh: undefined }
    away.node.update(record.id, { ...update, ifVersion: undefined }, () => undefined)
    remove(first, record)
    graph.world.runFor(2 * HOUR)
    away.node.goOnline()
    graph.world.runFor(2 * MINUTE)
    expect([has(first, record), has(away, record)]).toEqual([false, false])
    graph.world.runFor(2 * HOUR)
    expect([first.node.store.find(record.id), away.node.store.find(record.id)]).toEqual([undefined, undefined])
  })
})

describe('expiry', () => {
  test('G-056, G-057: a record is gone on every node within the minute, and each tells so once', () => {
    const graph = new SimulatedGraph({ seed: 'expiry' })
    const members = grown(graph, 5)
    const record = members[0]?.write('short', { life: 90 * SECOND })
    if (record === undefined) throw new Error('no record')
    graph.world.runFor(3 * SECOND)
    expect(members.map((member) => has(member, record))).toEqual(members.map(() => true))
    graph.world.runFor(2 * MINUTE + 30 * SECOND)
    for (const member of members) {
      expect(member.node.store.find(record.id)).toBe(undefined)
      const removals = member.changes.filter((change) => change.kind === 'removed' && change.id === record.id)
      expect(removals).toEqual([{ kind: 'removed', id: record.id, type: 'test.note', reason: 'expired' }])
    }
  })

  test('G-056, G-058: what is kept over its time by deferred expiration is shown there, and neither sent nor compared', () => {
    const graph = new SimulatedGraph({ seed: 'deferred', properties: { deferredExpiration: true } })
    const [first, second] = grown(graph, 2)
    if (first === undefined || second === undefined) throw new Error('no members')
    second.node.goOffline()
    graph.world.runFor(2 * SECOND)
    const record = first.write('short', { life: MINUTE })
    graph.world.runFor(HOUR)
    expect(has(first, record)).toBe(true)
    second.node.goOnline()
    graph.world.runUntil(() => first.node.status().neighbors > 0, MINUTE)
    graph.world.runFor(2 * MINUTE)
    expect(second.changes.filter((change) => change.kind !== 'removed' && change.record.id === record.id)).toEqual([])
    expect(first.node.store.find(record.id)).toBe(undefined)
  })

  test('G-060: a record that is refreshed lives while its author is online, and expires everywhere once that stays away', () => {
    const graph = new SimulatedGraph({ seed: 'refresh' })
    const [first, author, third] = grown(graph, 3)
    if (first === undefined || author === undefined || third === undefined) throw new Error('no members')
    const record = author.write('refreshed', { life: 20 * MINUTE, refresh: true })
    graph.world.runFor(2 * HOUR)
    const versions = graph.running.map(({ node }) => node.store.live(record.id)?.record.version)
    expect(new Set(versions).size).toBe(1)
    expect(versions[0]).toBeGreaterThan(5)
    author.crash()
    graph.world.runFor(25 * MINUTE)
    expect([has(first, record), has(third, record)]).toEqual([false, false])
  })

  test('G-182: what a node missed while it slept is not called expired before it has asked others', () => {
    const graph = new SimulatedGraph({ seed: 'sleep' })
    const [first, sleeper] = grown(graph, 2)
    if (first === undefined || sleeper === undefined) throw new Error('no members')
    const record = first.write('refreshed', { life: 20 * MINUTE, refresh: true })
    graph.world.runUntil(() => has(sleeper, record), 5000)
    // It is cut off and its clock jumps: nobody else is there, and its record is out of date.
    sleeper.node.goOffline()
    graph.world.runFor(HOUR)
    const removals = () => sleeper.changes.filter((change) => change.kind === 'removed' && change.id === record.id)
    expect([has(sleeper, record), removals()]).toEqual([false, []])
    sleeper.node.goOnline()
    graph.world.runUntil(() => has(sleeper, record), MINUTE)
    expect(removals()).toEqual([])
  })
})

test('G-149: ephemeral records reach everybody, also with a type nobody knows, and are lost when all restart', () => {
  const graph = new SimulatedGraph({ seed: 'ephemeral' })
  const members = grown(graph, 4)
  const record = members[0]?.write('now', { type: '~test.mood' })
  if (record === undefined) throw new Error('no record')
  graph.world.runUntil(() => members.every((member) => has(member, record)), 5000)
  members[1]?.restart()
  graph.world.runUntil(() => members.every((member) => has(member, record)), MINUTE)
  for (const member of members) member.crash()
  for (const member of members) member.restart()
  graph.world.runFor(MINUTE)
  expect(members.map((member) => has(member, record))).toEqual(members.map(() => false))
  for (const { node } of members)
    expect([...node.store.database.leaves()].map(({ type }) => type)).toEqual(['peerage.graph-info'])
})

test('G-152: a record with fields that no node knows passes floods, comparisons and restarts byte for byte', () => {
  const graph = new SimulatedGraph({ seed: 'unknown fields' })
  const [first, second, third] = grown(graph, 3)
  if (first === undefined || second === undefined || third === undefined) throw new Error('no members')
  const plain = first.write('with fields')
  const { keys } = first.node.parts
  const start = headerEnd(plain.bytes)
  const header = plain.bytes.slice(0, start)
  header[header.length - 1] = (header.at(-1) ?? 0) ^ 1
  // The list of fields is the last byte before the signature: none. Now there is one, of number 9 with 2 bytes.
  const content = concatBytes(plain.bytes.subarray(start, -SIGNATURE_LENGTH - 1), new Uint8Array([1, 9, 2, 0xca, 0xfe]))
  const signature = signFirstVersion(graph.crypto, keys, header, content, first.identity.keyPair.secretKey)
  let isStored = false
  first.node.import(concatBytes(header, content, signature), (wasStored) => {
    isStored = wasStored
  })
  expect(isStored).toBe(true)
  graph.world.runFor(40 * SECOND)
  second.restart()
  const newcomer = graph.add({ at: [second.endpoint] })
  first.crash()
  graph.world.runUntil(() => newcomer.node.status().state === 'synchronized', MINUTE)
  graph.world.runFor(2 * SECOND)
  for (const member of [second, third, newcomer]) {
    const found = member.node.store.list({ limit: 10, type: 'test.note' }).map(({ record }) => toHex(record.bytes))
    expect(found).toContain(toHex(concatBytes(header, content, signature)))
  }
})

test('G-181: the records of a node whose clock is ahead are shown to others in their time, and the same everywhere', () => {
  const graph = new SimulatedGraph({ seed: 'ahead' })
  const members = grown(graph, 4)
  const ahead = members[3]
  if (ahead === undefined) throw new Error('no member')
  ahead.host.skewClock(3 * MINUTE)
  const record = ahead.write('from the future')
  const others = members.slice(0, 3)
  graph.world.runFor(MINUTE)
  expect(others.map((member) => has(member, record))).toEqual([false, false, false])
  expect(others.some(({ node }) => node.store.find(record.id) !== undefined)).toBe(false)
  graph.world.runFor(3 * MINUTE - TOLERATED_LEAD - MINUTE + 5 * SECOND)
  graph.world.runUntil(() => others.every((member) => has(member, record)), MINUTE)
  graph.world.runFor(MINUTE)
  expect(graph.differences()).toEqual([])
})

test('G-181: records from the future for which there was no room come with a later comparison', () => {
  const graph = new SimulatedGraph({ seed: 'too many ahead', checks: false })
  const members = grown(graph, 3)
  const ahead = members[2]
  if (ahead === undefined) throw new Error('no member')
  ahead.host.skewClock(2 * MINUTE)
  const large = 'x'.repeat(60_000)
  for (let index = 0; index < 20; index++) ahead.write(`${index} ${large}`)
  graph.world.runFor(50 * SECOND)
  expect(graph.sum('dropped-waiting-limit')).toBeGreaterThan(0)
  graph.world.runUntil(() => graph.differences().length === 0, 2 * MINUTE)
  expect(members.map(({ node }) => node.store.trie.size)).toEqual([21, 21, 21])
})

test('G-158: while one member writes at a hundred times its rate, the records of others take at most twice the time, and all end equal', () => {
  const timeOf = (isFlooded: boolean): number => {
    const graph = new SimulatedGraph({ seed: 'one writes too fast', checks: false })
    const members = grown(graph, 6)
    const [greedy, ...others] = members
    if (greedy === undefined) throw new Error('no member')
    // By now each has written, and floods have found their tree.
    for (let round = 0; round < 4; round++) {
      for (const member of members) member.write(`before ${round} ${member.name}`)
      graph.world.runFor(3 * SECOND)
    }
    // For a tenth of a second: above the burst, and then at a hundred times the rate.
    const count = RECORDS_OF_CREATOR.burst + RECORDS_OF_CREATOR.perSecond * 2
    for (let index = 0; isFlooded && index < count; index++) {
      greedy.write(`flood ${index}`)
      if (index % 100 === 99) graph.world.runFor(1)
    }
    let longest = 0
    for (const [index, writer] of others.entries()) {
      const start = graph.world.now
      const record = writer.write(`calm ${index}`)
      while (!members.every((member) => has(member, record))) graph.world.runFor(1)
      longest = Math.max(longest, graph.world.now - start)
    }
    if (isFlooded) expect(graph.sum('records-delayed')).toBeGreaterThan(0)
    graph.world.runUntil(() => graph.differences().length === 0, 3 * MINUTE)
    expect(members.map(({ node }) => node.store.trie.size)).toEqual(members.map(() => (isFlooded ? count : 0) + 6 + 24))
    return longest
  }
  expect(timeOf(true)).toBeLessThanOrEqual(2 * timeOf(false))
}, 60_000)

/** The end of a direct connection that only notes when it is lost. */
function silentHandler(closed: (error: PeerageError | undefined) => void): DirectHandler {
  return { received: () => undefined, drained: () => undefined, ended: () => undefined, closed }
}

/** A security state that all members share, and what each of them knows of proofs. */
class SharedState {
  readonly banned = new Set<string>()
  /** By identity: a process that was killed hears nothing any more. */
  readonly listeners = new Map<string, () => void>()

  readonly open: SecurityProviderFactory = ({ identity, changed }) => {
    const own = toHex(identity.keyPair.publicKey)
    this.listeners.set(own, changed)
    const known = new Set<string>([own])
    const provider: GraphSecurityProvider = {
      ...noSecurity(),
      admit: ({ peer }) => {
        const verdict = this.banned.has(peer.key) ? 'refused' : 'admitted'
        return { verdict, received: () => verdict }
      },
      isAdmitted: (publicKey) => !this.banned.has(toHex(publicKey)),
      // Who writes says by which proof it may: its own key.
      secure: () => toUtf8(own),
      validate: ({ creator, modifier, proofs }) => {
        const author = toHex((modifier ?? creator).publicKey)
        if (this.banned.has(author) || this.banned.has(toHex(creator.publicKey)) || fromUtf8(proofs) !== author)
          return 'invalid'
        return known.has(author) ? 'valid' : { missingProof: toUtf8(author.slice(0, 64)) }
      },
      proof: (request) => (known.has(fromUtf8(request) ?? '') ? request : undefined),
      proofArrived: (request, proof) => {
        if (toHex(request) !== toHex(proof)) return false
        known.add(fromUtf8(request) ?? '')
        return true
      },
      close: () => {
        this.listeners.delete(own)
      },
    }
    return provider
  }

  ban(member: { readonly key: string }, isBanned: boolean): void {
    if (isBanned) this.banned.add(member.key)
    else this.banned.delete(member.key)
    for (const changed of [...this.listeners.values()]) changed()
  }
}

describe('with a security provider', () => {
  test('G-129: proofs go from neighbor to neighbor with the records that need them', () => {
    const state = new SharedState()
    const graph = new SimulatedGraph({ seed: 'proofs' })
    const members = graph.grow(8, { node: { provider: state.open } })
    graph.world.runUntil(() => members.every(({ node }) => node.status().state === 'synchronized'), MINUTE)
    const records = members.map((member) => member.write(`by ${member.name}`))
    graph.world.runUntil(() => members.every((member) => records.every((record) => has(member, record))), MINUTE)
    expect(graph.differences()).toEqual([])
    expect(graph.sum('dropped-proof-missing')).toBe(0)
  })

  test('G-129: records for which there was no room until the proof came are fetched by a later comparison', () => {
    const state = new SharedState()
    // Nobody has shown a proof of the author before.
    const graph = new SimulatedGraph({ seed: 'many to prove', checks: false, properties: { maxPresenceRecords: 0 } })
    const [, author, other] = graph.grow(3, { node: { provider: state.open } })
    if (author === undefined || other === undefined) throw new Error('no members')
    graph.world.runUntil(() => other.node.status().state === 'synchronized', MINUTE)
    other.node.goOffline()
    graph.world.runFor(SECOND)
    for (let index = 0; index < MOST_ASIDE_OF_SENDER + 40; index++) author.write(`record ${index}`)
    other.node.goOnline()
    graph.world.runUntil(() => graph.differences().length === 0, 2 * MINUTE)
    expect(graph.sum('dropped-proof-limit')).toBeGreaterThan(0)
  })

  test('G-190: all links to an identity that is no longer admitted close at once, and its records go everywhere', () => {
    const state = new SharedState()
    const graph = new SimulatedGraph({ seed: 'banned' })
    const members = [...graph.grow(5, { node: { provider: state.open } })]
    graph.world.runUntil(() => members.every(({ node }) => node.status().state === 'synchronized'), MINUTE)
    const [, bad] = members
    if (bad === undefined) throw new Error('no member')
    const record = bad.write('revoked')
    graph.world.runUntil(() => members.every((member) => has(member, record)), 10_000)
    // Direct connections, opened by either end.
    const others = members.filter((member) => member !== bad)
    for (const member of members) member.protocols.add('test')
    const direct: DirectConnectionEnd[] = []
    for (const [from, to] of [
      [bad, others[0]],
      [others[1], bad],
    ] as const) {
      if (from === undefined || to === undefined) throw new Error('no member')
      from.node.connectDirectly(to.identity.name, 'test', (outcome) => {
        if (!(outcome instanceof PeerageError)) direct.push(outcome)
      })
    }
    graph.world.runUntil(() => direct.length === 2 && members.flatMap((one) => one.connections).length === 2, 10_000)
    const closed: string[] = []
    for (const end of [...direct, ...members.flatMap(({ connections }) => connections)]) {
      if (end.peer.key === bad.key) end.attach(silentHandler((error) => closed.push(error?.code ?? 'ended')))
    }
    state.ban(bad, true)
    graph.world.runFor(1)
    expect(closed).toEqual(['connection-lost', 'connection-lost'])
    for (const { node } of others) {
      expect([...node.parts.neighbors.all()].some(({ session }) => session.peer.key === bad.key)).toBe(false)
    }
    graph.world.runFor(MINUTE)
    for (const member of others) {
      expect(has(member, record)).toBe(false)
      expect(member.changes).toContainEqual({ kind: 'removed', id: record.id, type: record.type, reason: 'revoked' })
      expect([...member.node.nodes()].some(({ key }) => key === bad.key)).toBe(false)
    }
    expect(bad.node.status().neighbors).toBe(0)
    expect(graph.differences(others)).toEqual([])
  })

  test('G-190: a link that is being opened ends, too, whenever its identity loses admission', () => {
    const outcomes = new Set<string>()
    for (let after = 0; after < 120; after += 4) {
      const state = new SharedState()
      const graph = new SimulatedGraph({ seed: `banned after ${after}`, checks: false })
      const [member] = graph.grow(1, { node: { provider: state.open } })
      if (member === undefined) throw new Error('no member')
      const bad = new ScriptedNode(graph, 'bad')
      let link: ScriptedLink | undefined
      bad.open(member, (outcome) => {
        if (!('link' in outcome)) return
        link = new ScriptedLink(graph, outcome.link)
        link.send(bad.connect())
      })
      graph.world.runFor(after)
      state.ban(bad, true)
      graph.world.runFor(2 * SECOND)
      expect(member.node.parts.neighbors.count).toBe(0)
      expect(link === undefined || link.closing !== undefined).toBe(true)
      outcomes.add(link === undefined ? 'never opened' : `${link.all('WELCOME').length} welcomes`)
    }
    expect(outcomes).toEqual(new Set(['never opened', '0 welcomes', '1 welcomes']))
  })

  for (const seed of ['one', 'two', 'three']) {
    test(`G-128, G-192: after random writes, bans, crashes and partings all nodes have the same valid records (seed ${seed})`, () => {
      const state = new SharedState()
      const graph = new SimulatedGraph({ seed: `security ${seed}` })
      const members = [...graph.grow(6, { node: { provider: state.open } })]
      graph.world.addInvariant(() => {
        for (const { node } of graph.running) {
          for (const { record } of node.store.list({ limit: 1000 })) {
            const author = toHex((record.modifier ?? record.creator).publicKey)
            if (fromUtf8(record.proofs) !== author) throw new Error('a record without its proof was stored')
          }
        }
      }, 5000)
      graph.world.runFor(20_000)
      const random = graph.world.random('what happens')
      const written: GraphRecord[] = []
      for (let step = 0; step < 60; step++) {
        const member = members[random.uint32() % members.length]
        const record = written[random.uint32() % Math.max(1, written.length)]
        if (member === undefined) continue
        const what = random.uint32() % 8
        const isBanned = state.banned.has(member.key)
        if (what < 3 && !isBanned) written.push(member.write(`record ${step}`))
        else if (what === 3 && !isBanned && record !== undefined && has(member, record)) remove(member, record)
        else if (what === 4 && member !== members[0]) state.ban(member, !isBanned)
        else if (what === 5) member.restart()
        else if (what === 6) member.node.goOffline()
        else if (what === 7) member.node.goOnline()
        graph.world.runFor(random.uint32() % 4000)
      }
      for (const member of members) {
        state.ban(member, false)
        member.node.goOnline()
      }
      // Somebody is banned for good.
      const bad = members[1 + (random.uint32() % 5)]
      if (bad === undefined) throw new Error('no member')
      state.ban(bad, true)
      graph.world.runFor(2 * MINUTE)
      const others = members.filter((member) => member !== bad)
      expect(graph.differences(others)).toEqual([])
      expect(others.every(({ node }) => node.store.trie.size > 1)).toBe(true)
      for (const { node } of others) {
        for (const { id } of node.store.database.leaves()) {
          const record = node.store.find(id)
          expect(record === undefined || toHex(record.creator.publicKey)).not.toBe(bad.key)
        }
      }
    })
  }
})
