/**
 * Tries the package as those who install it will: packs it, has the tarball judged, installs it into an
 * empty folder, imports each entrance, runs the command and compiles a program against the types.
 * Needs `npm run build` first.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { output, root, run } from './run.ts'

const ENTRANCES = ['peerage', 'peerage/client', 'peerage/simulation']
/** What must not be reached: only the entrances are kept stable. */
const PRIVATE_PATHS = ['peerage/dist/index.js', 'peerage/runtime', 'peerage/dist/nodejs/node-version.js']
const NEEDED_NODE = [22, 14] as const
/** The documents whose programs are run. */
const DOCUMENTS = ['README.md', 'docs/getting-started.md']

const temporary = mkdtempSync(join(tmpdir(), 'peerage-package-'))
try {
  const tarball = pack()
  output('publint', ['run', '--strict', tarball])
  // ESM only: CommonJS programs import() it, and resolution of the time before `exports` is not supported.
  output('attw', ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', tarball])
  console.log('publint and attw find nothing')
  const consumer = installInto(join(temporary, 'consumer'), tarball)
  importEach(consumer)
  runCommand(consumer)
  const programs = writePrograms(consumer)
  compile(consumer, [...programs, ...copyExamples(consumer)])
  for (const program of programs) output('node', [program], { cwd: consumer })
  console.log(`programs of ${DOCUMENTS.join(' and ')} that ran: ${programs.length}`)
  refuseOldNode(consumer)
} finally {
  rmSync(temporary, { recursive: true })
}

function pack(): string {
  const folder = join(temporary, 'tarball')
  mkdirSync(folder)
  output('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder])
  const [file, ...others] = readdirSync(folder)
  if (file === undefined || others.length > 0) throw new Error('npm pack gave not exactly one file')
  return join(folder, file)
}

/** An empty folder with nothing but the package and what it depends on. */
function installInto(folder: string, tarball: string): string {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  // What `npm ci` fetched lies in npm's cache already.
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  output('npm', ['install', ...options, tarball], { cwd: folder })
  console.log(
    `installed: ${readdirSync(join(folder, 'node_modules'))
      .filter((name) => !name.startsWith('.'))
      .join(', ')}`,
  )
  return folder
}

function importEach(consumer: string): void {
  const program = `
    const entrances = ${JSON.stringify(ENTRANCES)}
    for (const name of entrances) {
      const names = Object.keys(await import(name))
      if (names.length === 0) throw new Error(name + ' exports nothing')
      console.log(name + ': ' + names.join(', '))
    }
    for (const path of ${JSON.stringify(PRIVATE_PATHS)}) {
      const outcome = await import(path).then(() => 'imported', (error) => error.code)
      if (outcome !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw new Error(path + ' should not be reached: ' + outcome)
    }
    const { default: manifest } = await import('peerage/package.json', { with: { type: 'json' } })
    if (manifest.name !== 'peerage') throw new Error('package.json is not exported')
  `
  writeFileSync(join(consumer, 'imports.mjs'), program)
  run('node', ['imports.mjs'], { cwd: consumer })
}

function runCommand(consumer: string): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const printed = output('npx', ['--no-install', 'peerage', '--version'], { cwd: consumer }).trim()
  if (printed !== version) throw new Error(`peerage --version printed ${printed}, not ${version}`)
  const help = output('npx', ['--no-install', 'peerage', '--help'], { cwd: consumer })
  if (!help.includes('peerage')) throw new Error(`peerage --help printed: ${help}`)
  console.log(`peerage --version: ${printed}`)
}

/** The programs of the documents, each in a file of its own. Gives the names of the files. */
function writePrograms(consumer: string): string[] {
  const programs = DOCUMENTS.flatMap((document) => [
    ...readFileSync(join(root, document), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm),
  ])
  return programs.map(([, program], index) => {
    const file = `document-${index + 1}.ts`
    writeFileSync(join(consumer, file), program ?? '')
    return file
  })
}

/** The examples but for their tests, which need Vitest. Gives their paths. */
function copyExamples(consumer: string): string[] {
  const folder = join(consumer, 'examples')
  mkdirSync(folder)
  const names = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts') && !name.includes('.test-'))
  for (const name of names) copyFileSync(join(root, 'examples', name), join(folder, name))
  return names.map((name) => `examples/${name}`)
}

/** Compiles these and a program that uses each entrance, as strictly as TypeScript can, with the declarations checked too. */
function compile(consumer: string, files: readonly string[]): void {
  const lines = ENTRANCES.map((name, index) => `import * as entrance${index} from '${name}'`)
  const uses = ENTRANCES.map((_, index) => `entrance${index}`).join(', ')
  const program = [
    ...lines,
    `export const entrances: readonly object[] = [${uses}]`,
    'export function codeOf(error: unknown): string | undefined {',
    "  if (entrance0.PeerageError.is(error, 'identity-not-found')) return error.details.identity",
    '  // @ts-expect-error: a code that does not exist is found by the compiler.',
    "  return entrance0.PeerageError.is(error, 'no-such-code') ? '' : undefined",
    '}',
  ]
  writeFileSync(join(consumer, 'program.ts'), `${program.join('\n')}\n`)
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: false,
    noEmit: true,
    allowImportingTsExtensions: true,
    typeRoots: [join(root, 'node_modules', '@types')],
    types: ['node'],
  }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts', ...files] }))
  run('tsc', ['-p', 'tsconfig.json'], { cwd: consumer })
  console.log(`strict programs compile against the types: program.ts, ${files.join(', ')}`)
}

/** On a Node.js that is too old, the command and the library say what they need, in one sentence, and fail. */
function refuseOldNode(consumer: string): void {
  const old = oldNode()
  if (old === undefined) {
    console.log('no Node.js on the path is too old: its refusal is not tried here')
    return
  }
  const tries = [
    ['node_modules/peerage/dist/cli/peerage.js', '--version'],
    ...ENTRANCES.map((name) => [
      '--eval',
      `import('${name}').catch((error) => { console.error(error.message); process.exit(1) })`,
    ]),
  ]
  for (const args of tries) {
    const { status, stdout, stderr } = spawnSync(old.program, args, { cwd: consumer, encoding: 'utf8' })
    if (status !== 1 || stdout !== '' || !/^Peerage needs Node\.js [^\n]+\.\n$/.test(stderr)) {
      throw new Error(`Node.js ${old.version} ${args.join(' ')}: exit code ${status}, ${stdout}${stderr}`)
    }
  }
  console.log(`Node.js ${old.version} is refused in one sentence`)
}

/** A Node.js on the path that is older than what package.json asks for, if there is one. */
function oldNode(): { readonly program: string; readonly version: string } | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, process.platform === 'win32' ? 'node.exe' : 'node')
    if (!existsSync(program)) continue
    const version = output(program, ['--version']).trim().slice(1)
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major < NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor < NEEDED_NODE[1])) return { program, version }
  }
  return undefined
}
