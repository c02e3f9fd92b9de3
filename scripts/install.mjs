/**
 * Installs what package-lock.json names, if it is not installed already. It is the first thing that
 * `npm start` and `npm test` do, and the only script that runs on whatever Node.js the machine has:
 * from then on node_modules/.bin is first on the path of npm's scripts, and the Node.js there (the npm
 * package `node`) runs everything else. So it keeps to what Node.js 12.17 understands.
 *
 * With the name of a folder it does the same for the package in there, which needs no Node.js of its own.
 */
import { spawnSync } from 'child_process'
import { existsSync, readFileSync } from 'fs'
import { dirname, join } from 'path'
import { fileURLToPath } from 'url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [inner] = process.argv.slice(2)
const folder = inner === undefined ? root : join(root, inner)
const lockFile = inner === undefined ? 'package-lock.json' : `${inner}/package-lock.json`
const NEEDED_NODE = [22, 14]

const difference = whatDiffers()
if (difference !== undefined) {
  console.log(`Installing what ${lockFile} names (${difference}).`)
  install()
}
const version = versionOfOwnNode()
if (version === undefined) {
  fail('The Node.js that this repository brings along (npm package `node`) is missing: its install script did not run.')
}
if (difference !== undefined) console.log(`Installed. From here on everything runs on Node.js ${version}.`)

/** Why node_modules does not hold what the lock file names, or undefined if it does. */
function whatDiffers() {
  const wanted = packagesOf('package-lock.json')
  if (wanted === undefined) fail(`${lockFile} is missing or damaged: get it back from the repository.`)
  // npm writes this file at the end of an installation, so a broken off one has none.
  const found = packagesOf(join('node_modules', '.package-lock.json'))
  if (found === undefined) return 'nothing is installed yet'
  for (const path of Object.keys(wanted)) {
    if (path === '') continue
    const [there, here] = [wanted[path], found[path]]
    if (here === undefined) {
      // A package for another platform stays away.
      if (!there.optional && !there.devOptional) return `${path} is missing`
    } else if (here.version !== there.version) {
      return `${path} is ${here.version} instead of ${there.version}`
    } else if (here.integrity !== there.integrity) {
      return `${path} has another content`
    }
  }
  for (const path of Object.keys(found)) if (wanted[path] === undefined) return `${path} is not in ${lockFile}`
  return versionOfOwnNode() === undefined ? 'its Node.js does not run' : undefined
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

function install() {
  // Warnings would be about the machine's own Node.js, which is not the one that runs these packages.
  const options = ['ci', '--loglevel=error', '--no-fund', '--no-audit']
  const npm = process.env.npm_execpath
  const run = { cwd: folder, stdio: 'inherit' }
  const result =
    npm !== undefined && npm.endsWith('npm-cli.js')
      ? spawnSync(process.execPath, [npm].concat(options), run)
      : spawnSync('npm', options, Object.assign({ shell: process.platform === 'win32' }, run))
  if (result.error !== undefined) fail(`npm could not be started: ${result.error.message}`)
  if (result.status !== 0) {
    fail(`\`npm ci\` failed: see above. It needs the npm registry, or a cache that holds what ${lockFile} names.`)
  }
}

/** The version of the Node.js in node_modules, or undefined if it is not there, does not run or is too old. */
function versionOfOwnNode() {
  const programs = join(root, 'node_modules', 'node', 'bin')
  const program = ['node', 'node.exe'].map((name) => join(programs, name)).find((file) => existsSync(file))
  if (program === undefined) return undefined
  const result = spawnSync(program, ['--version'], { encoding: 'utf8' })
  if (result.status !== 0) return undefined
  const parts = result.stdout.trim().slice(1).split('.').map(Number)
  const enough = parts[0] > NEEDED_NODE[0] || (parts[0] === NEEDED_NODE[0] && parts[1] >= NEEDED_NODE[1])
  return enough ? parts.join('.') : undefined
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
