/**
 * A member who has written more than one record can name is revoked, and all of it stays (P-102): in the tests with few records, and
 * in bench/scale/kept-records.ts with as many as the row names.
 */
import { REVOCATION_PAGE_TYPE } from '../../src/group/revocation-page.ts'
import { MINUTE, NodeGroup, type NodeMember } from './simulated-group-nodes.ts'

/** What came of it. */
export interface RevokedWithRecords {
  /** Which the revocation names. */
  readonly pages: number
  /** For how long the revoked had links after it, in milliseconds of simulated time. */
  readonly linksClosedAfter: number
  /** How many notes each of the others has: who revoked, a member, and one who has come since. */
  readonly notes: Readonly<Record<string, number>>
  /** Databases of these that differ from the most frequent one. */
  readonly differ: number
  /** Of these, who still lists the revoked. */
  readonly listing: readonly string[]
}

const TYPE = 'test.note'
const MOST_PAGES = 1000
/** In milliseconds of simulated time. */
const LONGEST_COPY: number = 60 * MINUTE
/** How many are written before the others get them. */
const BATCH = 5000

/** @param say Told how far it is */
export function revokeWithRecords(
  seed: string,
  count: number,
  say: (what: string) => void = () => undefined,
): RevokedWithRecords {
  const group = new NodeGroup(seed)
  const { creator } = group
  const bob = group.add('Bob')
  const carol = group.add('Carol')
  group.untilEqual()
  for (let written = 0; written < count; written += BATCH) {
    const end = Math.min(count, written + BATCH)
    for (let index = written; index < end; index++) bob.member.write(`note ${index}`)
    group.untilEqual(LONGEST_COPY)
    say(`${end} records are everywhere`)
  }
  group.done<void>((done) => creator.node.revoke(bob.name, { records: 'all', members: true }, undefined, done))
  const pages = creator.member.node.store.list({ type: REVOCATION_PAGE_TYPE, limit: MOST_PAGES }).length
  const revoked = group.now()
  group.until(() => !hasLinkTo(creator, bob) && !hasLinkTo(carol, bob))
  const linksClosedAfter = group.now() - revoked
  say('Bob is out')
  bob.member.close()
  group.until(() => differences(group, creator, carol) === 0, LONGEST_COPY)
  say('all pages are everywhere')
  const dave = group.add('Dave')
  const others = [creator, carol, dave]
  group.until(() => differences(group, ...others) === 0, LONGEST_COPY)
  return {
    ...{ pages, linksClosedAfter },
    notes: Object.fromEntries(others.map((one) => [one.friendlyName, notesOf(one, count)])),
    differ: differences(group, ...others),
    listing: others.filter((one) => 'Bob' in one.sees()).map(({ friendlyName }) => friendlyName),
  }
}

export function hasLinkTo(one: NodeMember, other: NodeMember): boolean {
  return [...one.member.node.parts.neighbors.all()].some(({ session }) => session.peer.key === other.member.key)
}

/** Different texts of live notes. */
function notesOf({ member }: NodeMember, most: number): number {
  const notes = member.node.store.list({ type: TYPE, limit: most + 1 })
  return new Set(notes.map(({ record }) => new TextDecoder().decode(record.payload))).size
}

function differences(group: NodeGroup, ...members: readonly NodeMember[]): number {
  return group.graph.differences(members.map(({ member }) => member)).length
}
