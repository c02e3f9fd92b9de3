/** The search for members of a group, with a graph and a PNRP that are not real, on virtual time. */
import { describe, expect, test } from 'vitest'
import type { DialOutcome } from '../../src/graph/dialer.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import {
  GroupFinding,
  MOST_GIVEN_FOR_REPAIR,
  PAUSE_AFTER_LOSS,
  SEARCH_INTERVAL,
} from '../../src/peer-node/group-finding.ts'
import { HEAD_START, MOST_AT_ONCE, MOST_FOUND, MOST_TOLD, OVERLAP_DELAY } from '../../src/peer-node/member-search.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { endpoint } from './endpoints.ts'
import type { SimulatedNodes } from './simulated-nodes.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const GROUP = parsePeerName(`${'7'.repeat(40)}.books`)
/** How long PNRP and addresses that answer take, in milliseconds. */
const LOOKUP = 50
const ANSWER = 20

/** What becomes of an address: a link, silence, or a failure. */
type Fate = 'connected' | 'silent' | 'connection-failed' | 'not-authenticated' | 'not let in' | 'refused'

/** A graph whose addresses have fates, and a PNRP that knows members. */
class Surroundings {
  neighbors = 0
  isGraphDialling = false
  readonly fates = new Map<string, Fate>()
  readonly own = new Set<string>()
  readonly triedByGraph = new Set<string>()
  /** The addresses of members that PNRP finds, one after the other, or why it finds none. */
  members: readonly (readonly string[])[] | PeerageError = []
  /** What was done, with the time. */
  readonly events: string[] = []
  readonly given: string[][] = []
  readonly failures: PeerageError[] = []
  resolves = 0
  readonly finding: GroupFinding
  readonly #nodes: SimulatedNodes
  readonly #clock: { monotonic(): number; setTimer(delay: number, expired: () => void): { cancel(): void } }
  readonly #start: number

  constructor(nodes: SimulatedNodes, hints: readonly string[] = []) {
    this.#nodes = nodes
    const { clock, random } = nodes.addHost('ann').ports
    this.#clock = clock
    this.#start = clock.monotonic()
    this.finding = new GroupFinding(
      GROUP,
      hints.map(endpoint),
      {
        ...{ clock, random },
        connect: (to, done) => this.#connect(to, done),
        resolve: (signal) => this.#resolve(signal),
        isCandidate: (one) => !this.own.has(formatEndpoint(one)),
        isGraphDialling: () => this.isGraphDialling,
        isGraphTrying: (one) => this.triedByGraph.has(formatEndpoint(one)),
        neighbors: () => this.neighbors,
        give: (endpoints) => void this.given.push(endpoints.map(formatEndpoint)),
      },
      (failure) => void this.failures.push(failure),
    )
  }

  get now(): number {
    return Math.round(this.#clock.monotonic() - this.#start)
  }

  /** The addresses that were dialled, in order. */
  get dialled(): readonly string[] {
    return this.events.flatMap((event) => (event.includes(' dial ') ? [event.split(' ')[2] ?? ''] : []))
  }

  /** When something was done first. */
  at(what: string): number {
    const event = this.events.find((one) => one.endsWith(` ${what}`))
    if (event === undefined) throw new Error(`${what} is not in ${this.events.join(', ')}`)
    return Number.parseInt(event, 10)
  }

  advance(milliseconds: number): Promise<void> {
    return this.#nodes.advance(milliseconds)
  }

  #connect(to: Endpoint, done: (outcome: DialOutcome) => void): { cancel(): void } {
    const name = formatEndpoint(to)
    this.#note(`dial ${name}`)
    const fate = this.fates.get(name) ?? 'connection-failed'
    if (fate === 'silent') return { cancel: () => this.#note(`gave up ${name}`) }
    const timer = this.#clock.setTimer(ANSWER, () => {
      if (fate === 'connected') {
        this.neighbors++
        this.finding.statusChanged()
        // Only the kind of a link that came about is of interest here.
        done({ kind: 'connected' } as Extract<DialOutcome, { kind: 'connected' }>)
        return
      }
      const code = fate === 'not let in' ? 'not-authenticated' : fate
      const failure = {
        ...{ endpoint: to, code, reason: `the reason of ${name}` },
        ...(fate === 'not let in' && ({ isRefused: true } as const)),
      }
      this.finding.attempted(to, code, failure)
      done({ kind: 'failed', failures: [failure] })
    })
    return {
      cancel: () => {
        timer.cancel()
        this.#note(`gave up ${name}`)
      },
    }
  }

  async *#resolve(signal: AbortSignal) {
    this.resolves++
    this.#note('resolve')
    const { members } = this
    for (const addresses of members instanceof PeerageError ? [[]] : [...members, []]) {
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(LOOKUP, resolve)
      })
      signal.throwIfAborted()
      if (addresses.length > 0) yield { endpoints: addresses.map(endpoint) }
    }
    if (members instanceof PeerageError) throw members
  }

  #note(what: string): void {
    this.events.push(`${this.now} ${what}`)
  }
}

