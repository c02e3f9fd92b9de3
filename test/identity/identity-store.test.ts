import { describe, expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import {
  DEFAULT_CLASSIFIER,
  IdentityStore,
  MOST_IDENTITIES,
  type StoredIdentity,
} from '../../src/identity/identity-store.ts'
import { authorityPart, classifierPart, type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import type { ErrorCode, PeerageError } from '../../src/runtime/peerage-error.ts'
import type { Storage } from '../../src/runtime/storage.ts'
import { openssl, opensslOutput } from './openssl.ts'
import { crypto } from './platform.ts'
import { StoreDisk } from './store-disk.ts'

const unknown = parsePeerName(`${'0123456789'.repeat(4)}.peer`)

/** Runs an action that must fail with this code, and checks that it changed no file. */
function expectUnchanged<Code extends ErrorCode>(
  disk: StoreDisk,
  code: Code,
  action: () => unknown,
): PeerageError<Code> {
  const before = disk.files()
  const error = expectCode(code, action, 'the action')
  expect(disk.files()).toEqual(before)
  return error
}

describe('creating', () => {
  test('I-01: an identity has the authority of a new Ed25519 key, the names given and the time of its creation', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const ann = store.create({ friendlyName: 'Ann', classifier: 'at.home' })
    expect(ann).toEqual({
      peerName: `${authorityPart(ann.peerName)}.at.home`,
      friendlyName: 'Ann',
      created: disk.now,
      isDefault: true,
      locked: false,
    })
    const { publicKey, secretKey } = store.keyPair(ann.peerName)
    expect(authorityPart(ann.peerName)).toBe(authorityOf(crypto, publicKey))
    const message = new Uint8Array([1, 2, 3])
    expect(crypto.verify(crypto.sign(message, secretKey), message, publicKey)).toBe(true)
  })

  test('I-01: without a classifier the documented default is used, and each identity has a key of its own', () => {
    const store = new StoreDisk().open()
    const ann = store.create({ friendlyName: 'Ann' })
    const bob = store.create({ friendlyName: 'Ann' })
    expect(classifierPart(ann.peerName)).toBe(DEFAULT_CLASSIFIER)
    expect(authorityPart(ann.peerName)).not.toBe(authorityPart(bob.peerName))
  })

  test('I-01: an empty classifier is one', () => {
    const store = new StoreDisk().open()
    expect(classifierPart(store.create({ friendlyName: 'Ann', classifier: '' }).peerName)).toBe('')
  })

  test.each([
    ['an empty friendly name', 'invalid-friendly-name', { friendlyName: '' }],
    ['a friendly name of spaces', 'invalid-friendly-name', { friendlyName: ' ' }],
    ['a line break in the friendly name', 'invalid-friendly-name', { friendlyName: 'a\nb' }],
    ['a friendly name of 256 characters', 'invalid-friendly-name', { friendlyName: 'x'.repeat(256) }],
    ['an unpaired surrogate in the friendly name', 'invalid-friendly-name', { friendlyName: '\ud800' }],
    ['a classifier of 150 characters', 'classifier-too-long', { friendlyName: 'Ann', classifier: 'x'.repeat(150) }],
    ['U+0000 in the classifier', 'invalid-classifier', { friendlyName: 'Ann', classifier: 'a\0b' }],
    ['an empty passphrase', 'empty-password', { friendlyName: 'Ann', passphrase: '' }],
    ['a passphrase of two lines', 'invalid-argument', { friendlyName: 'Ann', passphrase: 'two\nlines' }],
    ['a passphrase of 1,001 bytes', 'invalid-argument', { friendlyName: 'Ann', passphrase: 'x'.repeat(1001) }],
    ['an unpaired surrogate in the passphrase', 'invalid-argument', { friendlyName: 'Ann', passphrase: '\ud800' }],
  ] as const)('I-01: %s is refused and makes no identity', (_what, code, options) => {
    const disk = new StoreDisk()
    expectUnchanged(disk, code, () => disk.open().create(options))
  })

  test('the longest names, all of it escaped, are kept and read', () => {
    const disk = new StoreDisk()
    const options = { friendlyName: `${'\u{1f600}'.repeat(127)}"`, classifier: '\u0001'.repeat(149) }
    const { peerName } = disk.open().create({ ...options, passphrase: 'x'.repeat(1000) })
    expect(disk.open().list()).toEqual([expect.objectContaining({ peerName, friendlyName: options.friendlyName })])
  })
})

describe('listing', () => {
  test('I-02: a directory without identities gives an empty list', () => {
    const store = new StoreDisk().open()
    expect(store.list()).toEqual([])
    expect(store.problems()).toEqual([])
  })

  test('I-02: every identity is listed exactly once, the oldest first, whatever the clock said', () => {
    const disk = new StoreDisk()
    const made = Array.from({ length: 12 }, (_, index) => {
      disk.now -= 1000
      return disk.open().create({ friendlyName: `Identity ${index}` })
    })
    const listed = disk.open().list()
    expect(listed.map(({ peerName, friendlyName }) => ({ peerName, friendlyName }))).toEqual(
      made.map(({ peerName, friendlyName }) => ({ peerName, friendlyName })),
    )
  })

  test('I-02: another peer name of an identity keeps the authority, makes no key and changes nothing', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    const before = disk.files()
    const other = store.makePeerName(peerName, 'a.printer')
    expect(other).toBe(`${authorityPart(peerName)}.a.printer`)
    expect(disk.files()).toEqual(before)
    expect(store.get(other)).toEqual(store.get(peerName))
    expectUnchanged(disk, 'classifier-too-long', () => store.makePeerName(peerName, 'x'.repeat(150)))
  })
})

