/**
 * How a payload is written and read: bytes as they are, or JSON that a schema checks (G-147, G-148). The schema comes from
 * the application, in any library that speaks Standard Schema.
 *
 * What a writer is told is what every reader will see: a value is checked after it has gone through JSON, so that one which
 * does not survive that is refused before anything is stored.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'

/** Something that a schema finds wrong. */
export interface Issue {
  /** What is wrong, in the words of the schema. */
  readonly message: string
  /** Where in the payload, from the outside in. */
  readonly path: readonly (string | number)[]
}

/** What a payload became. */
export type Coded<Result> = { readonly result: Result } | { readonly issues: readonly Issue[] }

/** Writes and reads the payloads of one type. */
export interface PayloadCodec<In, Out> {
  /** `json` where there is a schema. */
  readonly encoding: 'bytes' | 'json'
  /** The bytes of a payload, and what readers will take them for. */
  encode(payload: In): Promise<Coded<{ readonly bytes: Uint8Array; readonly value: Out }>>
  /** What the bytes of a payload are for a reader. */
  decode(bytes: Uint8Array): Promise<Coded<Out>>
}

/** Payloads are bytes. They are copied, so that neither side can change the other's. */
export const bytesCodec: PayloadCodec<Uint8Array, Uint8Array> = {
  encoding: 'bytes',
  async encode(payload) {
    if (!(payload instanceof Uint8Array)) return refused('it is no Uint8Array, and the type has no schema')
    return { result: { bytes: payload.slice(), value: payload.slice() } }
  },
  async decode(bytes) {
    return { result: new Uint8Array(bytes) }
  },
}

/** Payloads are JSON, checked by a schema. */
export function jsonCodec<Schema extends StandardSchemaV1>(
  schema: Schema,
): PayloadCodec<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>> {
  const check = async (text: string): Promise<Coded<StandardSchemaV1.InferOutput<Schema>>> => {
    const outcome: StandardSchemaV1.Result<StandardSchemaV1.InferOutput<Schema>> = await schema['~standard'].validate(
      JSON.parse(text),
    )
    return outcome.issues === undefined ? { result: outcome.value } : { issues: outcome.issues.map(issueOf) }
  }
  return {
    encoding: 'json',
    async encode(payload) {
      const text = jsonOf(payload)
      if (typeof text !== 'string') return text
      const checked = await check(text)
      return 'issues' in checked ? checked : { result: { bytes: toUtf8(text), value: checked.result } }
    },
    async decode(bytes) {
      const text = fromUtf8(bytes)
      if (text === undefined) return refused('it is no UTF-8')
      try {
        return await check(text)
      } catch (error) {
        // What others wrote must not stop a reader, whatever it does to the schema.
        return refused(error instanceof Error ? error.message : String(error))
      }
    },
  }
}

/** An issue in one line. */
export function issueText({ message, path }: Issue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

function jsonOf(payload: unknown): string | { readonly issues: readonly Issue[] } {
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (error) {
    // A circle, a bigint, or a toJSON that fails.
    return refused(error instanceof Error ? error.message : String(error))
  }
  return text ?? refused(`a value of type ${typeof payload} has no form in JSON`)
}

function issueOf({ message, path = [] }: StandardSchemaV1.Issue): Issue {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment))
  return { message, path: keys.map((key) => (typeof key === 'symbol' ? String(key) : key)) }
}

function refused(message: string): { readonly issues: readonly Issue[] } {
  return { issues: [{ message, path: [] }] }
}
