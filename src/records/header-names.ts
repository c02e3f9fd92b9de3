/**
 * The six names by which every record can be searched, whatever attributes it has (MS-PPGRH 2.2.3.5; SDK
 * record-search-query-format; G-065). No record has an attribute of such a name.
 */
import type { Crypto } from '../runtime/crypto.ts'
import type { AttributeValue } from './attribute.ts'
import { authorName } from './author-name.ts'
import { authorOf, type GraphRecord } from './record.ts'

/** Each name, and the type of what it stands for. */
export const headerNames = {
  /** The peer name of the creator. */
  peercreatorid: 'string',
  /** The peer name of who wrote this version: in version 1 the creator. */
  peerlastmodifiedby: 'string',
  peerrecordid: 'string',
  peerrecordtype: 'string',
  peercreationtime: 'date',
  peerlastmodificationtime: 'date',
} as const satisfies Readonly<Record<string, AttributeValue['type']>>

/** One of the six names. */
export type HeaderName = keyof typeof headerNames

/** Whether a name is one of the six. */
export function isHeaderName(name: string): name is HeaderName {
  return Object.hasOwn(headerNames, name)
}

/** What a name stands for in a record. */
export function headerValue(crypto: Crypto, record: GraphRecord, name: HeaderName): string | number {
  switch (name) {
    case 'peercreatorid':
      return authorName(crypto, record.creator)
    case 'peerlastmodifiedby':
      return authorName(crypto, authorOf(record))
    case 'peerrecordid':
      return record.id
    case 'peerrecordtype':
      return record.type
    case 'peercreationtime':
      return record.created
    case 'peerlastmodificationtime':
      return record.modified
  }
}
