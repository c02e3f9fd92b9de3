/**
 * The processes of the demo: nodes that are run by the `peerage` command itself, as anybody would run them, each with a data
 * directory in one temporary folder. However the demo ends, none of them stays, and the folder goes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ConnectedNode, connectRunningNode } from '../control/connect-node.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { storageError } from '../nodejs/storage-error.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'

/** The entrance of the command, which is a source file where this is one. */
const ENTRANCE = fileURLToPath(new URL(`../cli/peerage${extname(import.meta.url)}`, import.meta.url))
/** Of what a process that does not start has said, so many characters at the end are told. */
const MOST_TOLD = 500
/** A file of a process that has just ended may be in use for a moment longer on Windows. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10 } as const

/** A node of the demo, with the connection that tells it what to do. */
export interface DemoPeer {
  readonly friendlyName: string
  readonly peerName: PeerName
  readonly processId: number
  readonly node: PeerNode
}

interface Running extends DemoPeer {
  readonly child: ChildProcess
  readonly connected: ConnectedNode
}

/** All processes of one demo. */
export class DemoProcesses {
  readonly #folder = temporaryFolder()
  readonly #children = new Set<ChildProcess>()
  readonly #running = new Set<Running>()
  #isOver = false
  /** The last resort, for when the process of the demo ends before {@link DemoProcesses.end}. */
  readonly #atExit = (): void => {
    this.killAll()
    rmSync(this.#folder, REMOVAL)
  }

  constructor() {
    process.on('exit', this.#atExit)
  }

  /** Runs `peerage up` in a process of its own: for a new peer, or for one that was here before and has its data still. */
  async start(friendlyName: string, signal: AbortSignal): Promise<DemoPeer> {
    const dataDir = join(this.#folder, friendlyName.toLowerCase())
    const child = this.#spawn(['--data-dir', dataDir, '--json', 'up', '--no-lan', '--name', friendlyName])
    await serves(child, friendlyName, signal)
    const connected = await connectRunningNode({ dataDir, signal })
    const { node } = connected
    const [{ peerName }, { processId }] = await Promise.all([node.identities.get(), connected.info()])
    const running = { friendlyName, peerName, processId, node, child, connected }
    this.#running.add(running)
    return running
  }

  /** Ends one with the signal that a process cannot see, as a power cut would (`kill -9`). */
  async kill(peer: DemoPeer): Promise<void> {
    const running = this.#find(peer)
    const ended = this.#ended(running.child)
    running.child.kill('SIGKILL')
    await ended
    this.#running.delete(running)
  }

  /** Stops all as `peerage down` does. @returns the exit codes that are not 0, by name */
  async stopAll(): Promise<ReadonlyMap<string, number | null>> {
    const failed = new Map<string, number | null>()
    await Promise.all(
      [...this.#running].map(async ({ friendlyName, child, connected }) => {
        const ended = this.#ended(child)
        await connected.stop()
        await ended
        if (child.exitCode !== 0) failed.set(friendlyName, child.exitCode)
      }),
    )
    this.#running.clear()
    return failed
  }

  /** Kills whatever runs, at once, and lets nothing start any more. */
  killAll(): void {
    this.#isOver = true
    for (const child of this.#children) child.kill('SIGKILL')
  }

  /** Kills whatever still runs, and removes the folder. */
  async end(): Promise<void> {
    const ended = Promise.all([...this.#children].map((child) => this.#ended(child)))
    this.killAll()
    await ended
    await rm(this.#folder, REMOVAL)
    process.off('exit', this.#atExit)
  }

  #spawn(words: readonly string[]): ChildProcess {
    if (this.#isOver) throw new Error('the demo is over')
    const child = spawn(process.execPath, [ENTRANCE, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  #find(peer: DemoPeer): Running {
    for (const running of this.#running) if (running.processId === peer.processId) return running
    throw new Error(`${peer.friendlyName} does not run`)
  }

  async #ended(child: ChildProcess): Promise<void> {
    if (this.#children.has(child)) await once(child, 'exit')
  }
}

/** @throws PeerageError `storage-not-accessible`, `disk-full` */
function temporaryFolder(): string {
  const folder = join(tmpdir(), 'peerage-demo-')
  try {
    return mkdtempSync(folder)
  } catch (error) {
    throw storageError(error, folder, 'create')
  }
}

/** Waits for the line with which `peerage up` says that it serves. */
async function serves(child: ChildProcess, friendlyName: string, signal: AbortSignal): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-MOST_TOLD)
  })
  if (child.stdout === null) throw new Error('its output is not piped')
  const lines = createInterface({ input: child.stdout, signal })
  for await (const line of lines) {
    if (!line.includes('"event":"ready"')) continue
    // What else it says nobody waits for, and it must not stand still for that.
    child.stdout.resume()
    return
  }
  signal.throwIfAborted()
  throw new Error(`the process of ${friendlyName} ended before it served: ${said.trim()}`)
}
