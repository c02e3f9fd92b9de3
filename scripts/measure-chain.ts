/**
 * Prints how long it takes to read a chain of 24 certificates and verify its signatures, which must be at
 * most 5 ms (row I-33): `npm run measure:chain`.
 *
 * Nothing of a chain is ever kept here, so that each time all of it is read and all its signatures are checked. The very first chain
 * of a process is shown apart, since most of its time goes into compiling the program: each comes from a process of its own that has
 * loaded the program and its cryptography, and read no certificate. How many signatures a second this machine checks stands beside
 * them, for comparison.
 */
import { fork } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { authorityOf } from '../src/identity/authority.ts'
import type { CertificateContent } from '../src/identity/certificate/certificate.ts'
import { verifyCertificate } from '../src/identity/certificate/certificate-verification.ts'
import { issueCertificate } from '../src/identity/certificate/certificate-writer.ts'
import { decodeChain } from '../src/identity/certificate/chain-encoding.ts'
import { makePeerName } from '../src/identity/peer-name.ts'
import { nodeCrypto } from '../src/nodejs/crypto/node-crypto.ts'
import { sodiumCrypto } from '../src/nodejs/crypto/sodium-crypto.ts'
import { concatBytes, fromHex, toHex } from '../src/runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../src/runtime/crypto.ts'

const LENGTH = 24
const PROCESSES = 11
const WARM_ROUNDS = 100
const CHECKS = 4_000
const NOT_BEFORE = Date.UTC(2026, 0, 1)
const NOT_AFTER = Date.UTC(2027, 0, 1)

const IMPLEMENTATIONS: Readonly<Record<string, () => Crypto>> = {
  'sodium-native': sodiumCrypto,
  'node:crypto': nodeCrypto,
}

const [name, hex] = process.argv.slice(2)
if (name === undefined) await compare()
else process.send?.(measure(cryptoCalled(name), fromHex(hex ?? '') ?? new Uint8Array()))

/** What one process found, in milliseconds and signatures a second. */
interface Measurement {
  readonly first: number
  readonly warm: number
  readonly checks: number
}

async function compare(): Promise<void> {
  const chain = toHex(makeChain(nodeCrypto()))
  for (const implementation of Object.keys(IMPLEMENTATIONS)) {
    const measurements: Measurement[] = []
    for (let count = 0; count < PROCESSES; count++) measurements.push(await inProcess(implementation, chain))
    const of = (key: keyof Measurement): number[] => measurements.map((one) => one[key]).sort((a, b) => a - b)
    console.log(
      `${implementation}: a chain of ${LENGTH} of which nothing is kept ${median(of('warm')).toFixed(2)} ms; ` +
        `the very first of a process ${median(of('first')).toFixed(2)} ms (best ${of('first')[0]?.toFixed(2)}, ` +
        `worst ${of('first').at(-1)?.toFixed(2)}); ${Math.round(median(of('checks')))} signature checks a second`,
    )
  }
}

function inProcess(implementation: string, chain: string): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    fork(import.meta.filename, [implementation, chain])
      .once('message', (measurement: Measurement) => resolve(measurement))
      .once('exit', (code) => reject(new Error(`a measuring process ended with ${code}`)))
  })
}

function measure(crypto: Crypto, bytes: Uint8Array): Measurement {
  // One check of something else: loading the library is not what is measured.
  const other = crypto.signingKeyPair(new Uint8Array(32))
  const signature = crypto.sign(bytes, other.secretKey)
  crypto.verify(signature, bytes, other.publicKey)
  const first = milliseconds(() => verifyChain(crypto, bytes))
  const warm = milliseconds(() => repeat(WARM_ROUNDS, () => verifyChain(crypto, bytes))) / WARM_ROUNDS
  const message = bytes.subarray(0, 256)
  const short = crypto.sign(message, other.secretKey)
  const checking = milliseconds(() => repeat(CHECKS, () => crypto.verify(short, message, other.publicKey)))
  return { first, warm, checks: (CHECKS / checking) * 1000 }
}

function verifyChain(crypto: Crypto, bytes: Uint8Array): void {
  const [root, ...others] = decodeChain(bytes)
  verifyCertificate(crypto, root, root.publicKey)
  let issuerKey = root.publicKey
  for (const certificate of others) {
    verifyCertificate(crypto, certificate, issuerKey)
    issuerKey = certificate.publicKey
  }
}

/** A group root certificate, and membership certificates, each issued by the one before. */
function makeChain(crypto: Crypto): Uint8Array {
  const keys = Array.from({ length: LENGTH }, (_, index) => crypto.signingKeyPair(new Uint8Array(32).fill(index + 1)))
  const nameOf = ({ publicKey }: SigningKeyPair) => makePeerName(authorityOf(crypto, publicKey), '')
  const [groupKey, ...memberKeys] = keys
  if (groupKey === undefined) throw new Error('a chain has a root')
  const groupPeerName = nameOf(groupKey)
  const common = {
    serialNumber: new Uint8Array(16).fill(0x11),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    hasFlags: false,
    unknownExtensions: [],
  }
  const root: CertificateContent = {
    ...common,
    kind: 'group-root',
    subject: 'Group',
    issuer: 'Group',
    publicKey: groupKey.publicKey,
    peerName: groupPeerName,
  }
  let [issuer, issuerKey]: [string, SigningKeyPair] = [root.subject, groupKey]
  const certificates = [issueCertificate(crypto, root, groupKey.secretKey).der]
  for (const key of memberKeys) {
    const subject = authorityOf(crypto, key.publicKey)
    const content: CertificateContent = {
      ...common,
      kind: 'group-membership',
      subject,
      issuer,
      publicKey: key.publicKey,
      peerName: nameOf(key),
      issuerPeerName: nameOf(issuerKey),
      groupPeerName,
      roles: ['administrator'],
      classifiers: [],
    }
    certificates.push(issueCertificate(crypto, content, issuerKey.secretKey).der)
    ;[issuer, issuerKey] = [subject, key]
  }
  return concatBytes(...certificates)
}

function cryptoCalled(implementation: string): Crypto {
  const make = IMPLEMENTATIONS[implementation]
  if (make === undefined) throw new RangeError(`no implementation ${implementation}`)
  return make()
}

function milliseconds(action: () => void): number {
  const begun = performance.now()
  action()
  return performance.now() - begun
}

function repeat(times: number, action: () => void): void {
  for (let count = 0; count < times; count++) action()
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
