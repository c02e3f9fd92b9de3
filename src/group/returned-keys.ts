/**
 * Who was revoked and has a certificate all the same that comes to light later (P-131): one that nobody knew of who revoked, or that
 * was issued since. That is told once for each, so that the operation can be repeated. What comes together with the
 * revocation is no news, as it does to newcomers, nor is what the revoker has issued.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { CertificateDigest, ChainDigest } from './digests.ts'
import type { GroupParts } from './group-parts.ts'
import type { MemberChain } from './member-chain.ts'

/** For so long after a revocation certificates are taken to have come together with it, in milliseconds. */
export const COMING_TOGETHER = 60_000

/** Tells at one node. */
export class ReturnedKeys {
  readonly #parts: GroupParts
  readonly #cameBack: (peer: PeerName) => void
  /** The chains that are no news any more. */
  readonly #known = new Set<ChainDigest>()
  /** By key: since when this node has known that it was revoked; a time of the clock that never jumps. */
  readonly #revoked = new Map<string, number>()
  #hasSynchronized = false

  constructor(parts: GroupParts, cameBack: (peer: PeerName) => void) {
    this.#parts = parts
    this.#cameBack = cameBack
  }

  /** The first copy of everything is here. */
  synchronized(): void {
    this.#hasSynchronized = true
  }

  look(keys: Iterable<string> | 'any'): void {
    const { records, now, clock } = this.#parts
    if (records === undefined) return
    for (const key of keys === 'any' ? records.state.keys() : keys) {
      const revokers = records.state.revokersOf(key)
      if (revokers.length > 0 && !this.#revoked.has(key)) this.#revoked.set(key, clock.monotonic())
      const since = this.#revoked.get(key)
      const isLater = since !== undefined && clock.monotonic() > since + COMING_TOGETHER && this.#hasSynchronized
      const issuers = new Set(revokers.map(({ certificateDigests }) => certificateDigests.at(-1)))
      for (const chain of records.state.chainsToRevoke(key, now)) {
        if (this.#known.has(chain.digest)) continue
        this.#known.add(chain.digest)
        if (isLater && !issuers.has(issuerOf(chain))) this.#cameBack(chain.leaf.peerName)
      }
    }
  }
}

function issuerOf({ certificateDigests }: MemberChain): CertificateDigest | undefined {
  return certificateDigests.at(-2)
}
