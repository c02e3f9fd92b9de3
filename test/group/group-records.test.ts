/** Which records are valid in a group, by which chains, and what is learnt from them. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RECORD_LIFE, GRAPH_INFO_TYPE } from '../../src/graph/graph-properties.ts'
import { rootChain } from '../../src/group/author-chain.ts'
import { digestBytes } from '../../src/group/digests.ts'
import {
  encodeGroupProperties,
  GROUP_PROPERTIES_TYPE,
  type GroupProperties,
  LONGEST_GROUP_TEXT,
  propertiesAuthor,
  propertiesOrigin,
  readGroupProperties,
  requireGroupProperties,
} from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import { GroupRecords } from '../../src/group/group-records.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { encodeProofs } from '../../src/group/record-proofs.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import { readCertificate } from '../../src/identity/certificate/certificate-reader.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import {
  type Author,
  changed,
  groupKey,
  groupName,
  type MemberHolder,
  member,
  NOW,
  written,
  YEAR,
} from './member-samples.ts'

const keys = graphKeys(crypto, parseGraphId('a group for tests'))
const [root] = groupKey.chain
const ann = member(groupKey, 1, ['administrator'])
const bob = member(ann, 2)
const carol = member(ann, 3, ['inviting-member'])
const dave = member(carol, 4)

const properties: GroupProperties = {
  ...{ group: groupName, creator: ann.verified.leaf.peerName, friendlyName: 'Book club', comment: 'Thursdays' },
  ...{ scope: 'global', cloud: '', presenceLifetime: 300_000, longestRecordLife: DEFAULT_RECORD_LIFE },
  ...{ memberDataOptional: true, presenceDisabled: false, deferredExpiration: true },
}

function membership(of: MemberHolder, by: Author = of): GraphRecord {
  const { bytes, leaf, notAfter } = of.verified
  return written(by, {
    type: MEMBERSHIP_TYPE,
    payload: encodeMembership(bytes, leaf.peerName, undefined),
    expires: expirationOfProof(notAfter, DEFAULT_RECORD_LIFE),
  })
}

function revocation(by: Author, whom: MemberHolder): GraphRecord {
  const encoded = encodeRevocation(crypto, by.chain, [whom.chain], { children: [], records: [] })
  const { revoked } = readRevocation(crypto, groupName, encoded.revocation)
  const expires = revocationExpires(revoked, DEFAULT_RECORD_LIFE)
  return written(by, { type: REVOCATION_TYPE, payload: encoded.revocation, expires })
}

/** The security properties, or any part of them. */
function propertiesRecord(
  content: GroupProperties | Uint8Array = properties,
  changes: Partial<RecordDraft> = {},
  previous?: GraphRecord,
  by: Author = groupKey,
  nonce?: Uint8Array,
): GraphRecord {
  const fixed = content instanceof Uint8Array ? properties : content
  const origin = propertiesOrigin(crypto, groupKey.verified, previous === undefined ? fixed : properties)
  const author =
    by === groupKey ? propertiesAuthor(groupKey.verified) : { publicKey: by.keyPair.publicKey, classifier: '' }
  const draft: RecordDraft = {
    ...{ id: previous?.id, type: GROUP_PROPERTIES_TYPE, creator: previous?.creator ?? author, created: origin.created },
    ...{ version: (previous?.version ?? 0) + 1, author, modified: origin.created + (previous?.version ?? 0) },
    ...{ expires: groupKey.verified.notAfter, deleted: false, encoding: 'bytes', attributes: [] },
    payload: content instanceof Uint8Array ? content : encodeGroupProperties(content),
    ...changes,
  }
  const proofs = encodeProofs({
    creator: (previous === undefined ? by : groupKey).verified.digest,
    author: by.verified.digest,
  })
  const signing = { keyPair: by.keyPair, proofs }
  if (previous !== undefined) return makeLaterVersion(crypto, keys, draft, previous, signing)
  return makeFirstVersion(crypto, keys, draft, nonce ?? origin.nonce, signing)
}

class Node {
  readonly problems: string[] = []
  readonly records = new GroupRecords(crypto, root, (problem) => this.problems.push(problem))

  constructor(...stored: readonly GraphRecord[]) {
    for (const record of stored) this.records.stored(record)
  }

  /** What becomes of a record: its verdict, or why it is none. */
  says(record: GraphRecord): string {
    const verdict = this.records.validate(record)
    if (typeof verdict === 'object') return 'missing'
    return verdict === 'valid' ? verdict : (this.problems.at(-1) ?? '')
  }
}

const all = [ann, bob, carol, dave].map((one) => membership(one))

