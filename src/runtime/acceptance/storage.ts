/**
 * The acceptance suite of the storage port. What needs a second process, a loss of power or a full
 * disk is up to the tests of each implementation.
 */
import { STORAGE_NAME, type Storage } from '../storage.ts'
import {
  type AcceptanceCheck,
  expectBytes,
  expectCode,
  expectPlainBytes,
  expectRangeError,
  expectSame,
  expectThat,
} from './acceptance.ts'

/** A folder without files. */
export interface StorageSubject {
  readonly storage: Storage
  /** Another storage object on the same folder. */
  again(): Storage
}

const LIMIT = 100_000

export const storageAcceptance: readonly AcceptanceCheck<StorageSubject>[] = [
  {
    name: 'a folder without files has an empty list, and a file that is absent is undefined',
    run({ storage }) {
      expectSame(storage.list().length, 0, 'files in the list')
      expectSame(storage.read('absent', LIMIT), undefined, 'an absent file')
      expectSame(storage.remove('absent'), false, 'what remove gives for an absent file')
    },
  },
  {
    name: 'what was written is read, by this and by every other storage object of the folder',
    run(subject) {
      const { storage } = subject
      for (const length of [0, 1, 4096, 65_537]) {
        const bytes = patterned(length)
        storage.write('file', bytes)
        expectBytes(storage.read('file', LIMIT), bytes, `a file of ${length} bytes`)
        expectBytes(subject.again().read('file', LIMIT), bytes, `a file of ${length} bytes, from another object`)
      }
    },
  },
  {
    name: 'a file is replaced as a whole, by a longer and by a shorter one',
    run({ storage }) {
      for (const length of [1000, 5000, 10, 0, 20]) {
        storage.write('file', patterned(length))
        expectBytes(storage.read('file', LIMIT), patterned(length), `the file of ${length} bytes`)
        expectSame(storage.list().join(), 'file', 'the list')
      }
    },
  },
  {
    name: 'a file and what was written or read share no memory',
    run({ storage }) {
      const written = patterned(10)
      storage.write('file', written)
      written.fill(0)
      const read = storage.read('file', LIMIT)
      expectBytes(read, patterned(10), 'the file after the written array was changed')
      expectPlainBytes(read, 'what was read')
      read.fill(0)
      expectBytes(storage.read('file', LIMIT), patterned(10), 'the file after the array that was read was changed')
    },
  },
  {
    name: 'the list has the names of all files, sorted by code unit',
    run(subject) {
      const { storage } = subject
      const names = ['b', 'a.key', 'a-1', 'a', 'a1', '0', 'a.key.old', 'z'.repeat(100)]
      for (const name of names) storage.write(name, patterned(3))
      const sorted = [...names].sort()
      expectSame(storage.list().join(), sorted.join(), 'the list')
      expectSame(subject.again().list().join(), sorted.join(), 'the list of another object')
    },
  },
  {
    name: 'a removed file is gone, and the others stay',
    run(subject) {
      const { storage } = subject
      storage.write('one', patterned(1))
      storage.write('two', patterned(2))
      expectSame(storage.remove('one'), true, 'what remove gives')
      expectSame(storage.remove('one'), false, 'what remove gives the second time')
      expectSame(storage.read('one', LIMIT), undefined, 'the removed file')
      expectSame(subject.again().list().join(), 'two', 'the list')
    },
  },
  {
    name: 'a file up to the limit is read, and a longer one is file-too-large',
    run({ storage }) {
      storage.write('file', patterned(100))
      expectBytes(storage.read('file', 100), patterned(100), 'a file at its limit')
      const error = expectCode('file-too-large', () => storage.read('file', 99), 'a byte too many')
      expectSame(error.details.file, storage.locate('file'), 'the file in the error')
      expectSame(error.details.size, 100, 'the size in the error')
      expectSame(error.details.limit, 99, 'the limit in the error')
      storage.write('empty', patterned(0))
      expectBytes(storage.read('empty', 0), patterned(0), 'an empty file with a limit of 0')
    },
  },
  {
    name: 'a name that is not legal on every platform is a programming error',
    run({ storage }) {
      const names = ['', '.', '..', '.hidden', '-a', 'A', 'a/b', '../a', 'a\\b', 'a b', 'a\n', 'ä', 'a\u0000', 'c:a']
      for (const name of [...names, 'x'.repeat(101)]) {
        expectThat(!STORAGE_NAME.test(name), 'the name is illegal')
        expectRangeError(() => storage.read(name, LIMIT), `reading ${JSON.stringify(name)}`)
        expectRangeError(() => storage.write(name, patterned(1)), `writing ${JSON.stringify(name)}`)
        expectRangeError(() => storage.remove(name), `removing ${JSON.stringify(name)}`)
        expectRangeError(() => storage.locate(name), `locating ${JSON.stringify(name)}`)
      }
      expectSame(storage.list().length, 0, 'files')
    },
  },
  {
    name: 'a location names the file, and differs from file to file',
    run({ storage }) {
      expectThat(storage.locate('a.key').endsWith('a.key'), 'the location ends in the name')
      expectThat(storage.locate('a.key') !== storage.locate('b.key'), 'two files have two locations')
    },
  },
  {
    name: 'an exclusive section gives the result of its body, in which everything works',
    run({ storage }) {
      const result = storage.exclusively(() => {
        storage.write('file', patterned(5))
        expectBytes(storage.read('file', LIMIT), patterned(5), 'the file inside')
        expectSame(storage.list().join(), 'file', 'the list inside')
        expectSame(storage.remove('file'), true, 'what remove gives inside')
        return storage.list().length
      })
      expectSame(result, 0, 'the result')
    },
  },
  {
    name: 'what an exclusive section throws comes out as it is, keeps what was written, and frees the folder',
    run(subject) {
      const { storage } = subject
      const problem = new Error('a problem of the body')
      let caught: unknown
      try {
        storage.exclusively(() => {
          storage.write('file', patterned(5))
          throw problem
        })
      } catch (error) {
        caught = error
      }
      expectSame(caught, problem, 'what came out')
      expectSame(
        subject.again().exclusively(() => 'entered'),
        'entered',
        'the next section',
      )
      expectBytes(storage.read('file', LIMIT), patterned(5), 'what was written before')
    },
  },
  {
    name: 'exclusive sections of one folder do not nest: that is a programming error, and the outer one goes on',
    run(subject) {
      const { storage } = subject
      const other = subject.again()
      let entered = 0
      storage.exclusively(() => {
        expectRangeError(() => storage.exclusively(() => entered++), 'a section of the same object')
        expectRangeError(() => other.exclusively(() => entered++), 'a section of another object')
        storage.write('file', patterned(1))
      })
      expectSame(entered, 0, 'sections that were entered inside')
      expectSame(
        other.exclusively(() => other.list().join()),
        'file',
        'a section after the outer one',
      )
    },
  },
]

/** A storage on which other users exist, who could get a right to a file. */
export interface PrivateStorageSubject extends StorageSubject {
  /** Lets others read the file. */
  expose(name: string): void
}

/** For the platforms that have users. */
export const privateStorageAcceptance: readonly AcceptanceCheck<PrivateStorageSubject>[] = [
  {
    name: 'a file that others could read is file-not-private, until it is written anew',
    run(subject) {
      const { storage } = subject
      storage.write('file', patterned(5))
      storage.write('other', patterned(6))
      subject.expose('file')
      const error = expectCode('file-not-private', () => storage.read('file', LIMIT), 'an exposed file')
      expectSame(error.details.file, storage.locate('file'), 'the file in the error')
      expectBytes(storage.read('other', LIMIT), patterned(6), 'the other file')
      expectSame(storage.list().join(), 'file,other', 'the list')
      storage.write('file', patterned(7))
      expectBytes(storage.read('file', LIMIT), patterned(7), 'the file that was written anew')
    },
  },
]

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251)
}