test('I-03: renaming changes the friendly name and nothing else', () => {
  const disk = new StoreDisk()
  const store = disk.open()
  const ann = store.create({ friendlyName: 'Ann' })
  store.create({ friendlyName: 'Bob' })
  const key = store.keyPair(ann.peerName)
  const certificate = store.certificate(ann.peerName)
  disk.now += 1000
  expect(store.rename(ann.peerName, 'Anna')).toEqual({ ...ann, friendlyName: 'Anna' })
  const reopened = disk.open()
  expect(reopened.list().map(({ friendlyName }) => friendlyName)).toEqual(['Anna', 'Bob'])
  expect(reopened.keyPair(ann.peerName)).toEqual(key)
  expectUnchanged(disk, 'invalid-friendly-name', () => store.rename(ann.peerName, '\n'))
  // IDCs of before and after the change both verify, and each says the name of its time.
  for (const [pem, name] of [
    [certificate, 'Ann'],
    [reopened.certificate(ann.peerName), 'Anna'],
  ] as const) {
    expect(
      openssl(['verify', '-attime', String(disk.now / 1000), '-CAfile', 'idc', 'idc'], { idc: pem }).accepted,
    ).toBe(true)
    expect(opensslOutput(['x509', '-in', 'idc', '-noout', '-subject', '-nameopt', 'RFC2253'], { idc: pem })).toBe(
      `subject=CN=${name}\n`,
    )
  }
})

describe('deleting', () => {
  test('I-04: an identity that still has groups is not deleted, and nothing changes', () => {
    const disk = new StoreDisk()
    const groups = new Map<string, readonly PeerName[]>()
    const store = disk.open((identity) => groups.get(identity) ?? [])
    const { peerName } = store.create({ friendlyName: 'Ann' })
    const group = parsePeerName(`${'0123456789'.repeat(4)}.book club`)
    groups.set(peerName, [group])
    const error = expectUnchanged(disk, 'identity-has-groups', () => store.delete(peerName))
    expect(error.details).toEqual({ identity: peerName, groups: [group] })
    groups.delete(peerName)
    store.delete(peerName)
    expect(disk.files().size).toBe(0)
  })

  test('I-04: deleting removes everything that was stored for the identity, and nothing of another', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const ann = store.create({ friendlyName: 'Ann' })
    const before = disk.files()
    const bob = store.create({ friendlyName: 'Bob', passphrase: 'secret' })
    store.delete(bob.peerName)
    expect(disk.files()).toEqual(before)
    expect(store.list()).toEqual([ann])
    expectUnchanged(disk, 'identity-not-found', () => store.delete(bob.peerName))
  })
})

