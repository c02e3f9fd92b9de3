/** `peerage send` and `peerage receive`: a file from one member to another, directly. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { PeerName } from '../identity/peer-name.ts'
import { storageError } from '../nodejs/storage-error.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import { toHex } from '../runtime/bytes.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import type { CommandContext } from './command-context.ts'
import { FILE_PROTOCOL } from './file-message.ts'
import { FileReceiving, type ReceivedFile } from './file-receiving.ts'
import { type OutgoingFile, outgoingFile, sendFile } from './file-sending.ts'
import { endless, type Opened, useGroupOrGraph } from './group-or-graph.ts'
import { findMember, WHOSE_OPTION } from './group-reference.ts'
import type { ExpectedFile } from './incoming-file.ts'
import { type Output, printable } from './output.ts'
import { PeerLabels } from './peer-labels.ts'
import { ProgressBar } from './progress-bar.ts'
import { sizeText } from './size-text.ts'
import { stopSignal } from './stop-signal.ts'

/** How long the other side may be away before sending is given up, in milliseconds. */
const LONGEST_ABSENCE = 60_000
/** How long after a cut it is tried again, in milliseconds. */
const BEFORE_NEXT_TRY = 500
/** How a connection fails that may come about later. */
const CUTS: readonly ErrorCode[] = [
  'connection-lost',
  'connection-failed',
  'node-not-found',
  'protocol-not-accepted',
  'refused',
]

interface Whose {
  readonly identity?: string
}

export function addSendCommands(program: Command, context: CommandContext): void {
  const { output } = context
  program
    .command('send <group> <member> <file>')
    .description('send a file to a member who runs `peerage receive`; after a cut it goes on where it was')
    .option(...WHOSE_OPTION)
    .action((reference: string, member: string, path: string, { identity }: Whose) =>
      useGroupOrGraph(context, { reference, identity }, 'others', (opened) => send(opened, member, path, output)),
    )

  program
    .command('receive <group>')
    .description('take the files that members send, until Ctrl-C')
    .option('--into <dir>', 'where to put them; what has come of one is NAME.DIGITS.part until it is whole', '.')
    .option(...WHOSE_OPTION)
    .action((reference: string, { into, identity }: Whose & { readonly into: string }) =>
      useGroupOrGraph(context, { reference, identity }, 'others', (opened) => receive(opened, resolve(into), output)),
    )
}

async function send(opened: Opened, member: string, path: string, output: Output): Promise<void> {
  const to = await peerOf(opened, member)
  const labels = new PeerLabels(opened)
  await labels.load()
  const reading = new ProgressBar(output, `reading ${path}`)
  const file = await outgoingFile(path, (done, total) => reading.show(done, total))
  const { name, size } = file
  const sending = new ProgressBar(output, `${name} to ${labels.of(to)}`)
  const resumedFrom = await delivered(opened, to, file, {
    onProgress: (done) => sending.show(done, size),
    onCut: () => output.passing(`${name}: waiting for ${labels.of(to)}`),
  })
  output.result(
    { sent: name, to, size, sha256: toHex(file.sha256), resumedFrom },
    `${labels.of(to)} has ${printable(name)} (${sizeText(size)})${resumedText({ size, resumedFrom })}.`,
  )
}

interface OnDelivery {
  onProgress(done: number): void
  onCut(): void
}

/**
 * Sends, again and again as long as that is of use.
 *
 * @returns how many bytes were there before the first try
 */
async function delivered({ graph }: Opened, to: PeerName, file: OutgoingFile, on: OnDelivery): Promise<number> {
  let lastSeen = performance.now()
  let isTaken = false
  let isRepeated = false
  let resumedFrom: number | undefined
  for (;;) {
    try {
      const connection = await graph.connect(to, FILE_PROTOCOL)
      isTaken = true
      const outcome = await sendFile(connection, file, (done) => {
        lastSeen = performance.now()
        resumedFrom ??= done
        on.onProgress(done)
      })
      if (outcome.kind === 'sent') return resumedFrom ?? 0
      // What was kept there of an earlier try was not right: once more, from the beginning.
      if (!outcome.isDamaged || isRepeated) throw notTaken(file, to, outcome.reason)
      isRepeated = true
      resumedFrom = undefined
    } catch (error) {
      if (!isTaken && PeerageError.is(error, 'protocol-not-accepted')) {
        throw notTaken(file, to, 'nobody receives files there', error)
      }
      const isAway = CUTS.some((code) => PeerageError.is(error, code))
      const isHopeless = performance.now() - lastSeen > LONGEST_ABSENCE
      if (!isAway || isHopeless || !(isTaken || (await isLooking(graph)))) throw error
      on.onCut()
      await delay(BEFORE_NEXT_TRY)
    }
  }
}

