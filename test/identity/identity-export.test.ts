import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { StoredIdentity } from '../../src/identity/identity-store.ts'
import { namedKeyValues } from '../../src/identity/named-key.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { signFor } from '../../src/identity/signature-purpose.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import type { ErrorCode, PeerageError } from '../../src/runtime/peerage-error.ts'
import { openssl, opensslOutput } from './openssl.ts'
import { crypto } from './platform.ts'
import { StoreDisk } from './store-disk.ts'

const PASSWORD = 'correct horse battery staple'

interface Exported {
  readonly identity: StoredIdentity
  readonly keyPair: SigningKeyPair
  readonly text: string
}

function exported(options: { classifier?: string; friendlyName?: string } = {}): Exported {
  const store = new StoreDisk().open()
  const identity = store.create({ friendlyName: 'Ann', ...options })
  return { identity, keyPair: store.keyPair(), text: store.export(identity.peerName, PASSWORD) }
}

/** Imports into a store that has another identity already. It must fail, and nothing may change. */
function refusal<Code extends ErrorCode>(code: Code, text: string, password = PASSWORD): PeerageError<Code> {
  const disk = new StoreDisk()
  const bob = disk.open().create({ friendlyName: 'Bob' })
  const before = disk.files()
  const error = expectCode(code, () => disk.open().import(text, { password }), 'the import')
  expect(disk.files()).toEqual(before)
  expect(disk.open().list()).toEqual([bob])
  return error
}

/** The text after a change, signed again, so that something else must be found wrong. */
function signedAgain(text: string, { secretKey }: SigningKeyPair): string {
  const sealed = Buffer.from(text.replace(/^Signature: .*\n/m, ''))
  const signature = Buffer.from(signFor(crypto, 'identity-export', sealed, secretKey)).toString('base64')
  return text.replace(/^Signature: .*$/m, `Signature: ${signature}`)
}

describe('export', () => {
  test('I-11: the text shows the names in the clear, and openssl opens the key with the password and no other', () => {
    const { text, identity, keyPair } = exported({ classifier: 'at home', friendlyName: 'Ann "the first"' })
    expect(text).toContain(`Peer-Name: "${identity.peerName}"\n`)
    expect(text).toContain('Friendly-Name: "Ann \\"the first\\""\n')
    const open = (password: string) =>
      openssl(['pkey', '-in', 'key', '-passin', 'file:password', '-outform', 'DER', '-out', 'opened'], {
        key: text,
        password,
      })
    expect(open(PASSWORD).accepted).toBe(true)
    expect(open('wrong').accepted).toBe(false)
    const pem = opensslOutput(['pkey', '-in', 'key', '-passin', 'file:password'], { key: text, password: PASSWORD })
    const { d } = createPrivateKey(pem).export({ format: 'jwk' })
    expect(Buffer.from(d ?? '', 'base64url')).toEqual(Buffer.from(keyPair.secretKey.subarray(0, 32)))
  })

  test('I-11: a password is always needed, and one that cannot be given to openssl is refused', () => {
    const store = new StoreDisk().open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    expectCode('empty-password', () => store.export(peerName, ''), 'an empty password')
    expectCode('invalid-argument', () => store.export(peerName, 'two\nlines'), 'two lines')
    expectCode('empty-password', () => store.import('', { password: '' }), 'an import with an empty password')
  })

  test('I-11: two exports of one identity have nothing of the encrypted key in common', () => {
    const store = new StoreDisk().open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    const blockOf = (text: string) => text.split('\n').slice(-6)
    expect(blockOf(store.export(peerName, PASSWORD))).not.toEqual(blockOf(store.export(peerName, PASSWORD)))
  })
})

