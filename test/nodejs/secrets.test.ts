import { createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { PeerName } from '../../src/identity/peer-name.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import type { Identities } from '../../src/peer-node/identities.ts'
import { peerage } from '../cli/command-process.ts'
import { newPath } from './new-path.ts'

const PASSPHRASE = 'the passphrase of a lonely tree'
const PASSWORD = 'the password of two deep wells'
const WRONG = 'the wrong one of three old boats'

test('I-10: keys, passphrases and passwords appear in no IDC, log line or error of a node', async () => {
  const dataDir = newPath()
  const shown: string[] = []
  const show = (...values: unknown[]): void => void shown.push(...values.map(everyTextOf))
  const log = { debug: show, info: show, warn: show, error: show }
  const { identities, ...node } = await openNode({ dataDir, friendlyName: 'Ann', log })
  const ann = await identities.get()
  const bob = await identities.create({ friendlyName: 'Bob', passphrase: PASSPHRASE })
  const exported = await identities.export(bob.peerName, PASSWORD)
  const secrets = [PASSPHRASE, PASSWORD, WRONG, ...seedsIn(join(dataDir, 'identities'))]
  expect(secrets).toHaveLength(5)
  show(ann, bob, await identities.list(), await identities.rename(bob.peerName, 'Bobby'), exported, node, identities)
  for (const { peerName } of [ann, bob]) {
    const certificate = await identities.certificate(peerName)
    show(certificate, Buffer.from(certificate.replace(/-----.*-----/g, ''), 'base64'))
  }
  show(...(await errorsOf(identities, bob.peerName, exported)))
  const locked = await openNode({ dataDir, log })
  show(...(await errorsOf(locked.identities, bob.peerName, exported)))
  cutShort(join(dataDir, 'identities'))
  show(...(await errorsOf(locked.identities, bob.peerName, exported)), await identities.problems())
  await locked.close()
  show(...(await errorsOf(locked.identities, bob.peerName, exported)))
  expect(shown.length).toBeGreaterThan(50)
  expectNoneIn(secrets, shown)
})

test('I-10: keys, passphrases and passwords appear in no output of the command', async () => {
  const dataDir = newPath()
  const files = newPath()
  const [passphrase, password, wrong] = [`${files}-1`, `${files}-2`, `${files}-3`]
  const contents = { [passphrase]: PASSPHRASE, [password]: PASSWORD, [wrong]: WRONG }
  for (const [file, content] of Object.entries(contents)) writeFileSync(file, `${content}\n`)
  const shown: string[] = []
  const run = async (...words: string[]): Promise<string> => {
    const { stdout, stderr } = await peerage(['--data-dir', dataDir, 'identity', ...words])
    shown.push(stdout, stderr)
    return stdout
  }
  await run('create', '--name', 'Ann', '--json')
  await run('create', '--name', 'Bob', '--passphrase-file', passphrase)
  const secrets = [PASSPHRASE, PASSWORD, WRONG, ...seedsIn(join(dataDir, 'identities'))]
  const commands = [
    ['list'],
    ['show', 'Bob'],
    ['info', 'Ann'],
    ['info', 'Bob'],
    ['info', 'Bob', '--passphrase-file', passphrase],
    ['info', 'Bob', '--passphrase-file', wrong],
    ['export', 'Bob', '--passphrase-file', passphrase, '--password-file', password],
  ]
  await Promise.all(commands.flatMap((words) => [run(...words), run(...words, '--json')]))
  const exported = `${files}-4`
  writeFileSync(exported, await run('export', 'Ann', '--password-file', password))
  await run('import', exported, '--password-file', wrong)
  await run('import', exported, '--password-file', password)
  cutShort(join(dataDir, 'identities'))
  await run('list', '--json')
  expectNoneIn(secrets, shown)
})

test('I-10: the search finds a secret in each of its forms', () => {
  const seed = Buffer.from('000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex')
  const around = (bytes: Buffer) =>
    [0, 1, 2].map((length) => Buffer.concat([Buffer.alloc(length, 7), bytes, Buffer.of(9)]))
  const texts = [
    seed.toString('latin1'),
    seed.toString('hex'),
    seed.toString('hex').toUpperCase(),
    ...around(seed).map((bytes) => bytes.toString('base64')),
    ...around(seed).map((bytes) => bytes.toString('base64url')),
    everyTextOf(new Error('x', { cause: { deep: { seed: new Uint8Array(seed) } } })),
    everyTextOf(seed),
  ]
  for (const text of texts) expect(() => expectNoneIn([seed], [`before ${text} after`]), text).toThrow('secret 0')
  expect(() => expectNoneIn([PASSWORD], [everyTextOf({ advice: PASSWORD })])).toThrow('secret 0')
})

/** The errors of operations that are given secrets; those that succeed give none. */
async function errorsOf(identities: Identities, peerName: PeerName, exported: string): Promise<unknown[]> {
  const attempts = [
    () => identities.unlock(peerName, WRONG),
    () => identities.unlock(peerName, `${PASSPHRASE}\n`),
    () => identities.certificate(peerName),
    () => identities.export(peerName, ''),
    () => identities.export(peerName, `${PASSWORD}\n`),
    () => identities.export(peerName, PASSWORD.repeat(100)),
    () => identities.import(exported, { password: WRONG }),
    () => identities.import(exported, { password: PASSWORD }),
    () => identities.import(exported, { password: PASSWORD, passphrase: `${PASSPHRASE}\n` }),
    () => identities.import(exported.replace('Bob', 'Rob'), { password: PASSWORD }),
    () => identities.import(PASSWORD, { password: PASSWORD }),
    () => identities.create({ friendlyName: '', passphrase: PASSPHRASE }),
    () => identities.create({ friendlyName: 'x', passphrase: `${PASSPHRASE}\u0000` }),
  ]
  const errors: unknown[] = []
  for (const attempt of attempts) await attempt().catch((error: unknown) => errors.push(error))
  expect(errors.length).toBeGreaterThan(10)
  return errors
}

/** The seeds of all identities that are kept here. */
function seedsIn(folder: string): Buffer[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.pem'))
  return files.map((name) => {
    const { d } = createPrivateKey({ key: readFileSync(join(folder, name)), passphrase: PASSPHRASE }).export({
      format: 'jwk',
    })
    return Buffer.from(d ?? '', 'base64url')
  })
}

/** Takes the last bytes from each file. */
function cutShort(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    writeFileSync(file, readFileSync(file).subarray(0, -9))
  }
}

