/** What the benchmarks use of hypercore, which has no types of its own. */
declare module 'hypercore' {
  import type SecretStream from '@hyperswarm/secret-stream'

  export default class Hypercore {
    readonly key: Buffer
    readonly length: number
    readonly contiguousLength: number
    constructor(folder: string, key?: Buffer)
    ready(): Promise<void>
    append(blocks: Buffer | readonly Buffer[]): Promise<unknown>
    update(options: { readonly wait: boolean }): Promise<boolean>
    download(range: { readonly start: number; readonly end: number }): { done(): Promise<unknown> }
    replicate(stream: SecretStream): SecretStream
    close(): Promise<void>
  }
}
