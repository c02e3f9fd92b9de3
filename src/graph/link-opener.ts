/**
 * Opens links to other nodes: the stream, the proof of identities, admission. The parts of a graph that need a link ask here.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { LinkPort } from './link-port.ts'

/** Opens links of one graph. */
export interface LinkOpener {
  /**
   * Opens a link.
   *
   * @param expected Whose public key has to be there; undefined: anybody's.
   * @param done Called once, later, unless it is cancelled.
   */
  open(to: Endpoint, expected: Uint8Array | undefined, done: (outcome: OpeningOutcome) => void): OpeningLink
}

/** A link that is being opened. */
export interface OpeningLink {
  /** Gives up; nobody is told. After the outcome it does nothing. */
  cancel(): void
}

/** What becomes of it. */
export type OpeningOutcome = { readonly link: LinkPort } | OpeningFailure

/** Why there is no link. */
export interface OpeningFailure {
  readonly code: 'connection-failed' | 'not-authenticated' | 'connect-self' | 'no-common-version'
  readonly reason: string
  /** Set where the other end has proven that it is of the graph, and one of the two does not admit the other. */
  readonly isRefused?: true
  /** Set where another identity than the expected one proved itself: it is not there any more. */
  readonly otherIdentity?: true
  /** Set where the two ends have no version of the protocol in common: those that the other end speaks. */
  readonly theirVersions?: readonly number[]
}