test('P-084: a record waits for the chain that it names, and is judged by it once it is here', () => {
  const node = new Node()
  const record = written(bob)
  expect(node.records.validate(record)).toEqual({ missingProof: digestBytes(bob.verified.digest) })
  expect(node.records.learn(bob.verified)).toBe(true)
  expect(node.says(record)).toBe('valid')
})

test('P-086: nobody but administrators changes the record of another, and whoever wrote it has the key of its chain', () => {
  const node = new Node(...all)
  const first = written(bob)
  expect(node.says(first)).toBe('valid')
  expect(node.says(changed(first, bob.verified, bob))).toBe('valid')
  expect(node.says(changed(first, bob.verified, ann))).toBe('valid')
  expect(node.says(changed(first, bob.verified, carol))).toBe('no-right')
  expect(node.says(changed(first, bob.verified, dave))).toBe('no-right')
  expect(node.says(written({ ...bob, verified: dave.verified }))).toBe('wrong-chain')
  expect(node.says(written(groupKey))).toBe('no-right')
  const end = bob.verified.notAfter
  expect(node.says(written(bob, { created: end - 1, modified: end - 1, expires: end }))).toBe('valid')
  expect(node.says(written(bob, { created: end + 1, modified: end + 1, expires: end + 2 }))).toBe('outside-validity')
  expect(node.says(written(bob, { expires: end + 1 }))).toBe('expiration')
})

test('P-072: a membership record is believed by the chain in it, or by that of an issuer, which has to be known', () => {
  const node = new Node()
  expect(node.says(membership(bob))).toBe('valid')
  expect(node.says(membership(bob, ann))).toBe('missing')
  node.records.stored(membership(bob, ann))
  expect(node.records.state.chainsOf(bob.verified.key)).toEqual([])
  node.records.stored(membership(ann))
  expect(node.says(membership(bob, ann))).toBe('valid')
  expect(node.records.state.chainsOf(bob.verified.key)).toHaveLength(1)
  expect(new Node(...all).says(membership(bob, carol))).toBe('no-right')
})

test('the payload of security properties has these bytes, and what later releases add is passed over', () => {
  const {
    properties: said,
    payload,
    later,
    refused,
  } = JSON.parse(readFileSync('docs/protocol/vectors/group-properties.json', 'utf8'))
  expect(toHex(encodeGroupProperties(said))).toBe(payload)
  expect(readGroupProperties(hex(payload))).toEqual(said)
  expect(readGroupProperties(hex(later))).toEqual(said)
  for (const { what, payload: bytes, code } of refused) {
    let thrown: unknown
    try {
      readGroupProperties(hex(bytes))
    } catch (error) {
      thrown = error
    }
    expect(PeerageError.is(thrown, code), what).toBe(true)
  }
})

test('the nonce of security properties follows from the GRC and from what is fixed', () => {
  const { properties: said, origin } = JSON.parse(readFileSync('docs/protocol/vectors/group-properties.json', 'utf8'))
  const grc = readCertificate(hex(origin.root))
  if (grc.kind !== 'group-root') throw new Error('it is no GRC')
  const { created, nonce } = propertiesOrigin(crypto, rootChain(crypto, grc), said)
  expect([created, toHex(nonce)]).toEqual([origin.created, origin.nonce])
  const changed = { ...said, friendlyName: 'another', comment: 'another', memberDataOptional: false }
  expect(toHex(propertiesOrigin(crypto, rootChain(crypto, grc), changed).nonce)).toBe(origin.nonce)
})

test('P-077: only the group key signs the security properties, and inside the validity of the GRC', () => {
  const node = new Node(...all)
  const first = propertiesRecord()
  expect(node.says(first)).toBe('valid')
  node.records.stored(first)
  expect(node.records.properties).toEqual(properties)
  expect(node.says(propertiesRecord({ ...properties, comment: 'Fridays' }, {}, first))).toBe('valid')
  expect(node.says(propertiesRecord(properties, {}, undefined, ann))).toBe('wrong-chain')
  expect(node.says(propertiesRecord(properties, {}, first, ann))).toBe('wrong-chain')
  const late = { modified: groupKey.verified.notAfter + 1, expires: groupKey.verified.notAfter + 2 }
  expect(node.says(propertiesRecord(properties, late, first))).toBe('outside-validity')
})

