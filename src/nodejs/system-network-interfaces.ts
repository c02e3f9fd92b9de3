/**
 * The addresses of this machine, as the operating system tells them. Node.js has no event for a
 * change, so the list is read again at an interval, and only while somebody watches.
 */
import { networkInterfaces } from 'node:os'
import { parseIpAddress } from '../runtime/endpoint.ts'
import type { InterfaceAddress, NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { reasonOf } from './system-error.ts'

/** How long a change can go unnoticed, in milliseconds. Reading the list takes 0.05 ms. */
const READING_INTERVAL = 2000

interface Watcher {
  /** The list that it knows, as text. */
  known: string
  readonly changed: () => void
}

const watchers = new Set<Watcher>()
let interval: NodeJS.Timeout | undefined

/** The network interfaces of this machine. */
export const systemNetworkInterfaces: NetworkInterfaces = {
  list,
  watch(changed) {
    const watcher: Watcher = { known: JSON.stringify(list()), changed }
    watchers.add(watcher)
    // Watching alone is no reason for a process to go on.
    interval ??= setInterval(lookForChange, READING_INTERVAL).unref()
    return () => {
      watchers.delete(watcher)
      if (watchers.size > 0) return
      clearInterval(interval)
      interval = undefined
    }
  },
}

function list(): readonly InterfaceAddress[] {
  const addresses: InterfaceAddress[] = []
  for (const [name, entries] of Object.entries(readInterfaces())) {
    for (const { address: text, cidr, internal } of entries ?? []) {
      const address = parseIpAddress(text)
      // Without a valid netmask there is no prefix, and without a prefix nothing can be said about neighbors.
      if (address === undefined || cidr === null) continue
      const prefixLength = Number(cidr.slice(cidr.indexOf('/') + 1))
      addresses.push({ interface: name, address, prefixLength, loopback: internal })
    }
  }
  return addresses.sort((one, other) => compare(one.interface, other.interface) || compare(one.address, other.address))
}

function readInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces()
  } catch (cause) {
    throw new PeerageError('network-failed', { endpoint: 'this machine', reason: reasonOf(cause) }, { cause })
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function lookForChange(): void {
  let found: string
  try {
    found = JSON.stringify(list())
  } catch (error) {
    // What cannot be read now has not changed as far as anybody can tell; whoever calls `list` gets the error.
    if (PeerageError.is(error, 'network-failed')) return
    throw error
  }
  for (const watcher of watchers) {
    if (watcher.known === found) continue
    watcher.known = found
    watcher.changed()
  }
}