/** All that a value shows when it is printed in one way or another. */
function everyTextOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array)
    return `${Buffer.from(value).toString('latin1')} ${Buffer.from(value).toString('hex')}`
  const bytes: string[] = []
  const json = JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) bytes.push(everyTextOf(part))
    return part instanceof Error ? { ...part, message: part.message, stack: part.stack, cause: part.cause } : part
  })
  return [json, ...bytes, inspect(value, { depth: 20, showHidden: true, getters: true })].join('\n')
}

function expectNoneIn(secrets: readonly (string | Buffer)[], texts: readonly string[]): void {
  for (const [number, secret] of secrets.entries()) {
    const forms = formsOf(Buffer.from(secret))
    for (const text of texts) {
      const found = forms.find((form) => text.includes(form))
      if (found !== undefined) throw new Error(`secret ${number} is in: ${text}`)
    }
  }
}

/** Raw, hexadecimal and base64; in base64 the characters that do not depend on the bytes before and after. */
function formsOf(secret: Buffer): string[] {
  const base64 = [0, 1, 2].map((length) => {
    const shifted = Buffer.concat([Buffer.alloc(length), secret]).toString('base64')
    return shifted.slice(Math.ceil((length * 8) / 6), Math.floor(((length + secret.length) * 8) / 6))
  })
  const urls = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = secret.toString('hex')
  return [secret.toString('latin1'), hex, hex.toUpperCase(), ...base64, ...urls]
}