describe('import', () => {
  test('I-12: it restores names, key and authority, and gives the identity', () => {
    const { text, identity, keyPair } = exported({ classifier: '\u2028-----BEGIN x', friendlyName: 'Änn' })
    const disk = new StoreDisk()
    disk.now += 1000
    const store = disk.open()
    const imported = store.import(text, { password: PASSWORD })
    expect(imported).toEqual({ ...identity, created: disk.now })
    expect(disk.open().list()).toEqual([imported])
    expect(disk.open().keyPair(imported.peerName)).toEqual(keyPair)
    expect(store.keyPair()).toEqual(keyPair)
  })

  test('I-12: the key gets the passphrase that is given for it here', () => {
    const { text, identity, keyPair } = exported()
    const disk = new StoreDisk()
    expect(disk.open().import(text, { password: PASSWORD, passphrase: 'here' }).locked).toBe(false)
    const store = disk.open()
    expectCode('identity-locked', () => store.keyPair(identity.peerName), 'using the key')
    store.unlock(identity.peerName, 'here')
    expect(store.keyPair(identity.peerName)).toEqual(keyPair)
  })

  test('I-12: an identity that exists already is refused, with another friendly name, too', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    const text = store.export(peerName, PASSWORD)
    store.rename(peerName, 'Anna')
    const before = disk.files()
    const error = expectCode('identity-exists', () => store.import(text, { password: PASSWORD }), 'the import')
    expect(error.details).toEqual({ identity: peerName })
    expect(disk.files()).toEqual(before)
  })

  test('I-12: a wrong password is told as such', () => {
    const { text, identity } = exported()
    expect(refusal('wrong-passphrase', text, 'wrong').details).toEqual({ identity: identity.peerName })
  })

  test('I-12: any byte altered, left out or put in is refused, before the password is tried', () => {
    const { text } = exported()
    const bytes = Buffer.from(text)
    const store = new StoreDisk().open()
    const refused = (altered: Buffer, what: string) => {
      const attempt = () => store.import(altered.toString(), { password: 'wrong' })
      // Another digit in place of the schema's 1 is a newer schema, and so it is told.
      const code = /^Peerage-Identity-Export: [2-9]/.test(altered.toString())
        ? 'identity-file-newer'
        : 'invalid-identity-export'
      expectCode(code, attempt, what)
    }
    for (let index = 0; index < bytes.length; index++) {
      const altered = Buffer.from(bytes)
      altered[index] = (altered[index] ?? 0) ^ (1 << (index % 7))
      refused(altered, `byte ${index} altered`)
      const before = bytes.subarray(0, index)
      if (index < bytes.length - 1) refused(Buffer.concat([before, bytes.subarray(index + 1)]), `without byte ${index}`)
      refused(Buffer.concat([before, Buffer.from('x'), bytes.subarray(index)]), `with one more byte before ${index}`)
    }
    expect(store.list()).toEqual([])
  })

  test('I-12: a clear peer name that the key does not match is refused, although the key has signed it', () => {
    const { text, identity, keyPair } = exported()
    const other = makePeerName(authorityPart(exported().identity.peerName), 'peer')
    const forged = signedAgain(text.replace(identity.peerName, other), keyPair)
    expect(refusal('invalid-identity-export', forged).details.problem).toBe('its peer name is not a name of its key')
    // The same change with a name of this key shows that the test signs as the export does.
    const renamed = signedAgain(text.replace(identity.peerName, `${authorityPart(identity.peerName)}.x`), keyPair)
    expect(new StoreDisk().open().import(renamed, { password: PASSWORD }).peerName).toMatch(/\.x$/)
  })

  test('I-12: an encrypted key that is not the one that signed is refused', () => {
    const mine = exported()
    const block = /-----BEGIN [\s\S]*$/
    const forged = signedAgain(mine.text.replace(block, block.exec(exported().text)?.[0] ?? ''), mine.keyPair)
    const problem = 'its private key is not that of its public key'
    expect(refusal('invalid-identity-export', forged).details.problem).toBe(problem)
  })

  test('I-12: a key that is not encrypted is refused', () => {
    const { text, identity, keyPair } = exported()
    const { 'Public-Key': publicKey } = namedKeyValues({ ...identity, publicKey: keyPair.publicKey })
    expect(text).toContain(publicKey)
    const key = opensslOutput(['pkey', '-in', 'key', '-passin', 'file:pass'], { key: text, pass: PASSWORD })
    const bare = signedAgain(text.replace(/-----BEGIN [\s\S]*$/, key), keyPair)
    expect(refusal('invalid-identity-export', bare).details.problem).toContain('PRIVATE KEY')
  })

  test('I-12: line ends that mail and consoles change are read, and so is a last line without one', () => {
    const { text, identity } = exported()
    for (const carried of [
      text.replaceAll('\n', '\r\n'),
      text.slice(0, -1),
      text.replaceAll('\n', '\r\n').slice(0, -2),
    ]) {
      expect(new StoreDisk().open().import(carried, { password: PASSWORD }).peerName).toBe(identity.peerName)
    }
  })

  test.each([
    ['nothing', ''],
    ['other text', 'hello'],
    ['a long text', 'x'.repeat(1_000_000)],
    ['an unpaired surrogate', 'Peerage-Identity-Export: 1\n\ud800'],
    ['a key file', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
  ])('I-12: %s is not an export', (_what, text) => {
    refusal('invalid-identity-export', text)
  })

  test('I-12: the key file of an identity is not an export', () => {
    const disk = new StoreDisk()
    disk.open().create({ friendlyName: 'Ann', passphrase: PASSWORD })
    const [, file = ''] = [...disk.files()].find(([name]) => name.endsWith('.pem')) ?? []
    refusal('invalid-identity-export', file)
  })

  test('I-34: an export of a newer schema is told as such', () => {
    const { text } = exported()
    const error = refusal('identity-file-newer', text.replace('Export: 1', 'Export: 2'))
    expect(error.details).toEqual({ file: 'to import', schema: 2, known: 1 })
  })
})
