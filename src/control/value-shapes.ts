/**
 * The shapes of what Peerage itself has words for: names, IDs, attributes, queries, progress.
 */
import { type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { Progress } from '../peer-node/progress.ts'
import type { Attributes, AttributeValue, Query } from '../peer-node/public-attributes.ts'
import type { Cursor } from '../peer-node/records.ts'
import { parseRecordId, type RecordId } from '../records/record-id.ts'
import { type Duration, parseDuration } from '../runtime/duration.ts'
import {
  count,
  date,
  dictionary,
  either,
  list,
  number,
  object,
  oneOf,
  optional,
  recursive,
  type Shape,
  text,
  textOf,
} from './shape.ts'

export const peerName: Shape<PeerName> = textOf('peer name', parsePeerName)
export const recordId: Shape<RecordId> = textOf('record id', parseRecordId)
/** Only the graph that made one can read it. */
export const cursor: Shape<Cursor> = textOf('cursor', (given) => given as Cursor)
/** What is open for one program, by the number that the node has given it. */
export const handle: Shape<number> = count

/** Milliseconds, or a text such as `30s`. */
export const duration: Shape<Duration> = either(
  number,
  textOf('duration', (given) => parseDuration(given as Duration)),
)

const attributeValue: Shape<AttributeValue> = either(text, number, date)
export const attributes: Shape<Attributes> = dictionary(either(attributeValue, list(attributeValue)))

const clause = object({
  name: text,
  is: oneOf('=', '!=', '<', '<=', '>', '>=', 'like'),
  value: attributeValue,
})
export const query: Shape<Query> = recursive('query', () =>
  either(object({ and: list(query) }), object({ or: list(query) }), clause),
)

export const progress: Shape<Progress> = object({
  phase: oneOf('resolving', 'dialing', 'authenticating', 'synchronizing'),
  detail: text,
  done: optional(number),
  total: optional(number),
})

/** What a listener or a schema finds wrong. */
export const issues = list(object({ message: text, path: list(either(text, number)) }))
