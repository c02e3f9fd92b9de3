/**
 * The lint rules that keep the layers apart, each proven by breaking it. What is legal is stated here
 * a second time, by height instead of by allow-lists, so that a slip in the lists is seen.
 */
import { expect, test } from 'vitest'
import { lint } from './lint.ts'

/** DESIGN section 3: imports go from a greater height to a smaller one. */
const HEIGHT = new Map([
  ['runtime', 0],
  ['wire', 1],
  ['identity', 2],
  ['records', 3],
  ['graph', 4],
  ['pnrp', 4],
  ['group', 5],
  ['peer-node', 6],
  ['nodejs', 7],
  ['simulation', 7],
  ['control', 8],
  ['cli', 9],
])
const LAYERS = [...HEIGHT.keys()]
const ENGINES = ['wire', 'identity', 'records', 'graph', 'pnrp', 'group']
const BELOW_NODEJS = ['runtime', ...ENGINES, 'peer-node']
const WITH_PLATFORM = ['nodejs', 'control', 'cli']

function mayImport(importer: string, imported: string): boolean {
  return importer === imported || (HEIGHT.get(imported) ?? Infinity) < (HEIGHT.get(importer) ?? -1)
}

interface Case {
  readonly file: string
  readonly source: string
  /** The one rule that complains, or undefined for a legal source. */
  readonly rule: string | undefined
}

const IMPORTS = 'style/noRestrictedImports'
const GLOBALS = 'style/noRestrictedGlobals'
const PLUGIN = 'plugin'

/** Runs all cases at once, and gives those that were not judged as expected, with the reason. */
function misjudged(cases: readonly Case[]): string[] {
  const complaints = lint(new Map(cases.map(({ file, source }) => [file, source])))
  return cases.flatMap(({ file, source, rule }) => {
    const rules = [...new Set((complaints.get(file) ?? []).map((complaint) => complaint.rule))]
    const expected = rule === undefined ? [] : [rule]
    return rules.join() === expected.join()
      ? []
      : [`${file}: ${source} gave [${rules.join()}], not [${expected.join()}]`]
  })
}

let made = 0

/** A case for each source, in a file of its own in the given folder. */
function casesIn(folder: string, sources: readonly string[], rule: string | undefined): Case[] {
  return sources.map((source) => ({ file: `${folder}/case-${made++}.ts`, source, rule }))
}

const importOf = (path: string): string => `export { thing } from '${path}'\n`

test('imports go down: each pair of layers, also from and to nested folders', () => {
  const cases: Case[] = []
  for (const importer of LAYERS) {
    for (const imported of LAYERS) {
      if (importer === imported) continue
      const rule = mayImport(importer, imported) ? undefined : IMPORTS
      const paths = [`${imported}/thing.ts`, `${imported}/nested/thing.ts`]
      for (const [index, path] of paths.entries()) {
        cases.push({ file: `src/${importer}/from-${imported}-${index}.ts`, source: importOf(`../${path}`), rule })
        cases.push({
          file: `src/${importer}/nested/from-${imported}-${index}.ts`,
          source: importOf(`../../${path}`),
          rule,
        })
      }
    }
  }
  expect(cases.length).toBe(LAYERS.length * (LAYERS.length - 1) * 4)
  expect(misjudged(cases)).toEqual([])
})

test('a layer imports its own files', () => {
  const cases = LAYERS.flatMap((layer) => [
    ...casesIn(`src/${layer}`, [importOf('./thing.ts'), importOf('./nested/thing.ts')], undefined),
    ...casesIn(
      `src/${layer}/nested`,
      [importOf('./thing.ts'), importOf('../thing.ts'), importOf('../other/thing.ts')],
      undefined,
    ),
  ])
  expect(misjudged(cases)).toEqual([])
})

test('every form of an import is seen', () => {
  const upwards = '../identity/thing.ts'
  const sources = [
    `import { thing } from '${upwards}'\nexport const other = thing\n`,
    `import '${upwards}'\n`,
    `import type { Thing } from '${upwards}'\nexport type Other = Thing\n`,
    `export * from '${upwards}'\n`,
    `export type { Thing } from '${upwards}'\n`,
  ]
  expect(misjudged(casesIn('src/wire', sources, IMPORTS))).toEqual([])
  const inline = [
    `export type Thing = import('${upwards}').Thing\n`,
    `export type Things = typeof import('${upwards}')\n`,
    "export const thing: import('./legal.ts').Thing = 1\n",
  ]
  expect(misjudged(LAYERS.flatMap((layer) => casesIn(`src/${layer}`, inline, PLUGIN)))).toEqual([])
})

test('no path climbs out of a legal one, and none reaches an entrance, a test or a script', () => {
  const paths = [
    '../runtime/../identity/thing.ts',
    './nested/../../identity/thing.ts',
    './../identity/thing.ts',
    '../../src/identity/thing.ts',
    '../index.ts',
    '../../test/thing.ts',
    '../../scripts/run.ts',
  ]
  const nested = [
    '../../runtime/../identity/thing.ts',
    '../../index.ts',
    '../../wire/thing.ts',
    '../../../test/thing.ts',
  ]
  expect(misjudged(casesIn('src/wire', paths.map(importOf), IMPORTS))).toEqual([])
  expect(misjudged(casesIn('src/wire/nested', nested.map(importOf), IMPORTS))).toEqual([])
})

