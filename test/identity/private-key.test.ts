import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OCTET_STRING, SEQUENCE } from '../../src/identity/der-tags.ts'
import { derElement, derInteger, derObjectIdentifier } from '../../src/identity/der-writer.ts'
import { objectIdentifier } from '../../src/identity/object-identifier.ts'
import { encodePem, readPemBlock } from '../../src/identity/pem.ts'
import {
  decodePrivateKey,
  decryptPrivateKey,
  ENCRYPTED_PRIVATE_KEY_LABEL,
  encodePrivateKey,
  encryptPrivateKey,
  PRIVATE_KEY_LABEL,
} from '../../src/identity/private-key.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import type { Crypto, ScryptCost } from '../../src/runtime/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { openssl, opensslOutput } from './openssl.ts'
import { crypto, random } from './platform.ts'

const seed = hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
const keyPair = crypto.signingKeyPair(seed)
const plain = encodePrivateKey(keyPair.secretKey)
const encrypted = encryptPrivateKey(crypto, random, keyPair.secretKey, 'correct horse')

function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

function bytesIn(pem: string): Uint8Array {
  const block = readPemBlock(pem)
  if (block === undefined) throw new Error(`no PEM block: ${pem}`)
  return block.bytes
}

function changed(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[index] = value
  return copy
}

/** The problem that a PeerageError `malformed` names. */
function problemOf(body: () => unknown): string {
  try {
    body()
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return error.details.problem
    throw error
  }
  return 'nothing was refused'
}

test('I-06: a key in the clear has the form of RFC 8410 section 10.3 and is read back', () => {
  expect(toHex(plain)).toBe(`302e020100300506032b657004220420${toHex(seed)}`)
  expect(decodePrivateKey(plain)).toEqual(seed)
})

test('I-06: openssl reads a key in the clear and derives the same public key', () => {
  const { accepted, output } = openssl(['pkey', '-in', 'key', '-noout', '-text'], {
    key: encodePem(PRIVATE_KEY_LABEL, plain),
  })
  expect(accepted).toBe(true)
  expect(output.replace(/[\s:]/g, '')).toContain(toHex(seed))
  expect(output.replace(/[\s:]/g, '')).toContain(toHex(keyPair.publicKey))
})

test('I-06, I-11: openssl opens an encrypted key with its passphrase and with no other', () => {
  const files = { key: encodePem(ENCRYPTED_PRIVATE_KEY_LABEL, encrypted) }
  const opened = openssl(['pkey', '-in', 'key', '-passin', 'pass:correct horse'], files)
  expect(opened.accepted).toBe(true)
  expect(readPemBlock(opened.output)).toMatchObject({ label: PRIVATE_KEY_LABEL, bytes: plain })
  expect(openssl(['pkey', '-in', 'key', '-passin', 'pass:correct horsf'], files).accepted).toBe(false)
})

test('I-06: a passphrase counts in UTF-8, for openssl too', () => {
  const key = encryptPrivateKey(crypto, random, keyPair.secretKey, 'Grüße 🐎')
  const files = { key: encodePem(ENCRYPTED_PRIVATE_KEY_LABEL, key) }
  expect(openssl(['pkey', '-in', 'key', '-passin', 'pass:Grüße 🐎'], files).accepted).toBe(true)
  expect(decryptPrivateKey(crypto, key, 'Grüße 🐎')).toEqual(seed)
})

test('I-06: what openssl writes is read, in the clear and encrypted with its own scrypt parameters', () => {
  const key = opensslOutput(['genpkey', '-algorithm', 'ed25519'])
  const locked = opensslOutput(
    ['pkcs8', '-topk8', '-in', 'key', '-v2', 'aes-256-cbc', '-scrypt', '-passout', 'pass:p'],
    {
      key,
    },
  )
  const ours = decodePrivateKey(bytesIn(key))
  expect(decryptPrivateKey(crypto, bytesIn(locked), 'p')).toEqual(ours)
})

test('I-06: the right passphrase gives the seed, a wrong one gives nothing', () => {
  expect(decryptPrivateKey(crypto, encrypted, 'correct horse')).toEqual(seed)
  expect(decryptPrivateKey(crypto, encrypted, 'correct horsf')).toBeUndefined()
  expect(decryptPrivateKey(crypto, encrypted, '')).toBeUndefined()
})

