/**
 * Who was revoked and has a certificate all the same (P-131): one that nobody knew of who revoked, or one that was issued since.
 * That is told once for each, so that the operation can be repeated. It is no news of whom the revoker has issued one
 * for, as those do who lower a role.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { CertificateDigest, ChainDigest } from './digests.ts'
import type { GroupParts } from './group-parts.ts'
import type { MemberChain } from './member-chain.ts'

/** Tells at one node. */
export class ReturnedKeys {
  readonly #parts: GroupParts
  readonly #cameBack: (peer: PeerName) => void
  readonly #told = new Set<ChainDigest>()

  constructor(parts: GroupParts, cameBack: (peer: PeerName) => void) {
    this.#parts = parts
    this.#cameBack = cameBack
  }

  /** What is known now is no news. */
  begin(): void {
    this.#look('any', () => undefined)
  }

  look(keys: Iterable<string> | 'any'): void {
    this.#look(keys, this.#cameBack)
  }

  #look(keys: Iterable<string> | 'any', tell: (peer: PeerName) => void): void {
    const { records, now } = this.#parts
    if (records === undefined) return
    for (const key of keys === 'any' ? records.state.keys() : keys) {
      if (!records.state.hasRevoked(key)) continue
      const revokers = new Set(records.state.revokersOf(key).map((revoker) => revoker.certificateDigests.at(-1)))
      for (const chain of records.state.chainsToRevoke(key, now)) {
        if (this.#told.has(chain.digest) || records.state.standingOfChain(chain) !== 'stands') continue
        this.#told.add(chain.digest)
        if (!revokers.has(issuerOf(chain))) tell(chain.leaf.peerName)
      }
    }
  }
}

function issuerOf({ certificateDigests }: MemberChain): CertificateDigest | undefined {
  return certificateDigests.at(-2)
}