test('acceptance suites are for tests: no layer imports them, and they use their own port and each other', () => {
  const cases = LAYERS.flatMap((layer) =>
    layer === 'runtime' ? [] : casesIn(`src/${layer}`, [importOf('../runtime/acceptance/clock.ts')], IMPORTS),
  )
  cases.push(
    ...casesIn('src/runtime', [importOf('./acceptance/clock.ts')], IMPORTS),
    ...casesIn('src/runtime/acceptance', [importOf('../clock.ts'), importOf('./acceptance.ts')], undefined),
    ...casesIn('src/runtime/acceptance', [importOf('../../wire/thing.ts'), importOf('vitest')], IMPORTS),
  )
  expect(misjudged(cases)).toEqual([])
})

test('packages and node:* are for the platform layers', () => {
  const packages = ['node:fs', 'node:fs/promises', 'zod', 'peerage'].map(importOf)
  const cases = [...BELOW_NODEJS, 'simulation'].flatMap((layer) => [
    ...casesIn(`src/${layer}`, packages, IMPORTS),
    ...casesIn(`src/${layer}/nested`, packages, IMPORTS),
  ])
  for (const layer of WITH_PLATFORM) {
    const platform = ['node:fs', 'node:fs/promises'].map(importOf)
    cases.push(
      ...casesIn(`src/${layer}`, platform, undefined),
      ...casesIn(`src/${layer}/nested`, platform, undefined),
      ...casesIn(`src/${layer}`, [importOf('zod')], IMPORTS),
    )
  }
  expect(misjudged(cases)).toEqual([])
})

test('the simulation takes the cryptography of nodejs and nothing else of it', () => {
  const legal = casesIn('src/simulation', [importOf('../nodejs/crypto/thing.ts')], undefined)
  const illegal = casesIn('src/simulation', [importOf('../nodejs/clock.ts'), importOf('../nodejs/crypto.ts')], IMPORTS)
  expect(misjudged([...legal, ...illegal])).toEqual([])
})

test('the entrances gather what is public, each of its own side', () => {
  const cases: Case[] = [
    { file: 'src/index.ts', source: importOf('./nodejs/thing.ts'), rule: undefined },
    { file: 'src/client.ts', source: importOf('./control/thing.ts'), rule: undefined },
    { file: 'src/simulation.ts', source: importOf('./simulation/thing.ts'), rule: undefined },
  ]
  expect(misjudged(cases)).toEqual([])
  const swapped: Case[] = [
    { file: 'src/index.ts', source: importOf('./simulation/thing.ts'), rule: IMPORTS },
    { file: 'src/client.ts', source: importOf('./cli/thing.ts'), rule: IMPORTS },
    { file: 'src/simulation.ts', source: importOf('./nodejs/thing.ts'), rule: IMPORTS },
  ]
  expect(misjudged(swapped)).toEqual([])
})

test('a folder that is no layer, and one nested too deep, may import nothing', () => {
  const cases = [
    ...casesIn('src/helpers', [importOf('./thing.ts'), importOf('../runtime/clock.ts')], IMPORTS),
    ...casesIn('src/graph/links/handshake', [importOf('./thing.ts')], IMPORTS),
    ...casesIn('src', [importOf('./runtime/clock.ts')], IMPORTS),
  ]
  expect(misjudged(cases)).toEqual([])
})

test('below nodejs there is no clock, timer, randomness, socket, disk or platform but the ports', () => {
  const globals = [
    'performance.now()',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'crypto.randomUUID()',
    "fetch('https://example.org')",
    'new WebSocket()',
    'process.env',
    'navigator',
    'Buffer.alloc(1)',
    'globalThis.Date',
    'console',
    "require('zod')",
    'new Intl.DateTimeFormat()',
    'new WeakRef({})',
  ].map((expression) => `export const found = ${expression}\n`)
  const random = 'export const found = Math.random()\nexport const { random } = Math\n'
  const timeout = 'export const found = AbortSignal.timeout(1)\n'
  const cases = [...BELOW_NODEJS, 'runtime/acceptance', 'graph/nested', 'simulation', 'simulation/nested'].flatMap(
    (layer) => [
      ...casesIn(`src/${layer}`, globals, GLOBALS),
      ...casesIn(`src/${layer}`, [random, timeout], 'nursery/noJsRestrictedProperties'),
    ],
  )
  expect(misjudged(cases)).toEqual([])
})

test('above, the platform is there', () => {
  const source =
    'export const found = [performance.now(), process.pid, Buffer.alloc(1), setTimeout(() => {}, 1), Date.now()]\n'
  expect(misjudged(WITH_PLATFORM.flatMap((layer) => casesIn(`src/${layer}`, [source], undefined)))).toEqual([])
})

