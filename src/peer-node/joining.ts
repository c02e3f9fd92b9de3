/**
 * Joining a graph: its addresses are tried all at once, and the first that leads to a node of it is enough. What else there
 * is of the graph becomes known from there.
 */
import type { DialOutcome } from '../graph/dialer.ts'
import { PROTOCOL_VERSION } from '../graph/message-header.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { OpenGraph } from './open-graph.ts'
import type { Dialing } from './progress.ts'
import { abortable } from './waiting.ts'

/** Resolves when all records are here. @throws PeerageError if no address led anywhere */
export async function joinGraph(graph: OpenGraph, addresses: readonly Endpoint[], options: Dialing): Promise<void> {
  options.signal?.throwIfAborted()
  const over = new AbortController()
  const abort = (): void => over.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', abort, { once: true })
  graph.joinsAt = addresses
  try {
    const synchronized = graph.synchronized({ ...options, signal: over.signal })
    const nobody = addresses.length === 0 ? never : allFail(graph, addresses, over.signal)
    await Promise.race([synchronized, nobody])
  } finally {
    options.signal?.removeEventListener('abort', abort)
    graph.joinsAt = []
    over.abort()
  }
}

const never = new Promise<never>(() => undefined)

/** Rejects when each of the addresses has failed. */
function allFail(graph: OpenGraph, addresses: readonly Endpoint[], signal: AbortSignal): Promise<never> {
  return abortable<never>(signal, (_, reject) => {
    let left = addresses.length
    const attempts = addresses.map((endpoint) =>
      graph.engine.connect(endpoint, (outcome) => {
        const error = failureOf(endpoint, outcome)
        if (error !== undefined && --left === 0) reject(error)
      }),
    )
    return () => {
      for (const attempt of attempts) attempt.cancel()
    }
  })
}

/** Why an address leads nowhere; undefined if it led to a node of the graph, though that may have had no place. */
function failureOf(to: Endpoint, outcome: DialOutcome): PeerageError | undefined {
  const endpoint = formatEndpoint(to)
  if (outcome.kind === 'connected') return undefined
  if (outcome.kind === 'refused') {
    if (outcome.code === 'own-node') return new PeerageError('connect-self', { endpoint })
    return outcome.referrals.length > 0 ? undefined : new PeerageError('refused', { endpoint, reason: outcome.code })
  }
  const failure = outcome.failures.at(-1)
  switch (failure?.code) {
    case 'connect-self':
      return new PeerageError('connect-self', { endpoint })
    case 'not-authenticated':
      return new PeerageError('not-authenticated', { endpoint, reason: failure.reason })
    case 'refused':
    case 'referred':
      return new PeerageError('refused', { endpoint, reason: failure.reason })
    case 'no-common-version':
      return new PeerageError('no-common-version', { ours: [PROTOCOL_VERSION], theirs: [] })
    default: {
      const reason = failure?.reason ?? 'the address is outside the scope of the graph'
      return new PeerageError('connection-failed', { endpoint, reason })
    }
  }
}
