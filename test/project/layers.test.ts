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

/** Runs lint once over all cases, and fails with those that are not judged as expected. */
function expectJudged(...groups: readonly (readonly Case[])[]): void {
  const cases = groups.flat()
  const complaints = lint(new Map(cases.map(({ file, source }) => [file, source])))
  const misjudged = cases.flatMap(({ file, source, rule }) => {
    const rules = [...new Set((complaints.get(file) ?? []).map((complaint) => complaint.rule))].join()
    return rules === (rule ?? '') ? [] : [`${file}: ${source} gave [${rules}], not [${rule ?? ''}]`]
  })
  expect(misjudged).toEqual([])
}

let made = 0

/** A case for each source in each of the given folders, in a file of its own. */
function casesIn(folders: string | readonly string[], sources: readonly string[], rule?: string): Case[] {
  return [folders]
    .flat()
    .flatMap((folder) => sources.map((source) => ({ file: `src/${folder}/case-${made++}.ts`, source, rule })))
}

const importOf = (path: string): string => `export { thing } from '${path}'\n`
const exportOf = (expression: string): string => `export const found = ${expression}\n`

test('imports go down: each pair of layers, also from and to nested folders', () => {
  const cases = LAYERS.flatMap((importer) =>
    LAYERS.filter((imported) => imported !== importer).flatMap((imported) => {
      const rule = mayImport(importer, imported) ? undefined : IMPORTS
      const paths = [`${imported}/thing.ts`, `${imported}/nested/thing.ts`]
      return [
        ...casesIn(
          importer,
          paths.map((path) => importOf(`../${path}`)),
          rule,
        ),
        ...casesIn(
          `${importer}/nested`,
          paths.map((path) => importOf(`../../${path}`)),
          rule,
        ),
      ]
    }),
  )
  expect(cases.length).toBe(LAYERS.length * (LAYERS.length - 1) * 4)
  expectJudged(cases)
})

test('a layer imports its own files', () => {
  const nested = LAYERS.map((layer) => `${layer}/nested`)
  expectJudged(
    casesIn(LAYERS, ['./thing.ts', './nested/thing.ts'].map(importOf)),
    casesIn(nested, ['./thing.ts', '../thing.ts', '../other/thing.ts'].map(importOf)),
  )
})

test('every form of an import is seen', () => {
  const upwards = '../identity/thing.ts'
  const declarations = [
    `import { thing } from '${upwards}'\nexport const other = thing\n`,
    `import '${upwards}'\n`,
    `import type { Thing } from '${upwards}'\nexport type Other = Thing\n`,
    `export * from '${upwards}'\n`,
    `export type { Thing } from '${upwards}'\n`,
  ]
  const inline = [
    `export type Thing = import('${upwards}').Thing\n`,
    `export type Things = typeof import('${upwards}')\n`,
    "export const thing: import('./legal.ts').Thing = 1\n",
  ]
  expectJudged(casesIn('wire', declarations, IMPORTS), casesIn(LAYERS, inline, PLUGIN))
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
  expectJudged(casesIn('wire', paths.map(importOf), IMPORTS), casesIn('wire/nested', nested.map(importOf), IMPORTS))
})

test('acceptance suites are for tests: no layer imports them, and they use their own ports and each other', () => {
  const others = LAYERS.filter((layer) => layer !== 'runtime')
  const suites = ['../runtime/acceptance/clock.ts', '../records/acceptance/record-database.ts']
  expectJudged(
    casesIn(others, suites.map(importOf), IMPORTS),
    casesIn('records', [importOf('./acceptance/record-database.ts')], IMPORTS),
    casesIn('records/acceptance', ['../thing.ts', './thing.ts', '../../runtime/acceptance/clock.ts'].map(importOf)),
    casesIn('records/acceptance', ['../../graph/thing.ts', '../../index.ts', 'vitest'].map(importOf), IMPORTS),
    casesIn('runtime', [importOf('./acceptance/clock.ts')], IMPORTS),
    casesIn('runtime/acceptance', [importOf('../clock.ts'), importOf('./acceptance.ts')]),
    casesIn('runtime/acceptance', [importOf('../../wire/thing.ts'), importOf('vitest')], IMPORTS),
  )
})

test('packages and node:* are for the platform layers', () => {
  const below = [...BELOW_NODEJS, 'simulation'].flatMap((layer) => [layer, `${layer}/nested`])
  const platform = WITH_PLATFORM.flatMap((layer) => [layer, `${layer}/nested`])
  const builtIn = ['node:fs', 'node:fs/promises'].map(importOf)
  const packages = ['zod', 'peerage'].map(importOf)
  expectJudged(
    casesIn(below, [...builtIn, ...packages], IMPORTS),
    casesIn(platform, builtIn),
    casesIn(platform, packages, IMPORTS),
  )
})

test('the simulation takes the cryptography of nodejs and nothing else of it', () => {
  expectJudged(
    casesIn('simulation', [importOf('../nodejs/crypto/thing.ts')]),
    casesIn('simulation', ['../nodejs/clock.ts', '../nodejs/crypto.ts'].map(importOf), IMPORTS),
  )
})

