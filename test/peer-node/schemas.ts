/** Schemas as libraries make them, in the form of Standard Schema. */
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** Takes everything. */
export const anything: StandardSchemaV1<unknown, unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}

/** An object with one text. */
export const textSchema: StandardSchemaV1<{ text: string }, { text: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'
        ? { value: { text: value.text } }
        : { issues: [{ message: 'this is no text', path: ['text'] }] },
  },
}
