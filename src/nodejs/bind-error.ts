/**
 * Where sockets are bound: what the operating system's refusals mean, and which free ports will do.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { reasonOf, systemErrorCode } from './system-error.ts'

/** No free port that is taken is this one or below: peers ignore what comes from there (MS-PNRP 3.1.5.2). */
const HIGHEST_RESERVED_PORT = 1024
/** How often another free port is asked for, on a system that has been told to hand out reserved ones. */
const MOST_FREE_PORTS_TRIED = 16

/** The error of a failed bind or listen, in the terms of the ports. */
export function bindError(error: unknown, local: Endpoint): PeerageError {
  const endpoint = formatEndpoint(local)
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new PeerageError('port-in-use', { endpoint }, { cause: error })
    case 'EADDRNOTAVAIL':
      return new PeerageError('address-not-available', { endpoint }, { cause: error })
    default:
      return new PeerageError('network-failed', { endpoint, reason: reasonOf(error) }, { cause: error })
  }
}

/** Binds where it is asked to, and where a free port was asked for, until that is not a reserved one. */
export async function bindAboveReserved<Bound extends { readonly local: Endpoint; close(): void }>(
  local: Endpoint,
  bind: () => Promise<Bound>,
): Promise<Bound> {
  // The reserved ones are kept until there is a better one, or the system would give the same again.
  const reserved: Bound[] = []
  try {
    while (reserved.length < MOST_FREE_PORTS_TRIED) {
      const bound = await bind()
      if (local.port !== 0 || bound.local.port > HIGHEST_RESERVED_PORT) return bound
      reserved.push(bound)
    }
  } finally {
    for (const bound of reserved) bound.close()
  }
  const reason = `the system gives free ports up to ${HIGHEST_RESERVED_PORT} only`
  throw new PeerageError('network-failed', { endpoint: formatEndpoint(local), reason })
}