test('the time of now is read from the clock port; a date of a given time is a value', () => {
  const readings = ['new Date()', 'new Date', 'Date()', 'Date.now()'].map((now) => `export const found = ${now}\n`)
  const given = ['export const found = new Date(5)\n', 'export type Found = Date\n']
  const layers = ['runtime', 'peer-node', 'simulation']
  expect(
    misjudged(
      layers.flatMap((layer) => [
        ...casesIn(`src/${layer}`, readings, PLUGIN),
        ...casesIn(`src/${layer}`, given, undefined),
      ]),
    ),
  ).toEqual([])
  // An engine counts in milliseconds.
  expect(misjudged(ENGINES.flatMap((layer) => casesIn(`src/${layer}`, given, GLOBALS)))).toEqual([])
})

test('engines hold no promise', () => {
  const sources = [
    'export async function found() {}\n',
    'export default async function () {}\n',
    'export const found = async () => {}\n',
    'export const found = async <T>(given: T) => given\n',
    'export const found = async function* () {}\n',
    'export const found = { async method() {} }\n',
    'export class Found {\n  static async method() {}\n  other() {}\n}\n',
    'export class Found {\n  protected async *method() {}\n}\n',
    'export class Found {\n  async #method() {}\n  go() {\n    return this.#method\n  }\n}\n',
    'export function found(port: { open(): PromiseLike<void> }) {\n  return port.open().then(() => {})\n}\n',
    'export function found(port: { open(): PromiseLike<void> } | undefined) {\n  return port?.open().then(() => {})\n}\n',
    'await undefined\n',
    'export function found(given: AsyncIterable<void>) {\n  for await (const one of given) return one\n}\n',
  ]
  const layers = ['runtime', ...ENGINES]
  expect(misjudged(layers.flatMap((layer) => casesIn(`src/${layer}`, sources, PLUGIN)))).toEqual([])
  const legal = [
    'export const async = 1\n',
    'export const found = { async() {} }\n',
    'export const found = (async: number) => async\n',
    'export interface Found {\n  then: number\n}\n',
  ]
  expect(misjudged(layers.flatMap((layer) => casesIn(`src/${layer}`, legal, undefined)))).toEqual([])
})

test('a port declares a promise and makes none; an engine does not even name one', () => {
  const declared = 'export interface Port {\n  open(): Promise<void>\n}\n'
  const made = ['export const found = new Promise(() => {})\n', 'export const found = Promise.resolve()\n']
  expect(
    misjudged([...casesIn('src/runtime', [declared], undefined), ...casesIn('src/runtime', made, PLUGIN)]),
  ).toEqual([])
  expect(misjudged(ENGINES.flatMap((layer) => casesIn(`src/${layer}`, [declared], GLOBALS)))).toEqual([])
  // An acceptance suite waits for what it tests, and the public face is asynchronous.
  const waiting = 'export async function found(given: Promise<void>) {\n  await given\n}\n'
  expect(
    misjudged(
      ['runtime/acceptance', 'peer-node', 'simulation', 'nodejs'].flatMap((layer) =>
        casesIn(`src/${layer}`, [waiting], undefined),
      ),
    ),
  ).toEqual([])
})

test('the library says nothing on the console', () => {
  const sources = ["console.log('hello')\n"]
  expect(misjudged(WITH_PLATFORM.flatMap((layer) => casesIn(`src/${layer}`, sources, 'suspicious/noConsole')))).toEqual(
    [],
  )
})

test('a promise that nobody waits for is found', () => {
  const source = 'async function begin(): Promise<void> {}\nexport function found(): void {\n  begin()\n}\n'
  expect(misjudged(casesIn('src/nodejs', [source], 'nursery/noFloatingPromises'))).toEqual([])
})

test('modules do not import each other in a circle', () => {
  const one = "import { other } from './other.ts'\nexport const one = () => other\n"
  const other = "import { one } from './one.ts'\nexport const other = () => one\n"
  expect(
    misjudged([
      { file: 'src/wire/one.ts', source: one, rule: 'suspicious/noImportCycles' },
      { file: 'src/wire/other.ts', source: other, rule: 'suspicious/noImportCycles' },
    ]),
  ).toEqual([])
})

test('every test that is written runs', () => {
  const head = "import { describe, it, test } from 'vitest'\n"
  const unfinished = [
    "test.only('a', () => {})",
    "it.skip('a', () => {})",
    "describe.only('a', () => {})",
    "test.todo('a')",
    "test.fails('a', () => {})",
    "test.each([1]).only('a', () => {})",
    "test('a', (context) => context.skip())",
  ]
  const sources = unfinished.map((line) => `${head}${line}\nexport { describe, it, test }\n`)
  const complaints = lint(new Map(sources.map((source, index) => [`test/wire/bad-${index}.test.ts`, source])))
  expect(
    [...complaints.values()].map((found) =>
      found.some(({ message }) => message.startsWith('Every test that is written runs')),
    ),
  ).toEqual(unfinished.map(() => true))
  const finished = `${head}test.each([1])('a', () => {})\nit.skipIf(process.platform === 'win32')('b', () => {})\nexport { describe }\n`
  expect(misjudged([{ file: 'test/wire/good.test.ts', source: finished, rule: undefined }])).toEqual([])
})
