import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { IdentityStore, StoredIdentity } from '../../src/identity/identity-store.ts'
import { authorityPart } from '../../src/identity/peer-name.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { openssl, opensslOutput } from './openssl.ts'
import { StoreDisk } from './store-disk.ts'

/** A store with two identities, of which the first is to be damaged. */
class Subject {
  readonly disk = new StoreDisk()
  readonly ann: StoredIdentity
  readonly bob: StoredIdentity
  readonly file: string

  constructor(passphrase?: string) {
    const store = this.disk.open()
    this.ann = store.create({ friendlyName: 'Ann', passphrase })
    this.bob = store.create({ friendlyName: 'Bob' })
    this.file = `${authorityPart(this.ann.peerName)}.pem`
  }

  /** The file of the first identity. */
  get text(): string {
    return this.bytes.toString()
  }

  get bytes(): Buffer {
    return Buffer.from(this.disk.storage().read(this.file, 100_000) ?? [])
  }

  /** Replaces the file of the first identity; gives a new store on the disk. */
  replace(content: string | Uint8Array): IdentityStore {
    this.disk.storage().write(this.file, new Uint8Array(Buffer.from(content)))
    return this.disk.open()
  }

  /** The error of the first identity, which is the same however it is met, while the second one stays usable. */
  problem(store = this.disk.open()): PeerageError {
    const before = this.disk.files()
    const [problem, ...others] = store.problems()
    expect(others).toEqual([])
    expect(problem?.file).toBe(this.file)
    const error = problem?.error
    if (error === undefined) throw new Error('there is no problem')
    for (const use of [
      () => store.get(this.ann.peerName),
      () => store.keyPair(),
      () => store.delete(this.ann.peerName),
    ]) {
      expect(expectCode(error.code, use, 'using the damaged identity').details).toEqual(error.details)
    }
    expect(store.list()).toEqual([this.bob])
    expect(store.keyPair(this.bob.peerName).publicKey).toHaveLength(32)
    expect(this.disk.files()).toEqual(before)
    return error
  }

  /** What is said to be wrong with the file, which must be named, with a remedy. */
  damage(content: string | Uint8Array): string {
    const error = this.problem(this.replace(content))
    if (!PeerageError.is(error, 'identity-file-damaged')) throw error
    expect(error.details.file).toBe(this.disk.storage().locate(this.file))
    expect(error.message).toContain(this.file)
    expect(error.advice).toMatch(/Restore this file from a backup/)
    return error.details.problem
  }
}

/** The text with a checksum that is right for it, so that something else must be found wrong. */
function resealed(text: string): string {
  const lines = text.split('\n')
  const sealed = lines.filter((line) => !line.startsWith('Checksum: ')).join('\n')
  return text.replace(/^Checksum: .*$/m, `Checksum: ${createHash('sha256').update(sealed).digest('hex')}`)
}

/** The text with another block in place of its key, and a checksum that is right for it. */
function withBlock(text: string, block: string): string {
  return resealed(text.replace(/-----BEGIN [\s\S]*$/, block))
}

