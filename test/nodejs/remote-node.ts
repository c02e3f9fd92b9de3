/** A node in a process of its own, told what to do from here: see children/runs-node.ts. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { CloudInfo, CloudInspection } from '../../src/peer-node/cloud-info.ts'
import type { ResolvedName } from '../../src/peer-node/names.ts'

const SCRIPT = fileURLToPath(new URL('children/runs-node.ts', import.meta.url))
/** How long a state may take to come, in milliseconds. */
const LONGEST_WAIT = 40_000
const LOOKING_INTERVAL = 50

/** A result whose payload is base64. */
export type RemoteResult = Omit<ResolvedName, 'payload'> & { readonly payload?: string }

export interface RemoteNodeOptions {
  readonly seeds?: readonly string[]
  readonly pnrpPort?: number
  readonly graphPort?: number
  /** By default a new one, which is removed at the end of the process. */
  readonly dataDir?: string
  /** What runs before node: `ip netns exec NAME`. */
  readonly prefix?: readonly string[]
}

export class RemoteNode {
  readonly child: ChildProcess
  peerName = ''
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  /** To be removed. */
  #folder: string | undefined
  #errors = ''

  static async start({ prefix = [], dataDir, ...options }: RemoteNodeOptions = {}): Promise<RemoteNode> {
    const folder = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'peerage-node-')) : undefined
    const node = new RemoteNode(prefix, folder)
    node.peerName = String(await node.call('open', dataDir ?? join(folder ?? '', 'data'), options))
    return node
  }

  private constructor(prefix: readonly string[], folder: string | undefined) {
    this.#folder = folder
    const [command = process.execPath, ...words] = [...prefix, process.execPath, SCRIPT]
    this.child = spawn(command, words, { stdio: 'pipe' })
    const { stdout, stderr } = this.child
    if (stdout === null || stderr === null) throw new Error('the output is piped')
    stderr.on('data', (chunk) => {
      this.#errors += String(chunk)
    })
    this.#reader = createInterface({ input: stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** Makes a call. Rejects with the code of a PeerageError as its message. */
  async call(name: string, argument = '', options: object = {}): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify([name, argument, options])}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the node ended: ${this.#errors}`)
    const answer: { result?: unknown; code?: string } = JSON.parse(value)
    if (answer.code !== undefined) throw new Error(answer.code)
    return answer.result
  }

  /** Opens a cloud, and tells how it is. */
  async join(cloud: string, options: object = {}): Promise<CloudInfo> {
    await this.call('join', cloud, options)
    return this.cloud(cloud)
  }

  async cloud(name: string): Promise<CloudInfo> {
    const clouds = (await this.call('list')) as CloudInfo[]
    const found = clouds.find((cloud) => cloud.name === name)
    if (found === undefined) throw new Error(`there is no cloud ${name}`)
    return found
  }

  async inspect(cloud: string): Promise<CloudInspection> {
    return (await this.call('inspect', cloud)) as CloudInspection
  }

  async resolve(name: string, options: object = {}): Promise<readonly RemoteResult[]> {
    return (await this.call('resolve', name, options)) as RemoteResult[]
  }

  /** Waits until something is so. @param within In milliseconds */
  async until(what: string, condition: () => Promise<boolean>, within: number = LONGEST_WAIT): Promise<void> {
    const end = performance.now() + within
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`not in ${within} ms: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, LOOKING_INTERVAL))
    }
  }

  /** Waits until others are known in a cloud. */
  async active(cloud: string): Promise<void> {
    await this.until(`${cloud} is active`, async () => (await this.cloud(cloud)).state === 'active')
  }

  async close(): Promise<void> {
    await this.call('close')
    await this.ended()
  }

  async ended(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    this.#removeFolder()
    if (this.#errors !== '') throw new Error(this.#errors)
  }

  /** Ends the process at this instant, if it still runs. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL')
      await once(this.child, 'close')
    }
    this.#removeFolder()
  }

  #removeFolder(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }
}
