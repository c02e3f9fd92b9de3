/** The vectors of revocations: their payloads, who may make them, and what they do. */
import { describe, expect, test } from 'vitest'
import { type Kept, KeptList } from '../../src/group/kept-list.ts'
import { encodePage, pageDigest, readPage } from '../../src/group/revocation-page.ts'
import { encodeRevocation, readRevocation } from '../../src/group/revocation-record.ts'
import { mayRevoke } from '../../src/group/rights.ts'
import { SecurityState } from '../../src/group/security-state.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import { decodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import {
  authorCalled,
  certificateCalled,
  chainBytes,
  type HistoryVector,
  memberCalled,
  membershipVectors,
  revocationVectors,
  type VersionVector,
  vectorGroup,
  versionOf,
} from './group-vectors.ts'

const { revocations, unknown, refused, pages, refusedPages, paged, rights, histories } = revocationVectors

function keptOf(children: readonly string[], records: readonly VersionVector[]): Kept {
  return { children: children.map(certificateCalled), records: records.map(versionOf) }
}

function encoded(author: string, revoked: readonly string[], kept: Kept): ReturnType<typeof encodeRevocation> {
  return encodeRevocation(crypto, authorCalled(author).chain, revoked.map(chainCalled), kept)
}

/** Of a link, too. */
function chainCalled(name: string): Chain {
  return decodeChain(chainBytes(name))
}

describe('the payload of a revocation', () => {
  for (const { what, author, revoked, children, records, payload } of revocations) {
    test(`states: ${what}`, () => {
      expect(toHex(encoded(author, revoked, keptOf(children, records)).revocation)).toBe(payload)
      const read = readRevocation(crypto, vectorGroup, hex(payload))
      expect(read.author).toEqual(authorCalled(author))
      expect(read.revoked.map(({ digest }) => digest)).toEqual(revoked.map(certificateCalled))
      expect(read.kept).toEqual(KeptList.of(keptOf(children, records)))
      expect(read.pages).toEqual([])
    })
  }

  test('fields that are not known are passed over', () => {
    const first = revocations[0]?.payload ?? ''
    expect(readRevocation(crypto, vectorGroup, hex(unknown))).toEqual(readRevocation(crypto, vectorGroup, hex(first)))
  })

  for (const { what, error, payload } of refused) {
    test(`is refused ${what}`, () => {
      const read = (): unknown => readRevocation(crypto, vectorGroup, hex(payload))
      expect(read).toThrow(expect.objectContaining({ code: error }))
    })
  }
})

describe('pages', () => {
  for (const { what, children, records, digest, payload } of pages) {
    test(`keep ${what}`, () => {
      const list = KeptList.of(keptOf(children, records))
      expect(toHex(encodePage(list))).toBe(payload)
      expect(readPage(hex(payload))).toEqual(list)
      expect(pageDigest(crypto, hex(payload))).toBe(digest)
    })
  }

  for (const { what, error, payload } of refusedPages) {
    test(`are refused ${what}`, () => {
      expect(() => readPage(hex(payload))).toThrow(expect.objectContaining({ code: error }))
    })
  }

  test('hold what a revocation has no room for', () => {
    const records = Array.from({ length: paged.recordsUntil - paged.recordsFrom }, (_, index) => {
      const hash = (word: string): Uint8Array => crypto.sha256(toUtf8(`${word} ${paged.recordsFrom + index}`))
      return { id: recordIdFromBytes(hash('id').slice(0, 16)), digest: hash('digest') }
    })
    const made = encoded(paged.author, paged.revoked, { children: paged.children.map(certificateCalled), records })
    expect(made.pages.map((page) => pageDigest(crypto, page))).toEqual(paged.pages)
    expect(toHex(made.revocation)).toBe(paged.payload)
    expect(readRevocation(crypto, vectorGroup, made.revocation).pages).toEqual(paged.pages)
  })
})

test('who may revoke what is as the vectors say', () => {
  for (const { author, chain, index, allowed } of rights) {
    expect(mayRevoke(authorCalled(author), memberCalled(chain).certificateDigests, index)).toBe(allowed)
  }
})

describe('what revocations do', () => {
  for (const history of histories) {
    for (const order of ['in order', 'in reverse'] as const) {
      test(`${history.what}, ${order}`, () => {
        const state = stateOf(history, order)
        for (const { name, id } of history.revocations) {
          expect(state.counts(versionOf({ id, digest: '' }).id)).toBe(history.counts[name])
        }
        for (const [name, standing] of Object.entries(history.standing)) {
          expect(state.standingOfChain(memberCalled(name))).toBe(standing)
        }
        for (const { creator, author, standing, ...version } of history.records) {
          const chains = { creator: authorCalled(creator), author: authorCalled(author) }
          expect(state.standingOfRecord(versionOf(version), chains)).toBe(standing)
        }
      })
    }
  }
})

function stateOf(
  { memberships = [], revocations: revoked }: HistoryVector,
  order: 'in order' | 'in reverse',
): SecurityState {
  const state = new SecurityState(crypto, authorCalled('root'))
  const steps = [
    ...Object.keys(membershipVectors.chains)
      .filter((name) => name !== 'root' && name !== 'way')
      .map((name) => () => void state.learn(memberCalled(name))),
    ...memberships.map(({ chain, author, created, ...version }) => () => {
      const { leaf } = memberCalled(chain)
      const names = { peerName: leaf.peerName, friendlyName: undefined, author: authorCalled(author).digest }
      state.addMembership({ ...versionOf(version), ...names, created, chain: memberCalled(chain) })
    }),
    ...revoked.map(({ author, revoked: names, children, records, ...version }) => () => {
      const payload = encoded(author, names, keptOf(children, records)).revocation
      const expires = Number.MAX_SAFE_INTEGER
      state.addRevocation({ ...readRevocation(crypto, vectorGroup, payload), ...versionOf(version), expires })
    }),
  ]
  for (const step of order === 'in order' ? steps : steps.reverse()) step()
  return state
}