/** Whether others can still come into sight, since this node has only begun to look for them. */
async function isLooking(graph: Opened['graph']): Promise<boolean> {
  const { state } = await graph.status()
  return state === 'connecting' || state === 'synchronizing'
}

async function receive(opened: Opened, folder: string, output: Output): Promise<void> {
  await requireFolder(folder)
  const labels = new PeerLabels(opened)
  const bars = new WeakMap<ExpectedFile, ProgressBar>()
  const receiving = new FileReceiving(folder, (file, done) => {
    const bar = bars.get(file) ?? new ProgressBar(output, file.name)
    bars.set(file, bar)
    bar.show(done, file.size)
  })
  const stopped = new AbortController()
  void stopSignal().then(() => stopped.abort())
  const underWay = new Set<Promise<void>>()
  const connections = opened.graph.connections(FILE_PROTOCOL, { signal: stopped.signal })[Symbol.asyncIterator]()
  // From here on they are taken.
  let next = connections.next()
  const takeAll = async (): Promise<void> => {
    for (let item = await next; item.done !== true; item = await next) {
      next = connections.next()
      const one = receiveOne(item.value, receiving, labels, output).finally(() => underWay.delete(one))
      underWay.add(one)
    }
  }
  output.result(
    { event: 'ready', into: folder },
    `Files that are sent here come to ${printable(folder)}. Ctrl-C ends that.`,
  )
  try {
    await endless(opened, takeAll())
  } catch (error) {
    if (error !== stopped.signal.reason) throw error
  } finally {
    await receiving.close()
    await Promise.all(underWay)
  }
}

async function receiveOne(
  connection: DirectConnection,
  receiving: FileReceiving,
  labels: PeerLabels,
  output: Output,
): Promise<void> {
  const { peer } = connection
  try {
    const file = await receiving.receive(connection)
    await labels.load()
    output.result(receivedDocument(peer, file), receivedText(labels.of(peer), file))
  } catch (error) {
    // What one of them does is no reason to stop taking from the others.
    if (!PeerageError.isAny(error)) throw error
    output.warning(error)
  }
}

function receivedDocument(peerName: PeerName, { name, path, size, sha256, resumedFrom }: ReceivedFile): object {
  return { event: 'received', peerName, name, file: path, size, sha256: toHex(sha256), resumedFrom }
}

function receivedText(from: string, file: ReceivedFile): string {
  const { path, size } = file
  return `${printable(path)} (${sizeText(size)}) from ${from}${resumedText(file)}`
}

function resumedText({ size, resumedFrom }: { readonly size: number; readonly resumedFrom: number }): string {
  if (resumedFrom === 0) return ''
  return resumedFrom === size ? ', which was there already' : `, of which ${sizeText(resumedFrom)} were there already`
}

/** The member; or in a graph, where nobody is a member, the node that is online. */
async function peerOf({ group, graph }: Opened, reference: string): Promise<PeerName> {
  if (group !== undefined) return (await findMember(group, reference)).peerName
  const nodes = (await graph.nodes()).map(({ peerName }) => ({ peerName, friendlyName: '' }))
  return (await findMember({ members: async () => nodes }, reference)).peerName
}

async function requireFolder(folder: string): Promise<void> {
  const operation = 'put files into'
  try {
    if ((await stat(folder)).isDirectory()) return
  } catch (error) {
    throw storageError(error, folder, operation)
  }
  throw new PeerageError('storage-not-accessible', { path: folder, operation, reason: 'it is no folder' })
}

function notTaken({ name }: OutgoingFile, peer: PeerName, reason: string, cause?: unknown): PeerageError {
  return new PeerageError('file-not-taken', { file: name, peer, reason }, { cause })
}
