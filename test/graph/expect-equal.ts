/** What two nodes hold after a reconciliation. */
import { expect } from 'vitest'
import type { ReconciledPair, TestNode } from './reconciled-pair.ts'

/** Both ends hold the same, and the trie of each is that of its records. */
export function expectEqual(pair: ReconciledPair): void {
  const texts = (node: TestNode): string[] => [...node.held.values()].map(({ record }) => JSON.stringify(record))
  expect(texts(pair.one).sort()).toEqual(texts(pair.other).sort())
  expect(pair.one.root()).toBe(pair.other.root())
  expect(pair.one.trie.size).toBe(pair.one.held.size)
}