test('I-06: a wrong passphrase whose padding happens to be right gives nothing either', () => {
  const noise: Crypto = { ...crypto, decryptAes256Cbc: () => hex('30112233445566778899aabbccddeeff') }
  expect(decryptPrivateKey(noise, encrypted, 'other')).toBeUndefined()
})

test('I-06: two encryptions of one key share neither salt nor ciphertext', () => {
  const again = encryptPrivateKey(crypto, random, keyPair.secretKey, 'correct horse')
  expect(again.length).toBe(encrypted.length)
  expect(toHex(again).slice(-128)).not.toBe(toHex(encrypted).slice(-128))
})

test('I-08: a key that is cut short says so, wherever it is cut', () => {
  for (let length = 0; length < plain.length; length++) {
    expect(problemOf(() => decodePrivateKey(plain.subarray(0, length)))).toMatch(/^it is cut short/)
  }
  for (let length = 0; length < encrypted.length; length++) {
    expect(problemOf(() => decryptPrivateKey(crypto, encrypted.subarray(0, length), 'p'))).toMatch(/^it is cut short/)
  }
})

test('I-08: what is not a key says so', () => {
  const notAKey = /^this is not a PKCS#8 (encrypted )?private key$/
  expect(problemOf(() => decodePrivateKey(new TextEncoder().encode('hello')))).toMatch(notAKey)
  expect(problemOf(() => decodePrivateKey(encrypted))).toMatch(notAKey)
  expect(problemOf(() => decodePrivateKey(hex('3006020100020100')))).toMatch(notAKey)
  expect(problemOf(() => decryptPrivateKey(crypto, plain, 'p'))).toMatch(notAKey)
})

test('I-08: another type of key is named', () => {
  const types = { rsa: 'RSA', ec: 'elliptic curve (ECDSA)', x25519: 'X25519', ed448: 'Ed448', x448: 'X448' }
  const options = { rsa: ['rsa_keygen_bits:1024'], ec: ['ec_paramgen_curve:P-256'] }
  for (const [algorithm, name] of Object.entries(types)) {
    const extra = Object.entries(options).flatMap(([key, values]) => (key === algorithm ? ['-pkeyopt', ...values] : []))
    const bytes = bytesIn(opensslOutput(['genpkey', '-algorithm', algorithm, ...extra]))
    expect(problemOf(() => decodePrivateKey(bytes))).toBe(`this is another type of key, ${name}, not Ed25519`)
  }
})

test('I-08: another type of key is named when it was encrypted, too', () => {
  const key = opensslOutput(['genpkey', '-algorithm', 'x25519'])
  const locked = opensslOutput(
    ['pkcs8', '-topk8', '-in', 'key', '-v2', 'aes-256-cbc', '-scrypt', '-passout', 'pass:p'],
    {
      key,
    },
  )
  expect(problemOf(() => decryptPrivateKey(crypto, bytesIn(locked), 'p'))).toMatch(/another type of key, X25519/)
})

test('I-08: a key that was encrypted in another way names that way', () => {
  const key = encodePem(PRIVATE_KEY_LABEL, plain)
  const pbkdf2 = opensslOutput(['pkcs8', '-topk8', '-in', 'key', '-v2', 'aes-256-cbc', '-passout', 'pass:p'], { key })
  expect(problemOf(() => decryptPrivateKey(crypto, bytesIn(pbkdf2), 'p'))).toBe(
    'it is encrypted with 1.2.840.113549.1.5.12 instead of scrypt',
  )
  const aes128 = opensslOutput(
    ['pkcs8', '-topk8', '-in', 'key', '-v2', 'aes-128-cbc', '-scrypt', '-passout', 'pass:p'],
    {
      key,
    },
  )
  expect(problemOf(() => decryptPrivateKey(crypto, bytesIn(aes128), 'p'))).toBe(
    'it is encrypted with 2.16.840.1.101.3.4.1.2 instead of AES-256-CBC',
  )
})

test('I-08: a key with another version, a longer seed or bytes left over is refused with the reason', () => {
  expect(problemOf(() => decodePrivateKey(changed(plain, 4, 1)))).toBe('its version is 1, and only 0 is read')
  expect(problemOf(() => decodePrivateKey(Uint8Array.of(...plain, 0)))).toBe('bytes are left over after the key')
  const longer = Uint8Array.of(...changed(changed(changed(plain, 1, 0x2f), 13, 0x23), 15, 0x21), 7)
  expect(problemOf(() => decodePrivateKey(longer))).toBe('its seed has 33 bytes instead of 32')
  const attributes = Uint8Array.of(...changed(plain, 1, 0x30), 0xa0, 0)
  expect(problemOf(() => decodePrivateKey(attributes))).toBe('2 bytes are left over after the key')
  expect(problemOf(() => decodePrivateKey(new Uint8Array(16_385)))).toBe('it has more than 16384 bytes')
})