function searching(
  seed: string,
  hints: readonly string[],
  body: (surroundings: Surroundings) => Promise<void>,
): Promise<void> {
  return withSimulatedNodes(seed, (nodes) => body(new Surroundings(nodes, hints)))
}

const HINTS = ['192.0.2.1:3587', '[2001:db8:1::1]:3587']
const FOUND = ['198.51.100.1:3587', '203.0.113.1:3587']

describe('a search', () => {
  test('P-051: tries the hints first, then what PNRP finds, its own addresses left out', () =>
    searching('order', HINTS, async (around) => {
      around.members = FOUND.map((one) => [one, '192.0.2.77:3587'])
      around.own.add('192.0.2.77:3587')
      around.fates.set(FOUND[1] ?? '', 'connected')
      around.finding.start()
      await around.advance(5000)
      expect(around.dialled).toEqual([...HINTS, ...FOUND])
      expect(around.at('resolve')).toBeGreaterThanOrEqual(2 * ANSWER)
      expect(around.failures).toEqual([])
      // There is a link: nobody else is looked for.
      await around.advance(10 * SEARCH_INTERVAL)
      expect(around.resolves).toBe(1)
    }))

  test('P-051: tries one address of each /24 or /48 before a second of any, also of what PNRP finds late', () =>
    searching('prefixes', [], async (around) => {
      around.members = [
        ['192.0.2.1:1', '[2001:db8:1::1]:1'],
        ['192.0.2.2:1'],
        ['[2001:db8:1:2::2]:1'],
        ['198.51.100.1:1', '[2001:db8:2::1]:1'],
        ['198.51.100.2:1'],
        ['203.0.113.1:1'],
      ]
      around.finding.start()
      await around.advance(5000)
      const [first, second] = [around.dialled.slice(0, 5), around.dialled.slice(5)]
      expect([...first].sort()).toEqual([
        ...['192.0.2.1:1', '198.51.100.1:1', '203.0.113.1:1'],
        ...['[2001:db8:1::1]:1', '[2001:db8:2::1]:1'],
      ])
      expect([...second].sort()).toEqual(['192.0.2.2:1', '198.51.100.2:1', '[2001:db8:1:2::2]:1'])
    }))

  test('P-051: attempts overlap, and the first link ends the others', () =>
    searching('overlap', [], async (around) => {
      around.members = ['192.0.2.1:1', '198.51.100.1:1', '203.0.113.1:1', '233.252.0.1:1'].map((one) => [one])
      around.fates.set('192.0.2.1:1', 'silent').set('198.51.100.1:1', 'silent').set('203.0.113.1:1', 'connected')
      around.finding.start()
      await around.advance(5000)
      expect(around.dialled).toEqual(['192.0.2.1:1', '198.51.100.1:1', '203.0.113.1:1'])
      const begun = around.dialled.map((one) => around.at(`dial ${one}`))
      expect((begun[2] ?? 0) - (begun[0] ?? 0)).toBeCloseTo(2 * OVERLAP_DELAY, -1)
      for (const silent of ['192.0.2.1:1', '198.51.100.1:1']) {
        expect(around.at(`gave up ${silent}`)).toBe(around.at('dial 203.0.113.1:1') + ANSWER)
      }
      expect(around.neighbors).toBe(1)
    }))

  test('tries few addresses at a time, however many are silent', () =>
    searching('at once', [], async (around) => {
      around.members = Array.from({ length: 9 }, (_, index) => [`10.0.${index}.1:1`])
      for (let index = 0; index < 9; index++) around.fates.set(`10.0.${index}.1:1`, 'silent')
      around.finding.start()
      await around.advance(20_000)
      expect(around.dialled).toHaveLength(MOST_AT_ONCE)
    }))

  test('takes so many members from PNRP, and no more', () =>
    searching('most', [], async (around) => {
      around.members = Array.from({ length: 2 * MOST_FOUND }, (_, index) => [`10.0.${index}.1:1`])
      around.finding.start()
      await around.advance(20_000)
      expect(around.dialled).toHaveLength(MOST_FOUND)
      expect(around.failures).toMatchObject([{ code: 'no-member-reachable' }])
    }))

  test('P-051: leaves the addresses that the graph remembers to it, and PNRP waits for them, but not for long', () =>
    searching('remembered', [], async (around) => {
      around.isGraphDialling = true
      around.finding.start()
      await around.advance(500)
      expect(around.resolves).toBe(0)
      around.isGraphDialling = false
      around.finding.statusChanged()
      await around.advance(10)
      expect(around.resolves).toBe(1)
      around.finding.stop()
      around.isGraphDialling = true
      around.finding.start()
      await around.advance(HEAD_START - 100)
      expect(around.resolves).toBe(1)
      await around.advance(200)
      expect(around.resolves).toBe(2)
    }))

  test('passes over what the graph tries, or has tried in vain meanwhile', () =>
    searching('in vain', ['203.0.113.1:1'], async (around) => {
      around.isGraphDialling = true
      around.triedByGraph.add('203.0.113.1:1')
      around.members = [['192.0.2.1:1'], ['198.51.100.1:1']]
      around.finding.start()
      await around.advance(100)
      const refused = { reason: 'the membership was revoked', isRefused: true } as const
      around.finding.attempted(endpoint('192.0.2.1:1'), 'not-authenticated', refused)
      await around.advance(5000)
      expect(around.dialled).toEqual(['198.51.100.1:1'])
      expect(around.failures).toMatchObject([{ code: 'not-let-in' }])
    }))

  test('is over when the graph has found a neighbor by itself', () =>
    searching('by itself', ['192.0.2.1:1'], async (around) => {
      around.fates.set('192.0.2.1:1', 'silent')
      around.finding.start()
      await around.advance(100)
      around.neighbors = 1
      around.finding.statusChanged()
      await around.advance(10 * SEARCH_INTERVAL)
      expect(around.dialled).toEqual(['192.0.2.1:1'])
      expect(around.events.at(-1)).toContain('gave up 192.0.2.1:1')
      expect([around.resolves, around.failures]).toEqual([0, []])
    }))
})

