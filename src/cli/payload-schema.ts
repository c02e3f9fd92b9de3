/**
 * Schemas of JSON payloads, written by hand in the form of Standard Schema, which takes those of any library.
 */

/** Checks values of one type. */
export interface PayloadSchema<Value> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: 'peerage'
    readonly validate: (value: unknown) => { readonly value: Value } | { readonly issues: readonly Problem[] }
    /** Never there: by it TypeScript knows the type. */
    readonly types?: { readonly input: Value; readonly output: Value } | undefined
  }
}

interface Problem {
  readonly message: string
}

/** A schema. @param read The value as it has to be, or undefined if it is something else @param expected What it should be */
export function payloadSchema<Value>(
  read: (value: unknown) => Value | undefined,
  expected: string,
): PayloadSchema<Value> {
  return {
    '~standard': {
      version: 1,
      vendor: 'peerage',
      validate: (given) => {
        const value = read(given)
        return value === undefined ? { issues: [{ message: `it should be ${expected}` }] } : { value }
      },
    },
  }
}
