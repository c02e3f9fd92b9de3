/** The published vectors of the messages of admission: docs/protocol/vectors/group-admission.json. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type AdmissionItem, decodeAdmission, encodeAdmission } from '../../src/group/admission-message.ts'
import { admissionRefusals, refusalTexts } from '../../src/group/admission-refusal.ts'
import { chainDigestFromBytes } from '../../src/group/digests.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { hex } from '../records/record-vectors.ts'

interface Vectors {
  readonly messages: readonly {
    readonly what: string
    readonly items: readonly { kind: string; chain?: string; body?: string; digest?: string; reason?: string }[]
    readonly message: string
  }[]
  readonly passedOver: readonly {
    readonly what: string
    readonly message: string
    readonly items: readonly string[]
    readonly unknown: number
  }[]
  readonly refused: readonly { readonly what: string; readonly message: string; readonly reason: string }[]
}

const vectors: Vectors = JSON.parse(readFileSync('docs/protocol/vectors/group-admission.json', 'utf8'))

function itemOf({
  kind,
  chain = '',
  body = '',
  digest = '',
  reason,
}: Vectors['messages'][number]['items'][number]): AdmissionItem {
  switch (kind) {
    case 'hello':
      return { kind }
    case 'my-gmc':
    case 'your-gmc':
    case 'chain':
      return { kind, chain: hex(chain) }
    case 'want-chain':
      return { kind, digest: chainDigestFromBytes(hex(digest)) }
    case 'password':
      return { kind, body: hex(body) }
    default:
      return { kind: 'refused', reason: admissionRefusals.find((one) => one === reason) }
  }
}

test('P-062: messages have these bytes, and are read again', () => {
  for (const { what, items, message } of vectors.messages) {
    const expected = items.map(itemOf)
    expect(toHex(encodeAdmission(expected)), what).toBe(message)
    expect(decodeAdmission(hex(message)), what).toEqual({ items: expected, unknown: 0 })
  }
})

test('P-062, P-136: what later releases add is passed over', () => {
  for (const { what, message, items, unknown } of vectors.passedOver) {
    const read = decodeAdmission(hex(message))
    if (typeof read === 'string') throw new Error(`${what}: ${read}`)
    expect([read.items.map(({ kind }) => kind), read.unknown], what).toEqual([items, unknown])
  }
})

test('what is malformed is refused', () => {
  for (const { what, message, reason } of vectors.refused) expect(decodeAdmission(hex(message)), what).toBe(reason)
})

test('the documentation lists the reasons with their numbers', () => {
  const text = readFileSync('docs/protocol/group-admission.md', 'utf8')
  for (const [index, reason] of admissionRefusals.entries()) {
    expect(text).toContain(`| ${index + 1} | \`${reason}\` | ${refusalTexts[reason]} |`)
  }
})
