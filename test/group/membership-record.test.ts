/** Membership records: what they say, and who may publish them. */
import { describe, expect, test } from 'vitest'
import {
  encodeMembership,
  judgeMembership,
  MEMBERSHIP_TYPE,
  readMembership,
} from '../../src/group/membership-record.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { damaged } from '../wire/damage.ts'
import {
  type Author,
  changed,
  groupKey,
  groupName,
  LIFE,
  link,
  type MemberHolder,
  member,
  NOW,
  written,
} from './member-samples.ts'

const ann = member(groupKey, 1, ['administrator'])
const ida = member(ann, 2, ['inviting-member'])
const joe = member(ida, 3)
const zoe = member(ann, 4)

function nameOf({ verified }: MemberHolder, classifier = 'home'): ReturnType<typeof makePeerName> {
  return makePeerName(verified.leaf.peerName.slice(0, 40), classifier)
}

function payloadOf(holder: MemberHolder): Uint8Array {
  return encodeMembership(holder.verified.bytes, nameOf(holder), 'Somebody')
}

function judged(holder: MemberHolder, author: Author, changes: Partial<RecordDraft> = {}): unknown {
  const { notAfter } = holder.verified
  const record = written(author, {
    type: MEMBERSHIP_TYPE,
    payload: payloadOf(holder),
    expires: notAfter + LIFE,
    ...changes,
  })
  const content = readMembership(crypto, groupName, record.payload, () => undefined)
  return judgeMembership(record, content, author.verified, LIFE)
}

describe('what it says', () => {
  test('a chain, a peer name with its classifier, and a friendly name, which may be missing', () => {
    const read = readMembership(crypto, groupName, payloadOf(joe), () => undefined)
    expect(read.chain.digest).toBe(joe.verified.digest)
    expect(read).toMatchObject({ peerName: nameOf(joe), friendlyName: 'Somebody' })
    const nameless = encodeMembership(joe.verified.bytes, nameOf(joe), undefined)
    expect(readMembership(crypto, groupName, nameless, () => undefined).friendlyName).toBe(undefined)
  })

  test('a chain that is known is not verified once more', () => {
    const idle = {
      ...crypto,
      sha256: crypto.sha256.bind(crypto),
      verify: () => {
        throw new Error('it is verified')
      },
    }
    expect(readMembership(idle, groupName, payloadOf(joe), () => joe.verified).chain).toBe(joe.verified)
    expect(() => readMembership(idle, groupName, payloadOf(joe), () => undefined)).toThrow('it is verified')
  })

  test('P-073: another version, group, name or length is refused, each for its reason', () => {
    const payload = payloadOf(joe)
    const codeOf = (bytes: Uint8Array, group = groupName): string => {
      try {
        readMembership(crypto, group, bytes, () => undefined)
      } catch (error) {
        if (error instanceof PeerageError) return error.code
        throw error
      }
      return 'none'
    }
    expect(codeOf(payload)).toBe('none')
    expect(codeOf(Uint8Array.of(2, ...payload.slice(1)))).toBe('unsupported-version')
    expect(codeOf(payload.slice(0, -1))).toBe('malformed')
    expect(codeOf(Uint8Array.of(...payload, 0))).toBe('malformed')
    expect(codeOf(encodeMembership(joe.verified.bytes, nameOf(ida), 'Ida'))).toBe('malformed')
    expect(codeOf(payload, makePeerName(groupName.slice(0, 40), 'another club'))).toBe('invalid-certificate')
    expect(codeOf(encodeMembership(joe.verified.bytes.slice(0, -1), nameOf(joe), 'Joe'))).toBe('invalid-certificate')
  })

  test('damage is refused by an error of the catalog, whatever it is', () => {
    const payload = payloadOf(ann)
    const random = new SeededRandom('membership records')
    for (let round = 0; round < 2000; round++) {
      const bytes = damaged(random, [payload])
      try {
        const read = readMembership(crypto, groupName, bytes, () => undefined)
        // What is left of the names is not signed here: the record is.
        expect(read.chain.digest).toBe(ann.verified.digest)
      } catch (error) {
        expect(error).toBeInstanceOf(PeerageError)
      }
    }
  })
})

describe('who publishes it', () => {
  test('its holder, by the very chain; whoever issued a certificate of it; the group key', () => {
    for (const author of [joe, ida, ann, groupKey]) {
      expect(judged(joe, author)).toMatchObject({ author: author.verified.digest, created: NOW })
    }
  })

  test('nobody else, unless the holder came by a link', () => {
    expect(judged(joe, zoe)).toBe('no-right')
    const guest = member(link(ida, 5), 6)
    for (const author of [zoe, joe, ida])
      expect(judged(guest, author)).toMatchObject({ author: author.verified.digest })
    // Who came by a link lets in whom they want, but those whom they issue are no guests of the link.
    const host = member(link(ann, 7, 'inviting-member'), 8, ['inviting-member'])
    expect(judged(member(host, 9), zoe)).toBe('no-right')
  })

  test('not the holder under another chain of theirs', () => {
    expect(judged(joe, member(ida, 3))).toBe('no-right')
  })

  test('it names the chain of its author twice', () => {
    const record = written(joe, {
      type: MEMBERSHIP_TYPE,
      payload: payloadOf(joe),
      expires: joe.verified.notAfter + LIFE,
    })
    const content = readMembership(crypto, groupName, record.payload, () => undefined)
    expect(judgeMembership({ ...record, proofs: new Uint8Array(64) }, content, joe.verified, LIFE)).toBe('proofs')
    expect(judgeMembership(record, content, ida.verified, LIFE)).toBe('wrong-chain')
  })
})

describe('how long it lives', () => {
  test('P-075: until the end of its chain and for the longest record life after that, neither less nor more', () => {
    const end = joe.verified.notAfter + LIFE
    expect(judged(joe, joe, { expires: end - 1 })).toBe('expiration')
    expect(judged(joe, joe, { expires: end + 1 })).toBe('expiration')
    expect(judged(joe, ida, { expires: end })).toMatchObject({ friendlyName: 'Somebody' })
  })

  test('it is made while the chain of its author is valid', () => {
    expect(judged(joe, joe, { created: joe.verified.notBefore - 1, modified: NOW })).toBe('outside-validity')
  })

  test('P-073: it is never changed and never deleted', () => {
    const expires = joe.verified.notAfter + LIFE
    const record = written(joe, { type: MEMBERSHIP_TYPE, payload: payloadOf(joe), expires })
    const content = readMembership(crypto, groupName, record.payload, () => undefined)
    const later = changed(record, joe.verified, joe, { payload: payloadOf(joe) })
    expect(judgeMembership(later, content, joe.verified, LIFE)).toBe('modified')
    const gone = changed(record, joe.verified, joe, { deleted: true, payload: new Uint8Array() })
    expect(judgeMembership(gone, content, joe.verified, LIFE)).toBe('deleted')
  })
})