describe('the default', () => {
  const names = (disk: StoreDisk) =>
    disk
      .open()
      .list()
      .filter(({ isDefault }) => isDefault)
      .map(({ friendlyName }) => friendlyName)

  test('I-05: it is the first created until another is chosen, and then that one', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    store.create({ friendlyName: 'Ann' })
    const bob = store.create({ friendlyName: 'Bob' })
    expect(names(disk)).toEqual(['Ann'])
    expect(store.setDefault(bob.peerName).isDefault).toBe(true)
    expect(names(disk)).toEqual(['Bob'])
    store.create({ friendlyName: 'Cleo' })
    store.rename(bob.peerName, 'Bobby')
    expect(names(disk)).toEqual(['Bobby'])
    expect(disk.open().get().friendlyName).toBe('Bobby')
  })

  test('I-05: when it is deleted, the oldest of the others is the next, until there is none', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const [ann, bob, cleo] = ['Ann', 'Bob', 'Cleo'].map((friendlyName) => store.create({ friendlyName }).peerName)
    if (ann === undefined || bob === undefined || cleo === undefined) throw new Error('three were made')
    store.setDefault(cleo)
    store.delete(bob)
    expect(names(disk)).toEqual(['Cleo'])
    store.delete(cleo)
    expect(names(disk)).toEqual(['Ann'])
    store.delete(ann)
    expectUnchanged(disk, 'identity-not-found', () => store.get())
    store.create({ friendlyName: 'Dan' })
    expect(names(disk)).toEqual(['Dan'])
  })

  test('I-05: an operation that is given no identity uses it', () => {
    const store = new StoreDisk().open()
    store.create({ friendlyName: 'Ann' })
    const { peerName } = store.create({ friendlyName: 'Bob' })
    store.setDefault(peerName)
    expect(store.get()).toEqual(store.get(peerName))
    expect(store.keyPair()).toEqual(store.keyPair(peerName))
    expect(store.certificate()).toContain('BEGIN CERTIFICATE')
  })

  test('I-05, I-09: a default whose file is damaged stays the default, and nothing else takes its place', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const ann = store.create({ friendlyName: 'Ann' })
    store.create({ friendlyName: 'Bob' })
    disk.storage().write(`${authorityPart(ann.peerName)}.pem`, new Uint8Array())
    expectUnchanged(disk, 'identity-file-damaged', () => disk.open().keyPair())
    expect(names(disk)).toEqual([])
  })

  test('I-05: a file `default` that names nothing is told, and choosing a default mends it', () => {
    const disk = new StoreDisk()
    const { peerName } = disk.open().create({ friendlyName: 'Ann' })
    disk.storage().write('default', new TextEncoder().encode('Ann\n'))
    const store = disk.open()
    expect(store.list()).toHaveLength(1)
    expect(store.problems()).toEqual([
      { file: 'default', error: expect.objectContaining({ code: 'identity-file-damaged' }) },
    ])
    expectUnchanged(disk, 'identity-file-damaged', () => store.get())
    const { peerName: bob } = store.create({ friendlyName: 'Bob' })
    expect(store.problems()).toHaveLength(1)
    disk.storage().write(`${authorityPart(bob)}.pem`, new Uint8Array())
    expect(expectUnchanged(disk, 'identity-file-damaged', () => store.get()).details.file).toMatch(/default$/)
    store.setDefault(peerName)
    expect(store.get().peerName).toBe(peerName)
    expect(store.problems()).toHaveLength(1)
  })
})

describe('a node without identities', () => {
  test('I-35: one identity is made on first use, and used from then on', () => {
    const disk = new StoreDisk()
    const ann = disk.open().getOrCreate({ friendlyName: 'Ann' })
    expect(disk.open().getOrCreate({ friendlyName: 'Bob' })).toEqual(ann)
    expect(disk.open().list()).toEqual([ann])
  })

  test('I-35: of two processes that find no identity at the same moment, one makes it and both use it', () => {
    const disk = new StoreDisk()
    let other: StoredIdentity | undefined
    const ports = disk.ports()
    const storage = {
      ...methodsOf(ports.storage),
      exclusively: <Result>(body: () => Result): Result => {
        other ??= disk.open().getOrCreate({ friendlyName: 'The other' })
        return ports.storage.exclusively(body)
      },
    }
    const mine = new IdentityStore({ ...ports, storage, groupsOf: () => [] }).getOrCreate({ friendlyName: 'Mine' })
    expect(mine).toEqual(other)
    expect(disk.open().list()).toEqual([mine])
  })

  test('I-35: an identity that cannot be used is not replaced by a new one', () => {
    const disk = new StoreDisk()
    const { peerName } = disk.open().create({ friendlyName: 'Ann' })
    disk.storage().write(`${authorityPart(peerName)}.pem`, new Uint8Array())
    expectUnchanged(disk, 'identity-file-damaged', () => disk.open().getOrCreate({ friendlyName: 'Ann' }))
    // Also if nothing says any more that it was the default.
    disk.storage().remove('default')
    expectUnchanged(disk, 'identity-file-damaged', () => disk.open().getOrCreate({ friendlyName: 'Ann' }))
  })
})

