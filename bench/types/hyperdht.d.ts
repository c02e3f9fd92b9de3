/** What the benchmarks use of hyperdht, which has no types of its own. */
declare module 'hyperdht' {
  export interface KeyPair {
    readonly publicKey: Uint8Array
    readonly secretKey: Uint8Array
  }

  export default class DHT {
    static keyPair(): KeyPair
    constructor(options: {
      readonly bootstrap: readonly { readonly host: string; readonly port: number }[]
      readonly host: string
      readonly ephemeral: boolean
      readonly firewalled: boolean
    })
    fullyBootstrapped(): Promise<void>
    address(): { readonly host: string; readonly port: number }
    createServer(): { listen(keyPair: KeyPair): Promise<unknown> }
    mutablePut(keyPair: KeyPair, value: Uint8Array): Promise<unknown>
    mutableGet(
      publicKey: Uint8Array,
      options: { readonly latest: boolean },
    ): Promise<{ readonly value: Uint8Array } | null | undefined>
  }
}
