/** The published vectors of queries, docs/protocol/vectors/graph-queries.json. */
import { readFileSync } from 'node:fs'
import type { RecordAttribute } from '../../src/records/attribute.ts'
import type { Query } from '../../src/records/query.ts'

interface QueryVectors {
  readonly texts: readonly { readonly text: string; readonly query: Query; readonly canonical?: string }[]
  readonly notTexts: readonly string[]
  readonly dates: readonly { readonly text: string; readonly date: number | null }[]
  readonly patterns: readonly {
    readonly pattern: string
    readonly fits: readonly string[]
    readonly fitsNot: readonly string[]
  }[]
  readonly notPatterns: readonly string[]
  readonly ascending: readonly string[]
  readonly attributes: readonly RecordAttribute[]
  readonly matches: { readonly holds: readonly string[]; readonly holdsNot: readonly string[] }
}

export const queryVectors: QueryVectors = JSON.parse(readFileSync('docs/protocol/vectors/graph-queries.json', 'utf8'))
