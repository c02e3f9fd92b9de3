/** What the benchmarks use of @orbitdb/core, which has no types of its own. */
declare module '@orbitdb/core' {
  import type { EventEmitter } from 'node:events'

  export interface EventLog {
    readonly address: string
    readonly events: EventEmitter
    add(value: unknown): Promise<string>
    iterator(): AsyncIterable<unknown>
  }
  export interface OrbitDB {
    /** Opens a log by its name, and makes it if there is none, or by its address. */
    open(nameOrAddress: string, options?: { readonly AccessController: unknown }): Promise<EventLog>
  }
  export function createOrbitDB(options: { readonly ipfs: unknown; readonly directory: string }): Promise<OrbitDB>
  export function IPFSAccessController(options: { readonly write: readonly string[] }): unknown
}
