/**
 * The port of network interfaces on a host of the virtual network.
 */
import type { InterfaceAddress, NetworkInterfaces } from '../runtime/network-interfaces.ts'
import type { NetworkHost } from './network-host.ts'

/** The addresses of a host, from one start to the next crash. */
export class VirtualInterfaces implements NetworkInterfaces {
  readonly #host: NetworkHost
  readonly #watchers = new Set<{ readonly changed: () => void }>()

  constructor(host: NetworkHost) {
    this.#host = host
  }

  list(): readonly InterfaceAddress[] {
    return this.#host.list()
  }

  watch(changed: () => void): () => void {
    const watcher = { changed }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Tells everybody who watches. */
  tell(): void {
    for (const { changed } of this.#watchers) changed()
  }

  /** The host has crashed: nobody is told anything any more. */
  stop(): void {
    this.#watchers.clear()
  }
}