describe('passphrases', () => {
  test('I-36: an identity with a passphrase is listed, shown, renamed and made the default without it', () => {
    const disk = new StoreDisk()
    const { peerName } = disk.open().create({ friendlyName: 'Ann', passphrase: 'correct horse' })
    const store = disk.open()
    expect(store.list()).toEqual([expect.objectContaining({ peerName, friendlyName: 'Ann', locked: true })])
    expect(store.get(peerName).locked).toBe(true)
    expect(store.rename(peerName, 'Anna')).toMatchObject({ friendlyName: 'Anna', locked: true })
    expect(store.setDefault(peerName).isDefault).toBe(true)
    expect(store.makePeerName(peerName, 'printer')).toContain('.printer')
  })

  test('I-36: what needs the key fails until the passphrase has been given, once for the life of the store', () => {
    const disk = new StoreDisk()
    const maker = disk.open()
    const { peerName, locked } = maker.create({ friendlyName: 'Ann', passphrase: 'correct horse' })
    expect(locked).toBe(false)
    const store = disk.open()
    const uses = [() => store.keyPair(peerName), () => store.certificate(peerName), () => store.export(peerName, 'x')]
    for (const use of uses) expectUnchanged(disk, 'identity-locked', use)
    expectUnchanged(disk, 'wrong-passphrase', () => store.unlock(peerName, 'wrong horse'))
    expectUnchanged(disk, 'empty-password', () => store.unlock(peerName, ''))
    expect(store.get(peerName).locked).toBe(true)
    expect(store.unlock(peerName, 'correct horse').locked).toBe(false)
    expect(store.keyPair(peerName)).toEqual(maker.keyPair(peerName))
    for (const use of uses) use()
    store.rename(peerName, 'Anna')
    expect(store.get(peerName).locked).toBe(false)
    expectUnchanged(disk, 'wrong-passphrase', () => store.unlock(peerName, 'wrong horse'))
    expect(store.get(peerName).locked).toBe(false)
    expect(disk.open().get(peerName).locked).toBe(true)
  })

  test('I-04, I-36: the key of an identity that was deleted is forgotten, also if another process brings it back', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const { peerName } = store.create({ friendlyName: 'Ann', passphrase: 'correct horse' })
    const text = store.export(peerName, 'password')
    store.delete(peerName)
    disk.open().import(text, { password: 'password', passphrase: 'battery staple' })
    expect(store.get(peerName).locked).toBe(true)
    expectCode('identity-locked', () => store.keyPair(peerName), 'using the key')
  })

  test('I-36: an identity without a passphrase cannot be unlocked', () => {
    const store = new StoreDisk().open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    expectCode('identity-not-locked', () => store.unlock(peerName, 'x'), 'unlocking')
  })
})

