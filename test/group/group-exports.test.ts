import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  decodeGroupConfiguration,
  encodeGroupConfiguration,
  type GroupConfiguration,
  MOST_CONFIGURED_HINTS,
  readConfigurationHead,
} from '../../src/group/group-configuration.ts'
import { decodeGroupKey, encodeGroupKey } from '../../src/group/group-key-export.ts'
import { LARGEST_CHAIN, LONGEST_CHAIN } from '../../src/identity/certificate/chain-encoding.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { signFor } from '../../src/identity/signature-purpose.ts'
import { LONGEST_CLOUD_NAME } from '../../src/pnrp/cloud.ts'
import { drawGraphId } from '../../src/records/graph-id.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { type Endpoint, formatEndpoint, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { openssl, opensslOutput } from '../identity/openssl.ts'
import { crypto, random } from '../identity/platform.ts'
import { damaged } from '../wire/damage.ts'
import { person, SampleGroup } from './issuing-samples.ts'

const PASSWORD = 'correct horse battery staple'
const group = new SampleGroup()
const other = new SampleGroup({ classifier: 'another' })
const hint: Endpoint = { host: ipAddressFromBytes(Uint8Array.of(192, 0, 2, 1)), port: 3587 }

/** The platform's crypto with a scrypt that costs nothing, where a test derives many keys. */
const quick: Crypto = { ...crypto, scrypt: (password, salt) => crypto.sha256(password, salt) }

function configurationOf(member = group.creator): GroupConfiguration {
  const { peerName: identity, chain } = member
  return { identity, group: group.name, graphId: drawGraphId(random), cloud: 'Global_', hints: [hint], chain }
}

/** Every text that differs from this one in a character, or lacks one, or has one more. */
function* alterations(text: string): Generator<string> {
  const bytes = Buffer.from(text)
  for (let place = 0; place < bytes.length; place++) {
    const altered = Buffer.from(bytes)
    altered[place] = (altered[place] ?? 0) ^ (1 << (place % 7))
    yield altered.toString()
    if (place < bytes.length - 1) yield text.slice(0, place) + text.slice(place + 1)
    yield `${text.slice(0, place)}x${text.slice(place)}`
  }
}

interface Vectors {
  readonly password: string
  readonly configuration: { readonly says: Readonly<Record<string, unknown>>; readonly text: string }
  readonly key: { readonly group: string; readonly seed: string; readonly text: string }
}

describe('docs/protocol/vectors/group-exports.json, which another implementation made', () => {
  const { password, configuration, key }: Vectors = JSON.parse(
    readFileSync(new URL('../../docs/protocol/vectors/group-exports.json', import.meta.url), 'utf8'),
  )

  test('the configuration is read', () => {
    const read = decodeGroupConfiguration(crypto, configuration.text, password)
    expect({ ...read, hints: read.hints.map(formatEndpoint), chain: read.chain.digest }).toEqual(configuration.says)
  })

  test('the group key is read', () => {
    const read = decodeGroupKey(crypto, key.text, parsePeerName(key.group), password)
    expect(toHex(read.secretKey.subarray(0, 32))).toBe(key.seed)
  })
})