test('I-08: scrypt parameters that would cost too much are refused before they are used', () => {
  const costs: ScryptCost[] = []
  const counting: Crypto = {
    ...crypto,
    scrypt: (password, salt, cost, length) => {
      costs.push(cost)
      return crypto.scrypt(password, salt, cost, length)
    },
  }
  const refused = (...numbers: readonly number[]): string =>
    problemOf(() => decryptPrivateKey(counting, encryptedWith(...numbers), 'p'))
  expect(refused(2 ** 30, 8, 1)).toBe('the cost of scrypt is 1073741824, not a power of two up to 65536')
  expect(refused(2 ** 17, 8, 1)).toBe('the cost of scrypt is 131072, not a power of two up to 65536')
  expect(refused(16_640, 8, 1)).toBe('the cost of scrypt is 16640, not a power of two up to 65536')
  expect(refused(1, 8, 1)).toBe('the cost of scrypt is 1, not a power of two up to 65536')
  expect(refused(2 ** 40, 8, 1)).toBe('the cost of scrypt is too large')
  expect(refused(16_384, 9, 1)).toBe('the block size of scrypt is 9, not 1 to 8')
  expect(refused(16_384, 0, 1)).toBe('the block size of scrypt is 0, not 1 to 8')
  expect(refused(16_384, 8, 17)).toBe('the parallelization of scrypt is 17, not 1 to 16')
  expect(refused(16_384, 8, 0)).toBe('the parallelization of scrypt is 0, not 1 to 16')
  expect(refused(16_384, 8, 1, 16)).toBe('its key length is 16, not 32')
  expect(costs).toEqual([])
  expect(refused(2, 1, 1, 32)).toBe('nothing was refused')
  expect(costs).toEqual([{ cost: 2, blockSize: 1, parallelization: 1 }])
})

/** An encrypted key that asks for these numbers: N, r, p and perhaps the length of the key. */
function encryptedWith(...numbers: readonly number[]): Uint8Array {
  const salt = derElement(OCTET_STRING, new Uint8Array(16))
  const scrypt = derElement(SEQUENCE, salt, ...numbers.map(derInteger))
  const derivation = derElement(SEQUENCE, derObjectIdentifier(objectIdentifier('1.3.6.1.4.1.11591.4.11')), scrypt)
  const iv = derElement(OCTET_STRING, new Uint8Array(16))
  const cipher = derElement(SEQUENCE, derObjectIdentifier(objectIdentifier('2.16.840.1.101.3.4.1.42')), iv)
  const pbes2 = derObjectIdentifier(objectIdentifier('1.2.840.113549.1.5.13'))
  const encryption = derElement(SEQUENCE, pbes2, derElement(SEQUENCE, derivation, cipher))
  return derElement(SEQUENCE, encryption, derElement(OCTET_STRING, new Uint8Array(64)))
}

test('I-08: a changed or random key gives a seed or the error malformed, nothing else', () => {
  const cheap: Crypto = { ...crypto, scrypt: (_password, _salt, _cost, length) => new Uint8Array(length) }
  const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.constantFrom(plain, encrypted), fc.array(mutation, { maxLength: 4 }), (original, mutations) => {
      const bytes = Uint8Array.from(original)
      for (const [index, value] of mutations) bytes[index % bytes.length] = value
      // Whatever else is thrown leaves problemOf and fails the test.
      problemOf(() => expect(decodePrivateKey(bytes)).toHaveLength(32))
      problemOf(() => expect(decryptPrivateKey(cheap, bytes, 'p')?.length ?? 32).toBe(32))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(problemOf(() => decodePrivateKey(bytes))).not.toBe('nothing was refused')
    }),
  )
})

test('an empty passphrase and a key of another length are errors of the program', () => {
  expect(() => encryptPrivateKey(crypto, random, keyPair.secretKey, '')).toThrow(RangeError)
  expect(() => encodePrivateKey(seed)).toThrow(RangeError)
})
