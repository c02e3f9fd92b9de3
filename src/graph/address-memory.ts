/**
 * The memory of seven days (G-177): where nodes of the graph were seen, each address with the identity that is expected
 * there. It is kept with the database, so that a graph is found again after everybody was off, and a part that was cut
 * off is found although its presence has run out.
 */
import { toHex } from '../runtime/bytes.ts'
import { PUBLIC_KEY_LENGTH } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { type Random, randomChoice } from '../runtime/random.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'

/** In milliseconds. */
export const MEMORY_LIFE = 7 * 24 * 60 * 60_000
/** Addresses that are remembered. */
export const MOST_REMEMBERED = 256

/** Of these, how many are kept of nodes that are in the node list, before they make room for others. */
export const FEWEST_LISTED = 128

/** An address, and who is expected there. */
export interface RememberedAddress {
  readonly endpoint: Endpoint
  readonly publicKey: Uint8Array
  /** The public key in hexadecimal digits. */
  readonly key: string
  /** In peer time. */
  readonly confirmed: number
  /** Whether an identity was proven there; otherwise only a presence record says so. */
  readonly isProven: boolean
}

const SCHEMA = 1
/** In bytes. */
const LONGEST_MEMORY = 32 * 1024

/**
 * The memory of one graph. What makes room first is what is known from presence alone, and of that and of the rest what the
 * node list knows anyway: so the addresses of a part that was cut off outlast it, however many nodes this part has.
 */
export class AddressMemory {
  readonly #isListed: (key: string) => boolean
  /** By endpoint: the one confirmed last at the end. */
  readonly #proven = new Map<string, RememberedAddress>()
  readonly #heardOf = new Map<string, RememberedAddress>()

  /** @param isListed Whether an identity is in the node list */
  constructor(isListed: (key: string) => boolean) {
    this.#isListed = isListed
  }

  /** Takes in an address, or renews it. */
  confirm(address: RememberedAddress): void {
    const name = formatEndpoint(address.endpoint)
    const former = this.#proven.get(name)
    if (former !== undefined && !address.isProven) {
      // What somebody says about an address does not replace whom we met there ourselves.
      if (former.key !== address.key) return
      this.#proven.delete(name)
      this.#proven.set(name, { ...address, isProven: true })
      return
    }
    this.#proven.delete(name)
    this.#heardOf.delete(name)
    const addresses = address.isProven ? this.#proven : this.#heardOf
    addresses.set(name, address)
    if (this.#proven.size + this.#heardOf.size > MOST_REMEMBERED) this.#makeRoom()
  }

  /** Another identity than this one is at the address. What is known of others there stays. @param key In hexadecimal digits */
  forget(endpoint: Endpoint, key: string): void {
    const name = formatEndpoint(endpoint)
    for (const addresses of [this.#proven, this.#heardOf]) {
      if (addresses.get(name)?.key === key) addresses.delete(name)
    }
  }

  /** All that are still good. @param now Peer time. */
  all(now: number): readonly RememberedAddress[] {
    for (const addresses of [this.#proven, this.#heardOf]) {
      for (const [name, { confirmed }] of addresses) if (confirmed + MEMORY_LIFE < now) addresses.delete(name)
    }
    return [...this.#proven.values(), ...this.#heardOf.values()]
  }

  /** Those of one identity that are still good. @param key In hexadecimal digits @param now Peer time */
  of(key: string, now: number): readonly RememberedAddress[] {
    return this.all(now).filter((address) => address.key === key)
  }

  /** A random one that `accepts` takes. */
  draw(random: Random, now: number, accepts: (address: RememberedAddress) => boolean): RememberedAddress | undefined {
    return randomChoice(random, this.all(now).filter(accepts))
  }

  /** What is kept with the database. */
  encode(): Uint8Array {
    const writer = new WireWriter(LONGEST_MEMORY)
    writer.uint8(SCHEMA)
    const addresses = [...this.#proven.values(), ...this.#heardOf.values()]
    writer.count(addresses.length, MOST_REMEMBERED)
    for (const { endpoint, publicKey, confirmed, isProven } of addresses) {
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
      const isProven = reader.uint8() === 1
      this.confirm({ endpoint, publicKey, key: toHex(publicKey), confirmed, isProven })
    }
    reader.finish()
  }

  #makeRoom(): void {
    const addresses = this.#heardOf.size > 0 ? this.#heardOf : this.#proven
    const name = this.#leastNeeded(addresses)
    if (name !== undefined) addresses.delete(name)
  }

  /** The one of a listed node that was confirmed longest ago; if few of these are left, of a node that is not listed. */
  #leastNeeded(addresses: ReadonlyMap<string, RememberedAddress>): string | undefined {
    let oldestListed: string | undefined
    let oldestOther: string | undefined
    let listed = 0
    for (const [name, { key }] of addresses) {
      if (!this.#isListed(key)) {
        oldestOther ??= name
        continue
      }
      oldestListed ??= name
      // The proven ones of listed nodes are what a restart finds its graph by.
      if (addresses !== this.#proven || ++listed > FEWEST_LISTED) return oldestListed
    }
    return oldestOther ?? oldestListed
  }
}
