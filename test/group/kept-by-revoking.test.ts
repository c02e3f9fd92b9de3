/** What a revocation has to name, so that what is to stay does. */
import { describe, expect, test } from 'vitest'
import { type Keeping, keptByRevoking, type StoredVersion } from '../../src/group/kept-by-revoking.ts'
import { type Revocation, revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, readRevocation } from '../../src/group/revocation-record.ts'
import { SecurityState } from '../../src/group/security-state.ts'
import type { RecordVersion } from '../../src/group/standing.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { crypto, random } from '../identity/platform.ts'
import { type Author, groupKey, groupName, LIFE, link, type MemberHolder, member, NOW } from './member-samples.ts'

const ann = member(groupKey, 1, ['administrator'])
const ida = member(ann, 2, ['inviting-member'])
const joe = member(ida, 3)
const kim = member(ann, 4)
/** Came by a link of Ann's and was let in by Ida. */
const guest = member(link(ann, 5), 6)
/** Came by a link of Ida's and was let in by Ida. */
const visitor = member(link(ida, 7), 8)
const everybody = [ann, ida, joe, kim, guest, visitor]

function version(): RecordVersion {
  return { id: recordIdFromBytes(randomBytes(random, 16)), digest: randomBytes(random, 32) }
}

function written(author: Author, creator = author): StoredVersion {
  return { ...version(), chains: { creator: creator.verified, author: author.verified } }
}

function membership(of: MemberHolder, author: Author): StoredVersion {
  return { ...written(author), membershipOf: of.verified }
}

const records = {
  idas: written(ida),
  joes: written(joe),
  changed: written(ida, joe),
  visitors: written(visitor),
  kims: written(kim),
}
const memberships = {
  ida: membership(ida, ida),
  joe: membership(joe, ida),
  guest: membership(guest, ida),
  visitor: membership(visitor, ida),
  kim: membership(kim, kim),
}
const all = { ...records, ...memberships }

/** What stands at a node that knows all, after Ida is revoked keeping this. */
function standing(keeping: Keeping): { readonly stands: readonly string[]; readonly members: readonly boolean[] } {
  const chains = everybody.map(({ verified }) => verified)
  const revoked = new Set(ida.verified.certificateDigests.slice(-1))
  const kept = keptByRevoking(revoked, chains, Object.values(all), keeping)
  const { revocation } = encodeRevocation(crypto, ann.chain, [ida.chain], kept)
  const content = readRevocation(crypto, groupName, revocation)
  const made: Revocation = { ...content, ...version(), expires: revocationExpires(content.revoked, LIFE) }
  const state = new SecurityState(crypto, groupKey.verified)
  for (const { verified } of everybody) state.learn(verified)
  for (const [holder, stored] of [
    [guest, memberships.guest],
    [visitor, memberships.visitor],
  ] as const) {
    const names = { peerName: holder.verified.leaf.peerName, friendlyName: undefined }
    const {
      id,
      digest,
      chains: { author },
    } = stored
    state.addMembership({ id, digest, ...names, created: NOW, chain: holder.verified, author: author.digest })
  }
  state.addRevocation(made)
  const stands = Object.entries(all).filter(([, stored]) => state.standingOfRecord(stored, stored.chains) === 'stands')
  const members = [ida, joe, guest, visitor].map(({ verified }) => state.standingOfChain(verified) === 'stands')
  return { stands: stands.map(([name]) => name), members }
}

describe('when an inviting member is revoked', () => {
  test('all records and members can stay, with all that proves them', () => {
    const { stands, members } = standing({ records: 'all', members: true })
    expect(stands).toEqual(Object.keys(all))
    expect(members).toEqual([false, true, true, true])
  })

  test('the members alone can stay, with what proves them', () => {
    const { stands, members } = standing({ records: 'none', members: true })
    expect(members).toEqual([false, true, true, true])
    expect(stands).toEqual(['joes', 'visitors', 'kims', ...Object.keys(memberships)])
  })

  test('the records alone can stay, with what proves them', () => {
    const { stands, members } = standing({ records: 'all', members: false })
    expect(members).toEqual([false, false, false, false])
    // Joe and the visitor are out, and what they wrote stays with what proves it; the guest is let in no more.
    expect(stands).toEqual([...Object.keys(records), 'ida', 'joe', 'visitor', 'kim'])
  })

  test('chosen records can stay', () => {
    const { stands } = standing({ records: new Set([records.changed.id]), members: false })
    expect(stands).toEqual(['changed', 'kims', 'ida', 'joe', 'kim'])
    const { stands: own } = standing({ records: new Set([records.idas.id]), members: false })
    expect(own).toEqual(['idas', 'kims', 'ida', 'kim'])
  })

  test('or nothing', () => {
    const { stands, members } = standing({ records: 'none', members: false })
    expect(members).toEqual([false, false, false, false])
    expect(stands).toEqual(['kims', 'kim'])
  })
})