describe('a search that finds nobody', () => {
  const tried = (code: string, ...endpoints: readonly string[]) =>
    endpoints.map((one) => ({ endpoint: one, code, reason: `the reason of ${one}` }))

  test('P-053: nobody registered', () =>
    searching('nobody', HINTS, async (around) => {
      around.finding.start()
      await around.advance(5000)
      const [failure] = around.failures
      expect(failure).toMatchObject({
        code: 'no-members-found',
        details: { group: GROUP, search: 'nobody has registered there', tried: tried('connection-failed', ...HINTS) },
      })
      expect(failure?.message).toContain(`192.0.2.1:3587: the reason of 192.0.2.1:3587`)
    }))

  test('P-053: somebody registered, and nobody reachable', () =>
    searching('unreachable', HINTS, async (around) => {
      around.members = FOUND.map((one) => [one])
      around.fates.set(FOUND[0] ?? '', 'refused')
      around.finding.start()
      await around.advance(5000)
      expect(around.failures).toMatchObject([
        {
          code: 'no-member-reachable',
          details: {
            tried: [
              ...tried('connection-failed', ...HINTS),
              ...tried('refused', FOUND[0] ?? ''),
              ...tried('connection-failed', FOUND[1] ?? ''),
            ],
          },
        },
      ])
    }))

  test('P-053: somebody reachable who does not let this node in', () =>
    searching('not let in', HINTS, async (around) => {
      around.members = FOUND.map((one) => [one])
      around.fates.set(FOUND[0] ?? '', 'not let in')
      around.finding.start()
      await around.advance(5000)
      expect(around.failures).toMatchObject([
        { code: 'not-let-in', details: { tried: expect.arrayContaining(tried('not-authenticated', FOUND[0] ?? '')) } },
      ])
    }))

  test('P-053: a hint at which there is no member of the group is as good as none', () =>
    searching('no member', HINTS, async (around) => {
      around.fates.set(HINTS[0] ?? '', 'not-authenticated')
      around.finding.start()
      await around.advance(5000)
      expect(around.failures).toMatchObject([{ code: 'no-members-found' }])
    }))

  test('P-053: tells what the graph has tried by itself, too, and of many addresses the last ones', () =>
    searching('told', [], async (around) => {
      around.isGraphDialling = true
      around.finding.start()
      await around.advance(100)
      around.finding.attempted(endpoint('192.0.2.9:1'), 'connection-failed')
      around.finding.attempted(endpoint('192.0.2.8:1'), 'connected')
      around.isGraphDialling = false
      around.finding.statusChanged()
      await around.advance(5000)
      const details = (place: number) => around.failures[place]?.details
      expect(details(0)).toMatchObject({ tried: [{ endpoint: '192.0.2.9:1', code: 'connection-failed' }] })
      around.members = Array.from({ length: 40 }, (_, index) => [`10.0.${index}.1:1`])
      await around.advance(2 * SEARCH_INTERVAL)
      expect(details(1)).toMatchObject({ tried: { length: MOST_TOLD } })
    }))

  test('P-028: the cloud of the group is not open here', () =>
    searching('no cloud', HINTS, async (around) => {
      around.members = new PeerageError('cloud-not-found', { name: 'club', open: [] })
      around.finding.start()
      await around.advance(5000)
      expect(around.failures).toEqual([around.members])
    }))

  test('P-053: there is no network', () =>
    searching('no network', [], async (around) => {
      around.members = new PeerageError('no-network', { cloud: 'LinkLocal_' })
      around.finding.start()
      await around.advance(5000)
      const [failure] = around.failures
      expect(failure).toMatchObject({
        code: 'no-members-found',
        details: { search: around.members.message, tried: [] },
      })
      expect(failure?.cause).toBe(around.members)
    }))
})

