/** Stands in for a schema library: Peerage takes any that speaks Standard Schema, such as zod, valibot and arktype. */
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A schema that takes what passes the test. */
export function schemaOf<Value>(
  what: string,
  passes: (value: unknown) => value is Value,
): StandardSchemaV1<Value, Value> {
  const validate = (value: unknown) => (passes(value) ? { value } : { issues: [{ message: `this is no ${what}` }] })
  return { '~standard': { version: 1, vendor: 'example', validate } }
}
