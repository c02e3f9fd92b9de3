import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openssl } from '../identity/openssl.ts'
import { newPath } from '../nodejs/new-path.ts'
import { type CommandResult, documents, ENTRANCE, peerage } from './command-process.ts'

const AUTHORITY = /^[0-9a-f]{40}$/

/** What scripts get of an identity. */
interface Shown {
  readonly peerName: string
  readonly authority: string
  readonly friendlyName: string
  readonly isDefault: boolean
  readonly locked: boolean
}

/** A data directory, and the command on it. */
class Subject {
  readonly dataDir = newPath()

  run(...words: string[]): Promise<CommandResult> {
    return peerage(['--data-dir', this.dataDir, 'identity', ...words])
  }

  /** The documents that a command prints, which must succeed and complain of nothing. */
  async json(...words: string[]): Promise<Shown[]> {
    const { code, stdout, stderr } = await this.run(...words, '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return documents(stdout).filter(isShown)
  }

  async create(name: string, ...words: string[]): Promise<Shown> {
    const [identity] = await this.json('create', '--name', name, ...words)
    if (identity === undefined) throw new Error('nothing was printed')
    return identity
  }

  /** The code of the error of a command, which must fail and print nothing else. */
  async error(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words, '--json')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const [document] = documents(stderr)
    expect(document).toEqual({
      error: { code: expect.any(String), message: expect.any(String), advice: expect.any(String) },
    })
    return JSON.stringify(document).split('"')[5] ?? ''
  }

  /** A file with a secret in it. */
  secretFile(content: string | Uint8Array): string {
    const file = `${newPath()}-secret`
    writeFileSync(file, content)
    return file
  }
}

function isShown(document: unknown): document is Shown {
  return typeof document === 'object' && document !== null && 'peerName' in document && 'friendlyName' in document
}

