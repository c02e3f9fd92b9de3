/**
 * Runs the project's own lint on sources that exist only for a test: the configuration is copied into
 * an empty folder, the sources beside it, and one run of Biome says what it finds in each.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const CONFIGURATION = ['biome.json', 'scripts/lint', '.gitignore']
const BIOME = join(process.cwd(), 'node_modules', '@biomejs', 'biome', 'bin', 'biome')

/** One complaint: the rule (`plugin` for the project's own ones) and what it says. */
export interface Complaint {
  readonly rule: string
  readonly message: string
}

/** The complaints about each source, by file name. A file without any has an empty list. */
export function lint(sources: ReadonlyMap<string, string>): Map<string, Complaint[]> {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-lint-'))
  try {
    for (const name of CONFIGURATION) cpSync(name, join(folder, name), { recursive: true })
    for (const [file, source] of sources) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), source)
    }
    const complaints = new Map([...sources.keys()].map((file): [string, Complaint[]] => [file, []]))
    for (const { category, message, location } of runBiome(folder)) {
      const found = complaints.get(location.path.replaceAll('\\', '/'))
      if (found === undefined) throw new Error(`Biome complains of ${location.path}: ${message}`)
      found.push({ rule: category.replace(/^lint\//, ''), message })
    }
    return complaints
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Diagnostic {
  readonly category: string
  readonly message: string
  readonly location: { readonly path: string }
}

function runBiome(folder: string): Diagnostic[] {
  const args = [BIOME, 'lint', '--reporter=json', '--max-diagnostics=none', '.']
  const { stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (error !== undefined) throw error
  if (!stdout.startsWith('{')) throw new Error(`Biome gave no report: ${stdout}${stderr}`)
  const report: { diagnostics: Diagnostic[] } = JSON.parse(stdout)
  return report.diagnostics
}