describe('the configuration', () => {
  test('it carries all but keys, and comes back with the password', () => {
    const configuration = configurationOf()
    const text = encodeGroupConfiguration(crypto, random, configuration, PASSWORD)
    expect(decodeGroupConfiguration(crypto, text, PASSWORD)).toEqual(configuration)
    const crlf = text.replaceAll('\n', '\r\n').slice(0, -2)
    expect(decodeGroupConfiguration(crypto, crlf, PASSWORD)).toEqual(configuration)
    const bare = { ...configuration, cloud: undefined, hints: [] }
    const bareText = encodeGroupConfiguration(quick, random, bare, PASSWORD)
    expect(decodeGroupConfiguration(quick, bareText, PASSWORD)).toEqual(bare)
  })

  test('without the password only the two names can be read, not the chain, the graph or the members', () => {
    const configuration = configurationOf()
    const text = encodeGroupConfiguration(crypto, random, configuration, PASSWORD)
    const { identity, graphId, chain } = configuration
    expect(readConfigurationHead(crypto, text)).toEqual({ identity, group: group.name })
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from(text.replace(/^[\s\S]*?-----\n/, ''), 'base64')])
    for (const part of [graphId, 'Global_', 'Book club']) expect(bytes.includes(part)).toBe(false)
    for (const { publicKey, serialNumber } of chain.chain) {
      expect(bytes.includes(Buffer.from(publicKey))).toBe(false)
      expect(bytes.includes(Buffer.from(serialNumber))).toBe(false)
    }
    for (const { secretKey } of [group.made.keyPair, group.creator.keyPair]) {
      expect(bytes.includes(Buffer.from(secretKey.subarray(0, 32)))).toBe(false)
    }
  })

  test('a password is needed, and a wrong one is told as such', () => {
    const encode = (password: string) => () => encodeGroupConfiguration(crypto, random, configurationOf(), password)
    expectCode('empty-password', encode(''), 'an empty password')
    expectCode('invalid-argument', encode('two\nlines'), 'two lines')
    const text = encodeGroupConfiguration(quick, random, configurationOf(), PASSWORD)
    expectCode('wrong-passphrase', () => decodeGroupConfiguration(quick, text, 'wrong'), 'a wrong password')
  })

  test('any character altered, left out or put in is refused before the password is tried', () => {
    const text = encodeGroupConfiguration(quick, random, configurationOf(), PASSWORD)
    const untried: Crypto = {
      ...quick,
      scrypt: () => {
        throw new Error('the password was tried')
      },
    }
    for (const altered of alterations(text)) {
      const isNewer = /^Peerage-Group-Configuration: [2-9]/.test(altered)
      const code = isNewer ? 'unsupported-version' : 'invalid-group-export'
      expectCode(
        code,
        () => decodeGroupConfiguration(untried, altered, PASSWORD),
        JSON.stringify(altered.slice(0, 200)),
      )
    }
  })

  test('names in the clear are sealed along: others with a right checksum do not open', () => {
    const text = encodeGroupConfiguration(quick, random, configurationOf(), PASSWORD)
    const renamed = text.replace(group.name, `${group.name}s`)
    const sealed = renamed.replace(/^Checksum: .*\n/m, '')
    const checksum = Buffer.from(crypto.sha256(Buffer.from(sealed))).toString('hex')
    const forged = renamed.replace(/^Checksum: .*$/m, `Checksum: ${checksum}`)
    expect(readConfigurationHead(quick, forged).group).toBe(`${group.name}s`)
    expectCode('wrong-passphrase', () => decodeGroupConfiguration(quick, forged, PASSWORD), 'another name')
  })

  test('a chain of another identity or of another group is refused', () => {
    const bob = group.admit(group.creator.issuer, person(7))
    const theirs = other.admit(other.creator.issuer, person(7))
    for (const chain of [bob.chain, theirs.chain]) {
      const text = encodeGroupConfiguration(quick, random, { ...configurationOf(), chain }, PASSWORD)
      expectCode('invalid-group-export', () => decodeGroupConfiguration(quick, text, PASSWORD), 'a strange chain')
    }
  })

  test('whatever somebody who knows the password has sealed, it is read or refused, and nothing else is thrown', () => {
    const damage = new SeededRandom('configurations')
    const damaging: Crypto = {
      ...quick,
      seal: (key, nonce, plaintext, along) => quick.seal(key, nonce, damaged(damage, [plaintext]), along),
    }
    let refused = 0
    for (let run = 0; run < 500; run++) {
      const text = encodeGroupConfiguration(damaging, random, configurationOf(), PASSWORD)
      try {
        decodeGroupConfiguration(quick, text, PASSWORD)
      } catch (error) {
        if (!PeerageError.is(error, 'invalid-group-export')) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(400)
  })

  test('the longest of everything fits', () => {
    const names = new SampleGroup({ friendlyName: '€'.repeat(254), classifier: '\u0001'.repeat(149) })
    const last = names.line(LONGEST_CHAIN - 1).at(-1) ?? names.creator
    const who = { ...person(LONGEST_CHAIN - 1, 'Zoe', '\u0001'.repeat(149)), chain: last.chain }
    const configuration = {
      ...{ identity: who.peerName, group: names.name, graphId: drawGraphId(random), chain: last.chain },
      cloud: '€'.repeat(LONGEST_CLOUD_NAME),
      hints: Array.from({ length: MOST_CONFIGURED_HINTS }, () => hint),
    }
    const text = encodeGroupConfiguration(quick, random, configuration, PASSWORD)
    expect(decodeGroupConfiguration(quick, text, PASSWORD)).toEqual(configuration)
    // The names of other implementations can make chains longer, up to the limit of all chains.
    const full = { ...configuration.chain, bytes: new Uint8Array(LARGEST_CHAIN) }
    const fullText = encodeGroupConfiguration(quick, random, { ...configuration, chain: full }, PASSWORD)
    // Read up to its chain, which is none.
    const { details } = expectCode(
      'invalid-group-export',
      () => decodeGroupConfiguration(quick, fullText, PASSWORD),
      '',
    )
    expect(details.problem).toContain('certificate')
  })

  test.each([
    ['nothing', ''],
    ['other text', 'hello'],
    ['a long text', 'x'.repeat(1_000_000)],
    ['an unpaired surrogate', 'Peerage-Group-Configuration: 1\n\ud800'],
    ['a group key', encodeGroupKey(crypto, random, group.name, group.made.keyPair, PASSWORD)],
  ])('%s is not a configuration', (_what, text) => {
    expectCode('invalid-group-export', () => decodeGroupConfiguration(crypto, text, PASSWORD), 'importing')
  })
})