describe('for programs', () => {
  test('I-01, I-02: create and list print peer name, authority, classifier and friendly name', async () => {
    const subject = new Subject()
    expect(await subject.json('list')).toEqual([])
    const ann = await subject.create('Ann', '--classifier', 'at home')
    expect(ann).toEqual({
      peerName: `${ann.authority}.at home`,
      authority: expect.stringMatching(AUTHORITY),
      classifier: 'at home',
      friendlyName: 'Ann',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      isDefault: true,
      locked: false,
    })
    const bob = await subject.create('Bob')
    expect(await subject.json('list')).toEqual([ann, bob])
  })

  test('I-03, I-04, I-05: show, rename, default and delete', async () => {
    const subject = new Subject()
    const ann = await subject.create('Ann')
    const bob = await subject.create('Bob')
    expect(await subject.json('show')).toEqual([ann])
    expect(await subject.json('show', bob.peerName)).toEqual([bob])
    expect(await subject.json('rename', ann.authority, 'Anna')).toEqual([{ ...ann, friendlyName: 'Anna' }])
    expect(await subject.json('default', 'Bob')).toEqual([{ ...bob, isDefault: true }])
    expect(await subject.json('default')).toEqual([{ ...bob, isDefault: true }])
    const deletion = await subject.run('delete', 'Bob', '--json')
    expect(documents(deletion.stdout)).toEqual([{ peerName: bob.peerName, deleted: true }])
    expect(await subject.json('list')).toEqual([{ ...ann, friendlyName: 'Anna' }])
    expect(await subject.error('show', bob.peerName)).toBe('identity-not-found')
  })

  test('I-11, I-12: export and import carry an identity to another data directory', async () => {
    const [here, there] = [new Subject(), new Subject()]
    const ann = await here.create('Ann')
    const password = here.secretFile('a long password\n')
    const { stdout } = await here.run('export', '--password-file', password)
    expect(openssl(['pkey', '-in', 'x', '-noout', '-passin', `file:${password}`], { x: stdout }).accepted).toBe(true)
    const file = there.secretFile(stdout)
    expect(await there.error('import', file, '--password-file', there.secretFile('wrong'))).toBe('wrong-passphrase')
    expect(await there.json('list')).toEqual([])
    const [imported] = await there.json('import', file, '--password-file', password)
    expect(imported).toMatchObject({ peerName: ann.peerName, friendlyName: 'Ann', isDefault: true })
    expect(await there.error('import', file, '--password-file', password)).toBe('identity-exists')
    expect(await here.error('export', '--password-file', here.secretFile('\n'))).toBe('empty-password')
  })

  test('I-12: an export can come from standard input', async () => {
    const subject = new Subject()
    const { peerName } = await subject.create('Ann')
    const password = subject.secretFile('a long password')
    const { stdout } = await subject.run('export', 'Ann', '--password-file', password, '--json')
    const exported = documents(stdout)[0]
    if (typeof exported !== 'object' || exported === null || !('export' in exported)) throw new Error('no export')
    const there = newPath()
    const words = ['identity', 'import', '--password-file', password, '--data-dir', there, '--json']
    const result = await peerage(words, { input: String(exported.export) })
    expect(documents(result.stdout)).toEqual([expect.objectContaining({ peerName })])
  })

  test('I-26, I-36: info prints the IDC, of a locked identity with its passphrase only', async () => {
    const subject = new Subject()
    const passphrase = subject.secretFile('correct horse\n')
    const { peerName } = await subject.create('Ann', '--passphrase-file', passphrase)
    expect((await subject.json('list'))[0]?.locked).toBe(true)
    expect(await subject.error('info')).toBe('identity-locked')
    expect(await subject.error('info', '--passphrase-file', subject.secretFile('wrong'))).toBe('wrong-passphrase')
    const { stdout } = await subject.run('info', 'Ann', '--passphrase-file', passphrase)
    expect(openssl(['verify', '-CAfile', 'idc', 'idc'], { idc: stdout }).accepted).toBe(true)
    const { stdout: json } = await subject.run('info', '--passphrase-file', passphrase, '--json')
    expect(documents(json)).toEqual([
      { peerName, certificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/) },
    ])
  })

  test('I-02: name make prints another peer name of an identity, and keeps nothing', async () => {
    const subject = new Subject()
    const ann = await subject.create('Ann')
    const bob = await subject.create('Bob')
    const make = async (...words: string[]) => {
      const { stdout } = await peerage(['name', 'make', ...words, '--data-dir', subject.dataDir, '--json'])
      return documents(stdout)
    }
    expect(await make('a.printer')).toEqual([{ peerName: `${ann.authority}.a.printer` }])
    expect(await make('', '--identity', 'Bob')).toEqual([{ peerName: `${bob.authority}.` }])
    expect(await subject.json('list')).toEqual([ann, bob])
  })

  test('I-09: PEERAGE_DATA_DIR says where, and --data-dir goes before it', async () => {
    const [one, other] = [newPath(), newPath()]
    const environment = { PEERAGE_DATA_DIR: one }
    await peerage(['identity', 'create', '--name', 'Ann'], { environment })
    await peerage(['identity', 'create', '--name', 'Bob', '--data-dir', other], { environment })
    const namesIn = async (dataDir: string) => {
      const { stdout } = await peerage(['identity', 'list', '--json'], { environment: { PEERAGE_DATA_DIR: dataDir } })
      return documents(stdout)
        .filter(isShown)
        .map(({ friendlyName }) => friendlyName)
    }
    expect(await namesIn(one)).toEqual(['Ann'])
    expect(await namesIn(other)).toEqual(['Bob'])
  })
})

