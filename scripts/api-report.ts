/**
 * The public API as one report (docs/api/*.api.md) and one page of documentation (docs/api/*.md) for each entrance, made from the
 * built declarations by API Extractor. A change of the API is a change of a report, which a reviewer sees; without that
 * the check fails. It fails too if anything public has no comment, or a comment has a fault, such as a link to what is not there.
 * `--accept` writes both. Needs `npm run build` first.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageId,
  type IConfigFile,
} from '@microsoft/api-extractor'
import { apiDocument, type Places } from './api-document.ts'
import { root, show } from './run.ts'

/** Each entrance by its module in dist/, with the name of its report and of its page, and as it is imported. */
const ENTRANCES = [
  ['index', 'peerage', 'peerage'],
  ['client', 'client', 'peerage/client'],
  ['simulation', 'simulation', 'peerage/simulation'],
] as const
const REPORTS = join(root, 'docs', 'api')
const ACCEPT = '--accept'

const explainedCodes = readExplainedCodes()
const temporary = mkdtempSync(join(tmpdir(), 'peerage-api-'))
try {
  const configurations = ENTRANCES.map(([module, name]) => configuration(module, name))
  const [first] = configurations
  if (first === undefined) throw new Error('there is no entrance')
  // One reading of the declarations serves all entrances.
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: ENTRANCES.map(([module]) => declarations(module)),
  })
  let places: Places = new Map()
  for (const [index, [, name, title]] of ENTRANCES.entries()) {
    extract(configurations[index] ?? first, compilerState)
    settle(`${name}.api.md`)
    const file = `${name}.md`
    const model = readFileSync(join(temporary, `${name}.api.json`), 'utf8')
    const page = apiDocument({ title, file, model }, places)
    writeFileSync(join(temporary, file), page.text)
    settle(file)
    places = page.places
  }
} finally {
  rmSync(temporary, { recursive: true })
}

/** Compares the report that was made with the one in the repository. */
function settle(file: string): void {
  const [kept, made] = [join(REPORTS, file), join(temporary, file)]
  if (existsSync(kept) && readFileSync(kept, 'utf8') === readFileSync(made, 'utf8')) return
  if (process.argv.includes(ACCEPT)) {
    mkdirSync(REPORTS, { recursive: true })
    copyFileSync(made, kept)
    console.log(`docs/api/${file} is written.`)
    return
  }
  process.exitCode = 1
  console.error(`The public API is not what docs/api/${file} says:`)
  if (existsSync(kept)) show('git', ['diff', '--no-index', '--no-color', kept, made])
  console.error('If that is what you want, run `npm run api:accept` and commit the report.')
}

function extract(config: ExtractorConfig, compilerState: CompilerState): void {
  const errors: string[] = []
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    compilerState,
    messageCallback(message) {
      // That a report is new or changed is found out here, by comparing it.
      message.handled = true
      if (isErrorCode(message)) message.logLevel = ExtractorLogLevel.None
      if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.formatMessageWithLocation(root))
    },
  })
  if (!succeeded) throw new Error(`${config.mainEntryPointFilePath} has no report: ${errors.join('\n')}`)
}

/** Whether it is an error code that has no comment: each has its message and its advice in docs/errors.md. */
function isErrorCode({ messageId, text }: ExtractorMessage): boolean {
  const [, code] = /^Missing documentation for "{1,2}([a-z-]+)"{1,2}\.$/.exec(text) ?? []
  return messageId === ExtractorMessageId.Undocumented && explainedCodes.has(code ?? '')
}

function readExplainedCodes(): ReadonlySet<string> {
  const table = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  return new Set([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code = '']) => code))
}

function declarations(module: string): string {
  return join(root, 'dist', `${module}.d.ts`)
}

function configuration(module: string, name: string): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: root,
    mainEntryPointFilePath: declarations(module),
    compiler: {
      // API Extractor brings a TypeScript of its own, which reads the declarations and nothing else.
      overrideTsconfig: {
        compilerOptions: {
          target: 'es2023',
          lib: ['es2024', 'esnext.disposable'],
          module: 'nodenext',
          types: ['node'],
          strict: true,
          skipLibCheck: true,
        },
        files: [`dist/${module}.d.ts`],
      },
    },
    apiReport: {
      enabled: true,
      reportFolder: temporary,
      reportTempFolder: join(temporary, 'made'),
      reportFileName: name,
    },
    docModel: { enabled: true, apiJsonFilePath: join(temporary, `${name}.api.json`) },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.Error },
        // Everything that an entrance exports is public: there is nothing to tag.
        'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
        // A type that can be reached and not be named: seen in the report, and sometimes meant.
        'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
      },
      tsdocMessageReporting: {
        default: { logLevel: ExtractorLogLevel.Error },
        // A name and what it is stand apart enough.
        'tsdoc-param-tag-missing-hyphen': { logLevel: ExtractorLogLevel.None },
      },
    },
  }
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  })
}
