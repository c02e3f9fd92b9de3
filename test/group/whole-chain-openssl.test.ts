/** Whole chains with links in them, as they are issued and as a kept group has them, printed and verified by openssl. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { joinWithLink, makeLink } from '../../src/group/link-key.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { MEMBERSHIP_TYPE, readMembership } from '../../src/group/membership-record.ts'
import { CERTIFICATE_LABEL } from '../../src/identity/certificate/identity-certificate.ts'
import { authorityPart, parsePeerName } from '../../src/identity/peer-name.ts'
import { encodePem } from '../../src/identity/pem.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { readRecord } from '../../src/records/read-record.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { openssl, opensslOutput } from '../identity/openssl.ts'
import { crypto, random } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { DAY, person, SampleGroup, stateAt } from './issuing-samples.ts'

interface Golden {
  readonly now: number
  readonly group: string
  readonly graphId: string
  readonly records: readonly string[]
}

/** Two lines for each certificate, the root first: the names of its subject and its issuer. */
function printed(chain: string): readonly string[] {
  const bundle = opensslOutput(['crl2pkcs7', '-nocrl', '-certfile', 'chain'], { chain })
  const text = opensslOutput(['pkcs7', '-print_certs', '-noout', '-in', 'bundle'], { bundle })
  return text.split('\n').filter((line) => line !== '')
}

function expectAccepted({ chain }: MemberChain, now: number): void {
  const [root = '', ...others] = chain.map(({ der }) => encodePem(CERTIFICATE_LABEL, der))
  const last = others.pop() ?? ''
  const names = chain.map((certificate) => certificate.subject)
  const common = (line: string, what: string): string | undefined => {
    const [name, value] = line.split(/=? ?CN ?= ?/)
    expect(name).toBe(what)
    return value
  }
  const lines = printed(root + others.join('') + last)
  expect(lines).toHaveLength(2 * chain.length)
  for (const [index, name] of names.entries()) {
    expect(common(lines[2 * index] ?? '', 'subject')).toBe(name)
    expect(common(lines[2 * index + 1] ?? '', 'issuer')).toBe(names[Math.max(0, index - 1)])
  }
  const at = ['-attime', String(Math.trunc(now / 1000))]
  // A file without certificates is none for openssl; the root among those between changes nothing.
  const verify = (between: readonly string[]) =>
    openssl(['verify', '-x509_strict', ...at, '-CAfile', 'root', '-untrusted', 'between', 'last'], {
      ...{ root, last, between: [root, ...between].join('') },
    })
  expect(verify(others)).toMatchObject({ accepted: true })
  // Without one of those between, the link among them, it is no chain.
  for (const missing of others.keys()) {
    expect(verify(others.filter((_, index) => index !== missing)).accepted).toBe(false)
  }
}

test('openssl prints and verifies a whole chain with two links in it', () => {
  const group = new SampleGroup()
  const asked = { admitsUntil: NOW + 7 * DAY, uses: 1, admitter: undefined }
  const first = makeLink(crypto, random, group.creator.issuer, { ...asked, role: 'inviting-member' }, stateAt(NOW))
  const inviter = person(9)
  const { chain } = joinWithLink(crypto, random, first, inviter.keyPair.publicKey, NOW)
  const issuer = { chain, secretKey: inviter.keyPair.secretKey }
  const second = makeLink(crypto, random, issuer, { ...asked, role: 'member' }, stateAt(NOW))
  const member = joinWithLink(crypto, random, second, person(10).keyPair.publicKey, NOW)
  expect(member.chain.map(({ kind }) => kind)).toEqual([
    ...['group-root', 'group-membership', 'link', 'group-membership', 'link', 'group-membership'],
  ])
  expectAccepted(member, NOW + 60_000)
})

test('P-136: openssl prints and verifies the chains of the members of the first release', () => {
  const file = fileURLToPath(new URL('../golden/0.1.0/group.json', import.meta.url))
  const golden: Golden = JSON.parse(readFileSync(file, 'utf8'))
  const group = parsePeerName(golden.group)
  const keys = graphKeys(crypto, parseGraphId(golden.graphId))
  const chains = golden.records.flatMap((bytes) => {
    const record = readRecord(crypto, keys, hex(bytes))
    if (typeof record === 'string' || record.type !== MEMBERSHIP_TYPE) return []
    return [readMembership(crypto, group, record.payload, () => undefined).chain]
  })
  const digests = new Map(chains.map((chain) => [chain.digest, chain]))
  expect(digests.size).toBeGreaterThan(4)
  for (const chain of digests.values()) {
    expect(authorityPart(chain.chain[0].peerName)).toBe(authorityPart(group))
    expectAccepted(chain, golden.now)
  }
})