describe('for people', () => {
  test('I-02: list prints a table with the count, the default marked, and files that cannot be used', async () => {
    const subject = new Subject()
    expect((await subject.run('list')).stdout).toBe('0 identities\n')
    const ann = await subject.create('Ann')
    const bob = await subject.create('B\u00f6b', '--passphrase-file', subject.secretFile('x'))
    const { stdout } = await subject.run('list')
    const day = /\d{4}-\d\d-\d\d/g
    expect(stdout.replace(day, 'DAY').split('\n')).toEqual([
      `   FRIENDLY NAME  PEER NAME${' '.repeat(38)}CREATED     KEY`,
      `*  Ann            ${ann.peerName}  DAY  ready`,
      `   B\u00f6b            ${bob.peerName}  DAY  locked`,
      '2 identities',
      '',
    ])
    const file = join(subject.dataDir, 'identities', `${ann.authority}.pem`)
    writeFileSync(file, '')
    const people = await subject.run('list')
    expect(people).toMatchObject({ code: 0, stdout: expect.stringContaining('1 identity\n') })
    expect(people.stderr).toMatch(/^peerage: warning: the identity file .*\.pem cannot be used: .*\.\n {2}Restore/)
    const programs = await subject.run('list', '--json')
    expect(documents(programs.stderr)).toEqual([
      { warning: expect.objectContaining({ code: 'identity-file-damaged' }) },
    ])
    expect(await subject.error('show')).toBe('identity-file-damaged')
  })

  test('names from elsewhere cannot steer the terminal', async () => {
    const subject = new Subject()
    const { stdout } = await subject.run('create', '--name', 'Ann\u202e', '--classifier', '\u001b[2J')
    expect(stdout).toContain('\\u{1b}[2J')
    expect(stdout).toContain('Ann\\u{202e}')
  })

  test('an error says what to do next', async () => {
    const { code, stderr } = await new Subject().run('show')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^peerage: there is no identity .*\.\n {2}List the identities .*\n$/)
  })

  test('whoever stops reading ends the command without a word', async () => {
    const subject = new Subject()
    await subject.create('Ann')
    const child = spawn(process.execPath, [ENTRANCE, 'identity', 'list', '--data-dir', subject.dataDir])
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk)
    })
    await once(child, 'close')
    expect({ stderr, code: child.exitCode }).toEqual({ stderr: '', code: 0 })
  })

  test.runIf(existsSync('/dev/full'))('output that a full disk cuts short is a failure that says so', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [ENTRANCE, 'identity', 'list', '--data-dir', newPath()], {
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += String(chunk)
    })
    await once(child, 'close')
    expect(child.exitCode).toBe(1)
    expect(stderr).toMatch(/^peerage: .*standard output.*\n {2}.*\n$/)
  })
})

test.runIf(process.platform === 'linux')(
  'I-09: a place that takes no folders is an error, not an endless try',
  async () => {
    const line = ['--data-dir', '/proc/peerage-test', 'identity', 'create', '--name', 'Ann', '--json']
    const { code, stderr } = await peerage(line)
    expect(code).toBe(1)
    expect(documents(stderr)).toEqual([{ error: expect.objectContaining({ code: 'storage-not-accessible' }) }])
  },
)

describe('misuse', () => {
  test('exits with 2, says what is wrong and changes nothing', async () => {
    const subject = new Subject()
    const lines = [
      'create',
      'create Ann',
      'rename Ann',
      'delete',
      'import',
      'export --password-file',
      'show --no-such-option',
      'frobnicate',
    ]
    const results = await Promise.all(lines.map((line) => subject.run(...line.split(' '))))
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      expect({ code, stdout }, lines[index]).toEqual({ code: 2, stdout: '' })
      expect(stderr, lines[index]).toMatch(/^error: .*\n/)
    }
    expect(() => readdirSync(subject.dataDir)).toThrow('ENOENT')
  })

  test('a command that is missing is misuse, and all commands are shown', async () => {
    const people = await new Subject().run()
    expect(people).toMatchObject({ code: 2, stderr: expect.stringMatching(/--data-dir[\s\S]*create \[options\]/) })
    const programs = await new Subject().run('--json')
    expect(documents(programs.stderr)).toEqual([
      { error: { code: 'misuse', message: expect.stringContaining('missing') } },
    ])
  })

  test('a secret that is not given and cannot be asked for is misuse', async () => {
    const subject = new Subject()
    await subject.create('Ann')
    const { code, stderr } = await subject.run('export', '--json')
    expect(code).toBe(2)
    expect(documents(stderr)).toEqual([
      { error: { code: 'misuse', message: expect.stringContaining('--password-file') } },
    ])
  })

  test('a file that is not there, no file, too long, not text or of several lines holds no secret', async () => {
    const subject = new Subject()
    const files = [
      '/nonexistent/secret',
      '/',
      subject.secretFile('x'.repeat(70_000)),
      subject.secretFile(Uint8Array.of(0xff)),
      subject.secretFile('one\ntwo\n'),
    ]
    const codes = files.map((file) => subject.error('create', '--name', 'Ann', '--passphrase-file', file))
    expect(await Promise.all(codes)).toEqual(files.map(() => 'input-not-readable'))
    expect(() => readdirSync(subject.dataDir)).toThrow('ENOENT')
  })

  test('only one thing can come from standard input', async () => {
    const subject = new Subject()
    expect(await subject.error('import', '-', '--password-file', '-')).toBe('input-not-readable')
  })
})