test('P-078: security properties that are deleted, malformed, of another group or a second record are refused', () => {
  const node = new Node(...all)
  const first = propertiesRecord()
  node.records.stored(first)
  expect(node.says(propertiesRecord(new Uint8Array(), { deleted: true }, first))).toBe('deleted')
  expect(node.says(propertiesRecord(Uint8Array.of(1, 2)))).toBe('malformed')
  expect(node.says(propertiesRecord(Uint8Array.of(2, 2)))).toBe('unknown-version')
  expect(propertiesRecord({ ...properties, comment: 'made elsewhere' }).id).toBe(first.id)
  expect(node.says(propertiesRecord({ ...properties, group: ann.verified.leaf.peerName }))).toBe('malformed')
  expect(node.says(propertiesRecord(properties, {}, undefined, groupKey, new Uint8Array(16)))).toBe('modified')
  expect(node.says(propertiesRecord(properties, { created: NOW, modified: NOW }))).toBe('modified')
  expect(node.says(propertiesRecord(properties, { expires: NOW + YEAR }))).toBe('expiration')
  const others = [{ creator: bob.verified.leaf.peerName }, { scope: 'site-local' }, { cloud: 'another' }] as const
  for (const other of [...others, { presenceLifetime: 400_000 }, { longestRecordLife: YEAR }]) {
    expect(node.says(propertiesRecord({ ...properties, ...other }, {}, first))).toBe('modified')
    // Said from the beginning it is another record, and of two the one with the lower ID counts, whatever came first.
    const second = propertiesRecord({ ...properties, ...other })
    expect(new Node(...all).says(second)).toBe('valid')
    expect(node.says(second)).toBe('valid')
    const counting = second.id < first.id ? { ...properties, ...other } : properties
    for (const both of [
      [first, second],
      [second, first],
    ]) {
      const other = new Node(...all, ...both)
      expect(other.records.properties).toEqual(counting)
      other.records.removed(second)
      expect(other.records.properties).toEqual(properties)
    }
  }
  const unsecured = { creator: { publicKey: groupKey.keyPair.publicKey, classifier: 'another' } }
  expect(node.says(propertiesRecord(properties, unsecured))).toBe('wrong-chain')
  expect(node.says(written(ann, { type: GRAPH_INFO_TYPE }))).toBe('no-right')
})

test('P-029: names and comments have at most 254 code units, and longer ones are refused', () => {
  const at = (length: number) => 'é'.repeat(length)
  for (const name of ['friendlyName', 'comment'] as const) {
    const longest = { ...properties, [name]: at(LONGEST_GROUP_TEXT) }
    expect(readGroupProperties(encodeGroupProperties(requireGroupProperties(longest)))).toEqual(longest)
    expect(LONGEST_GROUP_TEXT).toBe(254)
    for (const wrong of [at(LONGEST_GROUP_TEXT + 1), 'a\0b', '\ud800']) {
      expect(() => requireGroupProperties({ ...properties, [name]: wrong })).toThrow(PeerageError)
    }
    const longer = encodeGroupProperties({ ...properties, [name]: 'e'.repeat(LONGEST_GROUP_TEXT + 1) })
    expect(() => readGroupProperties(longer)).toThrow('its')
  }
})

test('what is revoked falls, with all that was done under it', () => {
  const node = new Node(...all)
  const records = [written(carol), written(dave), written(bob)]
  expect(records.map((record) => node.says(record))).toEqual(['valid', 'valid', 'valid'])
  const good = revocation(ann, carol)
  expect(node.says(good)).toBe('valid')
  expect(node.says(revocation(carol, bob))).toBe('no-right')
  node.records.stored(good)
  expect(node.says(good)).toBe('valid')
  expect(records.map((record) => node.says(record))).toEqual(['revoked', 'revoked', 'valid'])
  expect(node.says(revocation(carol, dave))).toBe('revoked')
  node.records.removed(good)
  expect(records.map((record) => node.says(record))).toEqual(['valid', 'valid', 'valid'])
})

test('P-083, P-090: whatever the order in which they are stored, the same records give the same verdicts', () => {
  const told = [...all, membership(dave, carol), membership(bob, ann), revocation(ann, carol), propertiesRecord()]
  const judged = [...told, written(ann), written(bob), written(carol), written(dave), revocation(carol, dave)]
  const expected = judged.map((record) => new Node(...told).says(record))
  expect(new Set(expected)).toEqual(new Set(['valid', 'revoked']))
  fc.assert(
    fc.property(fc.shuffledSubarray(told, { minLength: told.length }), (order) => {
      const node = new Node(...order)
      expect(judged.map((record) => node.says(record))).toEqual(expected)
    }),
    { numRuns: 20 },
  )
})

test('an administrator is who had that role in the chain that the version names', () => {
  const both = member(groupKey, 2, ['administrator'])
  const node = new Node(...all, membership(both))
  const first = written(bob)
  expect(node.records.isAdministrator(first)).toBe(false)
  expect(node.records.isAdministrator(changed(first, bob.verified, both))).toBe(true)
  expect(node.records.isAdministrator(changed(first, bob.verified, bob))).toBe(false)
})
