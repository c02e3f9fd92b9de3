/**
 * Seeds: members of a cloud that are known beforehand, as `host:port`. A name of a host stands for all of its
 * addresses, and is looked up again from time to time, because they change.
 */
import { DEFAULT_PNRP_PORT } from '../pnrp/default-port.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import { parseIpAddress } from '../runtime/endpoint.ts'
import type { HostLookup } from '../runtime/host-lookup.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** A seed as it was given: an address, or the name of a host. */
export interface Seed {
  readonly host: { readonly address: IpAddress } | { readonly name: string }
  readonly port: number
}

/** A seed, and where it is. */
export interface LookedUpSeed {
  readonly host: string
  readonly endpoints: readonly Endpoint[]
}

/** Seeds of one cloud. */
export const MOST_SEEDS = 64
/** After this time, in milliseconds, names of hosts are looked up again. */
export const SEED_LOOKUP_INTERVAL = 5 * 60_000
/** A DNS name, in characters (RFC 1035 section 2.3.4). */
const LONGEST_HOST_NAME = 253

/**
 * Reads `203.0.113.7:3540`, `[2001:db8::7]:3540` or `seed.example.org:3540`; the port may be left out.
 *
 * @throws PeerageError `invalid-argument`
 */
export function parseSeed(text: string): Seed {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? DEFAULT_PNRP_PORT : Number(digits)
  const address = parseIpAddress(bracketed ?? plain ?? '')
  const isHost = bracketed === undefined ? address !== undefined || isHostName(plain ?? '') : address?.includes(':')
  if (!isHost || port < 1 || port > 65_535) {
    throw new PeerageError('invalid-argument', {
      name: 'the seed',
      value: JSON.stringify(text),
      expected: 'host:port, with an IPv6 address in brackets; without a port, 3540 is meant',
    })
  }
  return { host: address === undefined ? { name: plain ?? '' } : { address }, port }
}

/** The addresses of the seeds of one cloud, as far as they are known. */
export class SeedList {
  readonly #seeds: readonly Seed[]
  readonly #lookup: HostLookup
  readonly #clock: Clock
  readonly #addresses = new Map<string, readonly IpAddress[]>()
  #lookedUp: number | undefined

  constructor(seeds: readonly Seed[], lookup: HostLookup, clock: Clock) {
    if (seeds.length > MOST_SEEDS) {
      throw new PeerageError('invalid-argument', {
        name: 'the number of seeds',
        value: String(seeds.length),
        expected: `at most ${MOST_SEEDS}`,
      })
    }
    this.#seeds = seeds
    this.#lookup = lookup
    this.#clock = clock
  }

  /** All addresses that are known now, in the order of the seeds. Starts another lookup when it is time for one. */
  endpoints(): readonly Endpoint[] {
    const isDue = this.#lookedUp === undefined || this.#clock.monotonic() - this.#lookedUp > SEED_LOOKUP_INTERVAL
    if (isDue) void this.refresh()
    return this.#seeds.flatMap(({ host, port }) =>
      'address' in host
        ? [{ host: host.address, port }]
        : (this.#addresses.get(host.name) ?? []).map((address) => ({ host: address, port })),
    )
  }

  /** Each seed with its addresses: none if it is the name of a host that could not be looked up so far. */
  looked(): readonly LookedUpSeed[] {
    return this.#seeds.map(({ host, port }) => {
      const name = 'name' in host ? host.name : host.address
      const hosts = 'name' in host ? (this.#addresses.get(host.name) ?? []) : [host.address]
      return { host: name, endpoints: hosts.map((address) => ({ host: address, port })) }
    })
  }

  /** Looks up all names of hosts. A name that has no addresses now keeps those that it had. */
  async refresh(): Promise<void> {
    this.#lookedUp = this.#clock.monotonic()
    const names = new Set(this.#seeds.flatMap(({ host }) => ('name' in host ? [host.name] : [])))
    await Promise.all(
      [...names].map(async (name) => {
        const addresses = await this.#lookup.addressesOf(name)
        if (addresses.length > 0) this.#addresses.set(name, addresses)
      }),
    )
  }
}

function isHostName(text: string): boolean {
  // A name of digits only would be a mistyped address.
  return text.length <= LONGEST_HOST_NAME && /^[\p{L}\p{N}_.-]*\p{L}[\p{L}\p{N}_.-]*$/u.test(text)
}
