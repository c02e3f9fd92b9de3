/**
 * The memory of seven days (G-177): where nodes of the graph were seen, each address with the identity that is expected
 * there. It is kept with the database, so that a graph is found again after everybody was off, and a part that was cut
 * off is found although its presence has run out.
 */
import { PUBLIC_KEY_LENGTH } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { type Random, randomChoice } from '../runtime/random.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'

/** In milliseconds. */
export const MEMORY_LIFE = 7 * 24 * 60 * 60_000
/** Addresses that are remembered. */
export const MOST_REMEMBERED = 256

/** An address, and who is expected there. */
export interface RememberedAddress {
  readonly endpoint: Endpoint
  readonly publicKey: Uint8Array
  /** In peer time. */
  readonly confirmed: number
  /** Whether an identity was proven there; otherwise only a presence record says so. */
  readonly isProven: boolean
}

const SCHEMA = 1
/** In bytes. */
const LONGEST_MEMORY = 32 * 1024

/** The memory of one graph. */
export class AddressMemory {
  /** By endpoint: the one confirmed last at the end. */
  readonly #addresses = new Map<string, RememberedAddress>()

  /** Takes in an address, or renews it. */
  confirm(address: RememberedAddress): void {
    const key = formatEndpoint(address.endpoint)
    const former = this.#addresses.get(key)
    // What somebody says about an address does not replace whom we met there ourselves.
    if (former?.isProven === true && !address.isProven && !sameKey(former.publicKey, address.publicKey)) return
    const isProven = address.isProven || (former?.isProven === true && sameKey(former.publicKey, address.publicKey))
    this.#addresses.delete(key)
    this.#addresses.set(key, { ...address, isProven })
    if (this.#addresses.size > MOST_REMEMBERED) this.#makeRoom()
  }

  /** Another identity than the expected one is at this address. */
  forget(endpoint: Endpoint): void {
    this.#addresses.delete(formatEndpoint(endpoint))
  }

  /** All that are still good. @param now Peer time. */
  all(now: number): readonly RememberedAddress[] {
    for (const [key, { confirmed }] of this.#addresses) {
      if (confirmed + MEMORY_LIFE < now) this.#addresses.delete(key)
    }
    return [...this.#addresses.values()]
  }

  /** A random one that `accepts` takes. */
  draw(random: Random, now: number, accepts: (address: RememberedAddress) => boolean): RememberedAddress | undefined {
    return randomChoice(random, this.all(now).filter(accepts))
  }

  /** What is kept with the database. */
  encode(): Uint8Array {
    const writer = new WireWriter(LONGEST_MEMORY)
    writer.uint8(SCHEMA)
    writer.count(this.#addresses.size, MOST_REMEMBERED)
    for (const { endpoint, publicKey, confirmed, isProven } of this.#addresses.values()) {
      writer.endpoint(endpoint)
      writer.bytes(publicKey)
      writer.uint48(Math.max(0, confirmed))
      writer.uint8(isProven ? 1 : 0)
    }
    return writer.copy()
  }

  /** Reads what was kept. What a later release wrote is left alone: nothing is remembered then. @throws PeerageError `malformed` */
  decode(bytes: Uint8Array): void {
    const reader = new WireReader(bytes, 'memory of addresses')
    if (reader.uint8() !== SCHEMA) return
    const count = reader.count(MOST_REMEMBERED, 1)
    for (let index = 0; index < count; index++) {
      const endpoint = reader.endpoint()
      const publicKey = reader.bytes(PUBLIC_KEY_LENGTH).slice()
      const confirmed = reader.uint48()
      this.confirm({ endpoint, publicKey, confirmed, isProven: reader.uint8() === 1 })
    }
    reader.finish()
  }

  /** Addresses known from presence alone go first, then those that were confirmed longest ago. */
  #makeRoom(): void {
    let oldest: string | undefined
    for (const [key, { isProven }] of this.#addresses) {
      if (!isProven) {
        this.#addresses.delete(key)
        return
      }
      oldest ??= key
    }
    if (oldest !== undefined) this.#addresses.delete(oldest)
  }
}

function sameKey(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, index) => byte === other[index])
}
