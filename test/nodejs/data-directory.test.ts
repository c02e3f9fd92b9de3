import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultDataDirectory } from '../../src/nodejs/data-directory.ts'

const HOME = join('/home', 'ann')

test('on Linux it is where XDG_DATA_HOME says, unless that is relative, or in ~/.local/share', () => {
  const inHome = join(HOME, '.local', 'share', 'peerage')
  expect(defaultDataDirectory('linux', {}, HOME)).toBe(inHome)
  expect(defaultDataDirectory('linux', { XDG_DATA_HOME: '/data' }, HOME)).toBe(join('/data', 'peerage'))
  for (const ignored of ['', 'data', './data']) {
    expect(defaultDataDirectory('linux', { XDG_DATA_HOME: ignored }, HOME)).toBe(inHome)
  }
})

test('on macOS it is in Application Support', () => {
  const expected = join(HOME, 'Library', 'Application Support', 'peerage')
  expect(defaultDataDirectory('darwin', { XDG_DATA_HOME: '/data' }, HOME)).toBe(expected)
})

test('on Windows it is where LOCALAPPDATA says, or in AppData/Local', () => {
  const local = join('/users', 'ann', 'local')
  expect(defaultDataDirectory('win32', { LOCALAPPDATA: local }, HOME)).toBe(join(local, 'peerage'))
  expect(defaultDataDirectory('win32', {}, HOME)).toBe(join(HOME, 'AppData', 'Local', 'peerage'))
})