describe('the group key', () => {
  const { keyPair } = group.made
  const text = encodeGroupKey(crypto, random, group.name, keyPair, PASSWORD)

  test('openssl opens it with the password and no other, and it comes back for its group', () => {
    expect(text).toContain(`Group: ${JSON.stringify(group.name)}\n`)
    const open = (password: string) =>
      openssl(['pkey', '-in', 'key', '-passin', 'file:password', '-noout'], { key: text, password })
    expect(open(PASSWORD).accepted).toBe(true)
    expect(open('wrong').accepted).toBe(false)
    const pem = opensslOutput(['pkey', '-in', 'key', '-passin', 'file:password'], { key: text, password: PASSWORD })
    const { d } = createPrivateKey(pem).export({ format: 'jwk' })
    expect(Buffer.from(d ?? '', 'base64url')).toEqual(Buffer.from(keyPair.secretKey.subarray(0, 32)))
    expect(decodeGroupKey(crypto, text, group.name, PASSWORD)).toEqual(keyPair)
  })

  test('a password is always needed, and a wrong one is told as such', () => {
    const encode = (password: string) => () => encodeGroupKey(crypto, random, group.name, keyPair, password)
    expectCode('empty-password', encode(''), 'an empty password')
    expectCode('invalid-argument', encode('two\nlines'), 'two lines')
    expectCode('wrong-passphrase', () => decodeGroupKey(crypto, text, group.name, 'wrong'), 'a wrong password')
  })

  test('the key of another group is refused', () => {
    const decode = () => decodeGroupKey(crypto, text, other.name, PASSWORD)
    expect(expectCode('another-group', decode, 'another group').details).toEqual({
      expected: other.name,
      given: group.name,
    })
  })

  test('any character altered, left out or put in is refused before the password is tried', () => {
    for (const altered of alterations(text)) {
      const code = /^Peerage-Group-Key: [2-9]/.test(altered) ? 'unsupported-version' : 'invalid-group-export'
      expectCode(
        code,
        () => decodeGroupKey(crypto, altered, group.name, 'wrong'),
        JSON.stringify(altered.slice(0, 200)),
      )
    }
  })

  test('a name that the key does not have is refused, although the key has signed it', () => {
    const renamed = text.replace(/^Group: "[0-9a-f]{40}/m, `Group: "${'0'.repeat(40)}`)
    const sealed = Buffer.from(renamed.replace(/^Signature: .*\n/m, ''))
    const signature = Buffer.from(signFor(crypto, 'group-key-export', sealed, keyPair.secretKey)).toString('base64')
    const forged = renamed.replace(/^Signature: .*$/m, `Signature: ${signature}`)
    const decode = () => decodeGroupKey(crypto, forged, group.name, PASSWORD)
    expect(expectCode('invalid-group-export', decode, 'another name').details.problem).toContain(
      'not a name of its key',
    )
  })
})
