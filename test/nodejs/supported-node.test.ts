import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { unsupportedNode } from '../../src/nodejs/node-version.ts'

const SENTENCE = 'Peerage needs Node.js 22.14, 24 or newer, and this is Node.js 20.20.2.'
const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
const PRETENDS = fileURLToPath(new URL('children/pretends-old-node.ts', import.meta.url))

test.each(['22.14.0', '22.20.0', '24.0.0', '24.21.0', '100.0.0'])('Node.js %s will do', (version) => {
  expect(unsupportedNode(version)).toBeUndefined()
})

test.each(['20.20.2', '22.13.1', '22.9.9', '21.99.0', '4.0.0', '22.0.0', '23.11.0'])(
  'Node.js %s is too old',
  (version) => {
    expect(unsupportedNode(version)).toBe(`Peerage needs Node.js 22.14, 24 or newer, and this is Node.js ${version}.`)
  },
)

// scripts/check-package.ts does the same with a Node.js that is really old, where the machine has one.
describe('on a Node.js that says that it is too old', () => {
  test.each(['index.ts', 'client.ts', 'simulation.ts'])(
    'the entrance %s throws one sentence and loads nothing native',
    (entrance) => {
      const program = `import(${JSON.stringify(source(entrance))}).catch((error) => console.log(error.message))`
      expect(runOld('--input-type=module', '--eval', program)).toEqual({ code: 0, stdout: `${SENTENCE}\n`, stderr: '' })
    },
  )

  test('the command prints one sentence, loads nothing native and fails', () => {
    for (const words of [[], ['--help'], ['identity', 'list', '--json'], ['no such command']]) {
      expect(runOld(source('cli/peerage.ts'), ...words)).toEqual({ code: 1, stdout: '', stderr: `${SENTENCE}\n` })
    }
  })

  test('what is loaded is seen: the crypto of the node is native', () => {
    const program = `import(${JSON.stringify(source('nodejs/open-node.ts'))}).then((module) => module.openNode({ dataDir: '/nowhere' }))`
    expect(runOld('--input-type=module', '--eval', program).stdout).toMatch(/^loaded .*sodium/)
  })
})

function runOld(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', PRETENDS, ...args], { encoding: 'utf8' })
  return { code: status, stdout, stderr }
}