describe('what fails', () => {
  test('I-09: an inaccessible directory, a full disk and a busy one are errors of their own and leave no new file', () => {
    const disk = new StoreDisk()
    const { disk: virtual } = disk
    virtual.readOnly = true
    expectUnchanged(disk, 'storage-not-accessible', () => disk.open().create({ friendlyName: 'Ann' }))
    virtual.readOnly = false
    virtual.busy = true
    expectUnchanged(disk, 'storage-busy', () => disk.open().create({ friendlyName: 'Ann' }))
    virtual.busy = false
    // From no room at all to room for all but one byte: the first file fits before the second one does.
    const ann = disk.open().create({ friendlyName: 'Ann' })
    const used = [...disk.files().values()].reduce((sum, content) => sum + content.length, 0)
    disk.open().delete(ann.peerName)
    for (let room = 0; room < used; room++) {
      virtual.capacity = room
      expectUnchanged(disk, 'disk-full', () => disk.open().create({ friendlyName: 'Ann' }))
    }
    virtual.capacity = used
    expect(disk.open().create({ friendlyName: 'Ann' }).isDefault).toBe(true)
  })

  test('I-09: on a full disk nothing is renamed, chosen or imported, and everything is deleted', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const ann = store.create({ friendlyName: 'Ann' })
    const bob = store.create({ friendlyName: 'Bob' })
    const exported = store.export(bob.peerName, 'password')
    store.delete(bob.peerName)
    disk.disk.capacity = 0
    expectUnchanged(disk, 'disk-full', () => store.rename(ann.peerName, 'Anna'))
    expectUnchanged(disk, 'disk-full', () => store.setDefault(ann.peerName))
    expectUnchanged(disk, 'disk-full', () => store.import(exported, { password: 'password' }))
    store.delete(ann.peerName)
    expect(disk.files().size).toBe(0)
  })

  test('I-05, I-09: on a full disk the default can be deleted, and the oldest of the others is the next', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const [ann, bob] = [store.create({ friendlyName: 'Ann' }), store.create({ friendlyName: 'Bob' })]
    const exported = store.export(ann.peerName, 'password')
    disk.disk.capacity = 0
    store.delete(ann.peerName)
    expect(disk.logged.join()).toContain('disk-full')
    expect(disk.open().list()).toEqual([{ ...bob, isDefault: true }])
    // What comes back later does not take the place again.
    disk.disk.capacity = Number.POSITIVE_INFINITY
    expect(store.import(exported, { password: 'password' }).isDefault).toBe(false)
    expect(disk.open().get().peerName).toBe(bob.peerName)
  })

  test('I-09: one identity above the maximum is refused, and files that cannot be used count', () => {
    const disk = new StoreDisk()
    const storage = disk.storage()
    for (let index = 1; index < MOST_IDENTITIES; index++) {
      storage.write(`${index.toString(16).padStart(40, '0')}.pem`, new Uint8Array())
    }
    const store = disk.open()
    const { peerName } = store.create({ friendlyName: 'The last' })
    const exported = store.export(peerName, 'password')
    const error = expectUnchanged(disk, 'too-many-identities', () => store.create({ friendlyName: 'One too many' }))
    expect(error.details).toEqual({ limit: MOST_IDENTITIES })
    store.delete(peerName)
    storage.write(`${'f'.repeat(40)}.pem`, new Uint8Array())
    expectUnchanged(disk, 'too-many-identities', () => store.import(exported, { password: 'password' }))
  })

  test('I-09: an unknown identity is not found by any operation, although there is another', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    store.create({ friendlyName: 'Ann' })
    const operations = [
      () => store.get(unknown),
      () => store.rename(unknown, 'x'),
      () => store.delete(unknown),
      () => store.setDefault(unknown),
      () => store.makePeerName(unknown, 'x'),
      () => store.unlock(unknown, 'x'),
      () => store.keyPair(unknown),
      () => store.certificate(unknown),
      () => store.export(unknown, 'x'),
    ]
    for (const operation of operations) {
      expect(expectUnchanged(disk, 'identity-not-found', operation).details).toEqual({ identity: unknown })
    }
  })

  test('I-09: an identity that another process deleted while it was in use is told apart from an unknown one', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    const { peerName } = store.create({ friendlyName: 'Ann' })
    store.create({ friendlyName: 'Bob' })
    const exported = store.export(peerName, 'password')
    disk.open().delete(peerName)
    expectUnchanged(disk, 'identity-deleted', () => store.keyPair(peerName))
    expectUnchanged(disk, 'identity-deleted', () => store.rename(peerName, 'x'))
    expectUnchanged(disk, 'identity-not-found', () => disk.open().keyPair(peerName))
    store.import(exported, { password: 'password' })
    expect(store.get(peerName).friendlyName).toBe('Ann')
  })

  test('I-18: an unsecured name is refused wherever an identity is named', () => {
    const disk = new StoreDisk()
    const store = disk.open()
    store.create({ friendlyName: 'Ann' })
    const name = parsePeerName('0.ann')
    const operations = [() => store.get(name), () => store.delete(name), () => store.keyPair(name)]
    for (const operation of operations) expectUnchanged(disk, 'unsecured-peer-name', operation)
  })
})

function methodsOf(storage: Storage): Storage {
  return {
    read: (name, limit) => storage.read(name, limit),
    write: (name, bytes) => storage.write(name, bytes),
    remove: (name) => storage.remove(name),
    list: () => storage.list(),
    locate: (name) => storage.locate(name),
    exclusively: (body) => storage.exclusively(body),
  }
}