test('the entrances gather what is public, each of its own side', () => {
  expectJudged([
    { file: 'src/index.ts', source: importOf('./nodejs/thing.ts'), rule: undefined },
    { file: 'src/client.ts', source: importOf('./control/thing.ts'), rule: undefined },
    { file: 'src/simulation.ts', source: importOf('./simulation/thing.ts'), rule: undefined },
  ])
  expectJudged([
    { file: 'src/index.ts', source: importOf('./simulation/thing.ts'), rule: IMPORTS },
    { file: 'src/client.ts', source: importOf('./cli/thing.ts'), rule: IMPORTS },
    { file: 'src/simulation.ts', source: importOf('./nodejs/thing.ts'), rule: IMPORTS },
  ])
})

test('a folder that is no layer, one nested too deep, and a new file beside the entrances may import nothing', () => {
  expectJudged(
    casesIn('helpers', ['./thing.ts', '../runtime/clock.ts'].map(importOf), IMPORTS),
    casesIn('graph/links/handshake', [importOf('./thing.ts')], IMPORTS),
    [{ file: 'src/new-entrance.ts', source: importOf('./runtime/clock.ts'), rule: IMPORTS }],
  )
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
  ]
  const properties = ['Math.random()', 'AbortSignal.timeout(1)']
  const layers = [...BELOW_NODEJS, 'runtime/acceptance', 'graph/nested', 'simulation', 'simulation/nested']
  expectJudged(
    casesIn(layers, globals.map(exportOf), GLOBALS),
    casesIn(
      layers,
      [...properties.map(exportOf), 'export const { random } = Math\n'],
      'nursery/noJsRestrictedProperties',
    ),
  )
})

test('above, the platform is there', () => {
  const expressions = ['performance.now()', 'process.pid', 'Buffer.alloc(1)', 'setTimeout(() => {}, 1)', 'Date.now()']
  expectJudged(casesIn(WITH_PLATFORM, expressions.map(exportOf)))
})

test('the time of now is read from the clock port; a date of a given time is a value, and in an engine a number', () => {
  const now = ['new Date()', 'new Date', 'Date()', 'Date.now()'].map(exportOf)
  const given = [exportOf('new Date(5)'), 'export type Found = Date\n']
  const layers = ['runtime', 'peer-node', 'simulation']
  expectJudged(casesIn(layers, now, PLUGIN), casesIn(layers, given), casesIn(ENGINES, given, GLOBALS))
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
  const legal = [
    'export const async = 1\n',
    'export const found = { async() {} }\n',
    'export const found = (async: number) => async\n',
    'export interface Found {\n  then: number\n}\n',
  ]
  const layers = ['runtime', ...ENGINES]
  expectJudged(casesIn(layers, sources, PLUGIN), casesIn(layers, legal))
})

test('a port declares a promise and makes none, an engine does not even name one, and the rest may wait', () => {
  const declared = 'export interface Port {\n  open(): Promise<void>\n}\n'
  const waiting = 'export async function found(given: Promise<void>) {\n  await given\n}\n'
  expectJudged(
    casesIn('runtime', [declared]),
    casesIn('runtime', ['new Promise(() => {})', 'Promise.resolve()'].map(exportOf), PLUGIN),
    casesIn(ENGINES, [declared], GLOBALS),
    casesIn(['runtime/acceptance', 'peer-node', 'simulation', 'nodejs'], [waiting]),
  )
})

test('the library says nothing on the console, and waits for its promises', () => {
  const forgotten = 'async function begin(): Promise<void> {}\nexport function found(): void {\n  begin()\n}\n'
  expectJudged(
    casesIn(WITH_PLATFORM, ["console.log('hello')\n"], 'suspicious/noConsole'),
    casesIn(['nodejs', 'peer-node'], [forgotten], 'nursery/noFloatingPromises'),
  )
})

test('modules do not import each other in a circle', () => {
  const one = "import { other } from './other.ts'\nexport const one = () => other\n"
  const other = "import { one } from './one.ts'\nexport const other = () => one\n"
  const rule = 'suspicious/noImportCycles'
  expectJudged([
    { file: 'src/wire/one.ts', source: one, rule },
    { file: 'src/wire/other.ts', source: other, rule },
  ])
})

test('every test that is written runs', () => {
  const unfinished = [
    "test.only('a', () => {})",
    "it.skip('a', () => {})",
    "describe.only('a', () => {})",
    "test.todo('a')",
    "test.fails('a', () => {})",
    "test.each([1]).only('a', () => {})",
    "test('a', (context) => context.skip())",
  ]
  const finished = ["test.each([1])('a', () => {})", "it.skipIf(process.platform === 'win32')('b', () => {})"]
  const sources = [...unfinished, ...finished].map((line, index): [string, string] => [
    `test/wire/case-${index}.test.ts`,
    `import { describe, it, test } from 'vitest'\n${line}\nexport { describe, it, test }\n`,
  ])
  const complained = [...lint(new Map(sources)).values()].map((complaints) =>
    complaints.some(({ message }) => message.startsWith('Every test that is written runs')),
  )
  expect(complained).toEqual([...unfinished.map(() => true), ...finished.map(() => false)])
})
