/** What the benchmarks use of @hyperswarm/secret-stream, which has no types of its own. */
declare module '@hyperswarm/secret-stream' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export default class SecretStream extends EventEmitter {
    constructor(isInitiator: boolean, socket: Socket)
    destroy(): void
  }
}
