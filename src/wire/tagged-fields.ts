/**
 * Optional fields, each with a number of its own, so that a structure can grow: a list of
 * (tag, content), in strictly ascending order of the tags.
 *
 * A node passes over the tags that it does not know. Where a structure is passed on, it keeps them byte
 * for byte and writes them again, since the signature of whoever wrote them covers them. A field that
 * must be understood is not optional: it takes a new version of its structure.
 */
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** One optional field. */
export interface TaggedField {
  readonly tag: number
  readonly content: Uint8Array
}

/** Bounds of one list of fields, the same for the reader and the writer. */
export interface TaggedFieldLimits {
  readonly mostFields: number
  /** Of one field, in bytes. */
  readonly longestContent: number
}

/** In bytes: a tag, and the length of an empty content. */
const SHORTEST_FIELD = 2
const NO_FIELDS: readonly TaggedField[] = []

/**
 * Reads a list of fields; their contents are views of the input.
 *
 * @throws PeerageError `malformed`, also if a tag is doubled or out of order
 */
export function readTaggedFields(reader: WireReader, limits: TaggedFieldLimits): readonly TaggedField[] {
  const count = reader.count(limits.mostFields, SHORTEST_FIELD)
  if (count === 0) return NO_FIELDS
  const fields: TaggedField[] = []
  let last = -1
  for (let index = 0; index < count; index++) {
    const start = reader.offset
    const tag = reader.varint()
    if (tag === last) throw reader.malformed(`field ${tag} is there twice`, start)
    if (tag < last) throw reader.malformed(`field ${tag} comes after field ${last}`, start)
    fields.push({ tag, content: reader.byteString(limits.longestContent) })
    last = tag
  }
  return fields
}

/** Writes a list of fields, which must be in strictly ascending order of their tags. */
export function writeTaggedFields(writer: WireWriter, fields: readonly TaggedField[], limits: TaggedFieldLimits): void {
  writer.count(fields.length, limits.mostFields)
  let last = -1
  for (const { tag, content } of fields) {
    if (tag <= last) throw new RangeError(`field ${tag} comes after field ${last}`)
    writer.varint(tag)
    writer.byteString(content, limits.longestContent)
    last = tag
  }
}

/** The content of the field with this tag, or undefined. */
export function taggedField(fields: readonly TaggedField[], tag: number): Uint8Array | undefined {
  return fields.find((field) => field.tag === tag)?.content
}

/** Copies of the fields whose tags are not among the known ones: what is to be kept and written again. */
export function unknownTaggedFields(fields: readonly TaggedField[], known: readonly number[]): readonly TaggedField[] {
  const unknown = fields.filter(({ tag }) => !known.includes(tag))
  return unknown.map(({ tag, content }) => ({ tag, content: new Uint8Array(content) }))
}

/** The known fields and the ones that were kept, in the order in which they are written. */
export function mergeTaggedFields(known: readonly TaggedField[], kept: readonly TaggedField[]): readonly TaggedField[] {
  return [...known, ...kept].sort((one, other) => one.tag - other.tag)
}