describe('a file that cannot be used', () => {
  test('I-08: one that is cut short anywhere is told, and every other identity stays usable', () => {
    const subject = new Subject()
    const { bytes } = subject
    for (let length = 0; length < bytes.length; length++) {
      const problem = subject.damage(bytes.subarray(0, length))
      if (length > 'Peerage-Identity: 1\n'.length) expect(problem, `${length} bytes`).toMatch(/cut short/)
    }
  })

  test('I-06, I-08: one with any byte changed is told, with a passphrase before the passphrase is tried', () => {
    for (const passphrase of [undefined, 'correct horse']) {
      const subject = new Subject(passphrase)
      const { bytes } = subject
      for (let index = 0; index < bytes.length; index++) {
        const changed = Buffer.from(bytes)
        changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
        const store = subject.replace(changed)
        const codes = store.problems().map(({ error }) => error.code)
        // Another digit in place of the schema's 1 is a newer schema, and so it is told.
        expect([['identity-file-damaged'], ['identity-file-newer']], `byte ${index}`).toContainEqual(codes)
        if (passphrase !== undefined) {
          expectCode(codes[0] ?? 'malformed', () => store.unlock(subject.ann.peerName, passphrase), `byte ${index}`)
        }
        expect(store.list()).toEqual([subject.bob])
      }
    }
  })

  test.each([
    ['text', 'shopping list: milk'],
    ['other bytes', Uint8Array.from({ length: 300 }, (_, index) => index * 7)],
    ['only its lines', 'Peerage-Identity: 1\nPeer-Name: "x"\n'],
  ])('I-08: one that holds %s is not a key', (_what, content) => {
    expect(new Subject().damage(content)).toMatch(/not a key|not text|no key in it/)
  })

  test.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['elliptic curve', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['X25519', generateKeyPairSync('x25519')],
    ['Ed448', generateKeyPairSync('ed448')],
  ])(
    'I-08: one with a key of another type (%s) is told so, with our lines before it and without',
    (type, { privateKey }) => {
      const subject = new Subject()
      const { text } = subject
      const block = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      expect(subject.damage(withBlock(text, block))).toContain(type)
      expect(subject.damage(block)).toContain(type)
    },
  )

  test('I-08: one with something else than a private key is told what it is', () => {
    const subject = new Subject()
    const { publicKey } = generateKeyPairSync('ed25519')
    const block = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(subject.damage(withBlock(subject.text, block))).toBe('it holds a PUBLIC KEY and not a PRIVATE KEY')
  })

  test('I-08: one with the key of another identity is told so, in the clear and with a passphrase', () => {
    const subject = new Subject()
    const { privateKey } = generateKeyPairSync('ed25519')
    const block = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(subject.damage(withBlock(subject.text, block))).toBe('its private key is not that of its public key')

    const locked = new Subject('correct horse')
    const files = new Map([...locked.disk.files()].map(([name, text]) => [name, text]))
    const other = new Subject('correct horse')
    const stolen = /-----BEGIN [\s\S]*$/.exec(other.text)?.[0] ?? ''
    const store = locked.replace(withBlock(files.get(locked.file) ?? '', stolen))
    const error = expectCode(
      'identity-file-damaged',
      () => store.unlock(locked.ann.peerName, 'correct horse'),
      'unlocking',
    )
    expect(error.details.problem).toBe('its private key is not that of its public key')
    expectCode('identity-locked', () => store.keyPair(locked.ann.peerName), 'using the key')
  })

  test('I-08: one that has the name of another identity is told so', () => {
    const subject = new Subject()
    const bobs = subject.disk.files().get(`${authorityPart(subject.bob.peerName)}.pem`) ?? ''
    expect(subject.damage(bobs)).toBe('it has the file name of another identity')
  })

  test.each([
    ['Peer-Name', '"0.ann"', 'its peer name is not a name of its key'],
    ['Peer-Name', 'ann', 'its peer name is not a text in quotes'],
    ['Peer-Name', '"nodot"', 'there is no dot in it'],
    ['Friendly-Name', '""', 'there is nothing in it'],
    ['Friendly-Name', '"a\\nb"', 'control character'],
    ['Friendly-Name', '"\\u0041nn"', 'its friendly name is not a text in quotes'],
    ['Public-Key', 'AAAA', 'its public key is not an Ed25519 key'],
    ['Public-Key', '!', 'its public key is not in base64'],
    ['Created', 'yesterday', 'its line "Created" is not a time'],
    ['Order', '0', 'its line "Order" is not a number'],
    ['Order', '1e3', 'its line "Order" is not a number'],
    ['Peerage-Identity', '0', 'its first line is not "Peerage-Identity: " and a number'],
  ])('I-08: a line "%s: %s" is refused for itself', (name, value, problem) => {
    const subject = new Subject()
    const line = new RegExp(`^${name}: .*$`, 'm')
    expect(subject.damage(resealed(subject.text.replace(line, () => `${name}: ${value}`)))).toContain(problem)
  })

  test('I-08: a line that is missing, doubled or unknown is refused', () => {
    const subject = new Subject()
    const { text } = subject
    expect(subject.damage(resealed(text.replace(/^Order: .*\n/m, '')))).toBe('its line 6 is not "Order: ..."')
    expect(subject.damage(resealed(text.replace(/^Order: .*\n/m, '$&$&')))).toBe('its line 7 is not "Checksum: ..."')
    expect(subject.damage(resealed(text.replace('-----BEGIN', 'Color: blue\n-----BEGIN')))).toContain('line 8')
    expect(subject.damage(`${text}one more line\n`)).toBe('something follows the key')
  })

  test('I-08: one that other users can read is told with the remedy', () => {
    const subject = new Subject()
    subject.disk.expose(subject.file)
    const error = subject.problem()
    expect(error.code).toBe('file-not-private')
    expect(error.message).toContain(subject.file)
    expect(error.advice).toContain('chmod 600')
  })

  test('I-08: one that is too large is not read', () => {
    const subject = new Subject()
    subject.replace(subject.text + 'x'.repeat(10_000))
    expect(subject.problem().code).toBe('file-too-large')
  })

  test('I-34: one of a newer schema gets an error that says so, and is left as it is', () => {
    const subject = new Subject()
    for (const content of [
      subject.text.replace('Peerage-Identity: 1', 'Peerage-Identity: 2'),
      'Peerage-Identity: 17\nx',
    ]) {
      subject.replace(content)
      const error = subject.problem()
      if (!PeerageError.is(error, 'identity-file-newer')) throw error
      expect(error.details.known).toBe(1)
      expect(error.advice).toContain('Update Peerage')
      expectCode('identity-file-newer', () => subject.disk.open().rename(subject.ann.peerName, 'x'), 'renaming')
      expect(subject.text).toBe(content)
    }
  })

  test('I-08: each problem is logged once', () => {
    const subject = new Subject()
    const store = subject.replace('')
    subject.disk.logged.length = 0
    for (let times = 0; times < 3; times++) store.list()
    expect(subject.disk.logged).toEqual([expect.stringContaining('identity-file-damaged')])
  })
})

describe('openssl', () => {
  /** The key that the line `Public-Key` gives, in the form that openssl prints. */
  const publicKeyIn = (text: string): string => {
    const info = Buffer.from(/^Public-Key: (.*)$/m.exec(text)?.[1] ?? '', 'base64')
    return opensslOutput(['pkey', '-pubin', '-inform', 'DER', '-in', 'key', '-pubout'], { key: info })
  }

  test('I-06: reads the key file of an identity as it is', () => {
    const { text } = new Subject()
    expect(opensslOutput(['pkey', '-in', 'key.pem', '-pubout'], { 'key.pem': text })).toBe(publicKeyIn(text))
    expect(opensslOutput(['pkey', '-in', 'key.pem', '-noout', '-text'], { 'key.pem': text })).toContain(
      'ED25519 Private',
    )
  })

  test('I-06: reads the key file of an identity with a passphrase, and only with that', () => {
    const { text } = new Subject('correct horse \u00e4')
    const read = (passphrase: string) =>
      openssl(['pkey', '-in', 'key.pem', '-passin', 'file:pass', '-pubout'], { 'key.pem': text, pass: passphrase })
    expect(read('correct horse \u00e4\n').output).toBe(publicKeyIn(text))
    expect(read('wrong horse\n').accepted).toBe(false)
  })
})
