/**
 * Messages by which two nodes make their records equal (DESIGN section 7): see reconciliation.ts.
 */

/** The messages of reconciliation. */
export type ReconciliationMessage = Root

/** The root of the sender's trie. */
export interface Root {
  readonly kind: 'ROOT'
}