describe('finding', () => {
  test('P-052: goes on at an interval with a random spread while there is no neighbor', () =>
    searching('interval', [], async (around) => {
      around.finding.start()
      await around.advance(20 * SEARCH_INTERVAL)
      const begun = around.events.flatMap((one) => (one.endsWith('resolve') ? [Number.parseInt(one, 10)] : []))
      const pauses = begun.slice(1).map((time, index) => time - (begun[index] ?? 0) - LOOKUP)
      expect(pauses.length).toBeGreaterThan(12)
      for (const pause of pauses) {
        expect(pause).toBeGreaterThanOrEqual(SEARCH_INTERVAL - 1)
        expect(pause).toBeLessThanOrEqual(1.5 * SEARCH_INTERVAL + 1)
      }
      expect(new Set(pauses).size).toBeGreaterThan(pauses.length / 2)
      expect(around.failures).toHaveLength(begun.length)
      // Somebody who registers meanwhile is found by the next search.
      around.members = [['192.0.2.1:1']]
      around.fates.set('192.0.2.1:1', 'connected')
      await around.advance(2 * SEARCH_INTERVAL)
      expect(around.neighbors).toBe(1)
    }))

  test('P-051: begins again when the last neighbor is lost, after the graph had time to find another one', () =>
    searching('lost', ['192.0.2.1:1'], async (around) => {
      around.fates.set('192.0.2.1:1', 'connected')
      around.finding.start()
      await around.advance(5000)
      expect(around.dialled).toHaveLength(1)
      around.neighbors = 0
      around.finding.statusChanged()
      await around.advance(PAUSE_AFTER_LOSS - 10)
      expect(around.dialled).toHaveLength(1)
      await around.advance(PAUSE_AFTER_LOSS)
      expect(around.dialled).toHaveLength(2)
      expect(around.neighbors).toBe(1)
    }))

  test('does nothing more once it is stopped, whatever it is told', () =>
    searching('stopped', HINTS, async (around) => {
      around.finding.start()
      around.finding.stop()
      around.finding.statusChanged()
      around.finding.connectionRequired()
      await around.advance(2 * SEARCH_INTERVAL)
      expect(around.events).toEqual([])
      around.members = FOUND.map((one) => [one])
      around.finding.start()
      await around.advance(2 * ANSWER + LOOKUP / 2)
      expect(around.resolves).toBe(1)
      around.finding.stop()
      const { length } = around.events
      await around.advance(2 * SEARCH_INTERVAL)
      expect(around.events.slice(length).filter((one) => !one.includes('gave up'))).toEqual([])
    }))

  test('P-054: when the graph asks, the name is resolved again, and the graph gets members that are no neighbors', () =>
    searching('repair', ['192.0.2.1:1'], async (around) => {
      around.neighbors = 2
      around.own.add('192.0.2.1:1').add('198.51.100.1:1')
      around.members = [['198.51.100.1:1'], ['203.0.113.1:1'], ['203.0.113.2:1'], ['[2001:db8:1::1]:1']]
      around.finding.start()
      await around.advance(SEARCH_INTERVAL)
      expect(around.resolves).toBe(0)
      around.finding.connectionRequired()
      around.finding.connectionRequired()
      await around.advance(SEARCH_INTERVAL)
      expect(around.resolves).toBe(1)
      expect(around.given).toEqual([['203.0.113.1:1', '[2001:db8:1::1]:1', '203.0.113.2:1']])
      expect(around.dialled).toEqual([])
      around.members = Array.from({ length: 20 }, (_, index) => [`10.0.${index}.1:1`])
      around.finding.connectionRequired()
      await around.advance(SEARCH_INTERVAL)
      expect(around.given[1]).toHaveLength(MOST_GIVEN_FOR_REPAIR)
      around.members = new PeerageError('no-network', { cloud: 'LinkLocal_' })
      around.finding.connectionRequired()
      await around.advance(SEARCH_INTERVAL)
      expect(around.given).toHaveLength(2)
    }))
})
