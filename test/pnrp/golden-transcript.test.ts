/** Datagrams that releases have sent, as every later release must read them: test/golden. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { readCpa, verifyCpaSignature } from '../../src/pnrp/certified-peer-address.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { readExtendedPayload, verifyExtendedPayloadSignature } from '../../src/pnrp/extended-payload.ts'
import type { Authority, Message } from '../../src/pnrp/message.ts'
import { Reassembly } from '../../src/pnrp/reassembly.ts'
import { crypto } from '../identity/platform.ts'
import { describedMessage } from './described-message.ts'
import { address, hex, type Json } from './pnrp-vectors.ts'

interface Transcript {
  readonly clouds: readonly {
    readonly name: string
    /** Absent where the cloud has none. */
    readonly secret?: string
    readonly datagrams: readonly {
      readonly from: { readonly host: string; readonly port: number }
      readonly bytes: string
      readonly message: Json
    }[]
  }[]
}

const GOLDEN = new URL('../golden/', import.meta.url)
const transcripts = readdirSync(GOLDEN, { withFileTypes: true }).flatMap((entry) => {
  const file = new URL(`${entry.name}/pnrp-transcript.json`, GOLDEN)
  if (!entry.isDirectory() || !existsSync(file)) return []
  const { clouds }: Transcript = JSON.parse(readFileSync(file, 'utf8'))
  return clouds.map((cloud) => ({ ...cloud, release: entry.name }))
})

test('N-123: a transcript of the first release is kept, of a cloud with a secret and of one without', () => {
  const first = transcripts.filter(({ release }) => release === '0.1.0')
  expect(first.map(({ secret }) => secret !== undefined)).toEqual([false, true])
})

test('N-123: the transcripts of the first release hold all eight messages', () => {
  for (const { release, datagrams } of transcripts) {
    if (release !== '0.1.0') continue
    const types = new Set(datagrams.map(({ message }) => message['type']))
    expect([...types].sort()).toEqual([
      'ACK',
      'ADVERTISE',
      'AUTHORITY',
      'FLOOD',
      'INQUIRE',
      'LOOKUP',
      'REQUEST',
      'SOLICIT',
    ])
  }
})

test.each(transcripts)('N-123: what release $release sent in the cloud $name is read as it was meant', (transcript) => {
  const messages = read(transcript)
  expect(messages.map(describedMessage)).toEqual(transcript.datagrams.map(({ message }) => message))
})

test.each(transcripts)('N-123: what release $release signed in the cloud $name still verifies', (transcript) => {
  const authorities = read(transcript).filter((message): message is Authority => message.type === 'AUTHORITY')
  const reassemblies = new Map<number, Reassembly>()
  let [proven, payloads] = [0, 0]
  for (const authority of authorities) {
    const reassembly = reassemblies.get(authority.messageId) ?? new Reassembly()
    reassemblies.set(authority.messageId, reassembly)
    const whole = reassembly.take(authority)
    if (whole === 'incomplete') continue
    if (whole === 'bad-fragment') throw new Error('a bad fragment')
    const { cpa, extendedPayload } = readAuthorityBuffer(whole)
    if (cpa === undefined) continue
    const { publicKey } = readCpa(cpa)
    expect(verifyCpaSignature(crypto, cpa, publicKey)).toBe(true)
    proven++
    if (extendedPayload === undefined) continue
    expect(readExtendedPayload(extendedPayload).payload).toHaveLength(1500)
    expect(verifyExtendedPayloadSignature(crypto, extendedPayload, publicKey)).toBe(true)
    payloads++
  }
  expect(proven).toBeGreaterThan(1)
  expect(payloads).toBeGreaterThan(0)
})

test.each(transcripts)('N-123: what release $release revoked in the cloud $name still verifies', (transcript) => {
  const revocations = read(transcript).flatMap((message) =>
    message.type === 'FLOOD' && message.revokeCpa !== undefined ? [message.revokeCpa] : [],
  )
  expect(revocations.length).toBeGreaterThan(0)
  for (const bytes of revocations) {
    const cpa = readCpa(bytes)
    expect(cpa.revoked).toBe(true)
    expect(verifyCpaSignature(crypto, bytes, cpa.publicKey)).toBe(true)
  }
})

function read({ name, secret, datagrams }: (typeof transcripts)[number]): Message[] {
  const cloud = makeCloud(name, secret === undefined ? {} : { secret: hex(secret) })
  const transport = new DatagramTransport({ cloud, crypto, counters: new Counters(), send: () => {} })
  return datagrams.map(({ from, bytes }) => {
    const message = transport.receive(hex(bytes), { host: address(from.host), port: from.port })
    if (message === undefined) throw new Error(`dropped: ${bytes}`)
    return message
  })
}
