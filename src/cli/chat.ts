/**
 * `peerage chat`: a chat of a group, on what every application has: a record type for the messages, which are history and news in one; and
 * the events of the group for who is there.
 */
import type { Command } from 'commander'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { recordType } from '../peer-node/application-types.ts'
import type { PeerRecord, RecordChange } from '../peer-node/records.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type ChatScreen, linesOf, TerminalScreen } from './chat-screen.ts'
import type { CommandContext } from './command-context.ts'
import { endless, type Opened, useGroupOrGraph } from './group-or-graph.ts'
import { WHOSE_OPTION } from './group-reference.ts'
import { type Output, printable } from './output.ts'
import { payloadSchema } from './payload-schema.ts'
import { PeerLabels } from './peer-labels.ts'
import { stopSignal } from './stop-signal.ts'

/** In characters. */
const LONGEST_TEXT = 4000
/** Messages of before that are shown at the beginning. */
const HISTORY = 50

interface ChatText {
  readonly text: string
}

const ChatMessage = recordType('chat.message', {
  schema: payloadSchema<ChatText>((value) => {
    if (typeof value !== 'object' || value === null || !('text' in value)) return undefined
    const { text } = value
    return typeof text === 'string' && text.length >= 1 && text.length <= LONGEST_TEXT ? { text } : undefined
  }, `an object with a text of 1 to ${LONGEST_TEXT} characters`),
  expires: '30d',
})

const WHAT_HAPPENED = {
  joined: 'has joined',
  connected: 'is here',
  disconnected: 'has gone',
  revoked: 'was put out of the group',
} as const

export function addChatCommand(program: Command, context: CommandContext): void {
  program
    .command('chat <group>')
    .description('talk with the members of a group; in a pipe, each line is a message')
    .option(...WHOSE_OPTION)
    .action((reference: string, { identity }: { readonly identity?: string }, command: Command) =>
      useGroupOrGraph(context, { reference, identity }, 'others', async (opened) => {
        const { json = false } = command.optsWithGlobals<{ readonly json?: boolean }>()
        const { stdin: input, stdout: output } = process
        const isTerminal = input.isTTY && output.isTTY && !json && process.env['TERM'] !== 'dumb'
        if (isTerminal) {
          const screen = new TerminalScreen({ input, output })
          await chat(opened, screen, { say: (_, text) => screen.show(text), isTerminal })
        } else {
          await chat(opened, linesOf(input), {
            say: (document, text) => context.output.result(document, text),
            isTerminal,
          })
        }
      }),
    )
}

interface Saying {
  say: Output['result']
  /** Whether somebody types who can be told what to do, and goes on after an error. */
  readonly isTerminal: boolean
}

async function chat(opened: Opened, screen: Pick<ChatScreen, 'lines' | 'close'>, saying: Saying): Promise<void> {
  const stopped = new AbortController()
  void stopSignal().then(() => stopped.abort())
  const session = new ChatSession(opened, saying)
  try {
    const { following } = await session.begin(stopped.signal)
    await Promise.race([endless(opened, following), session.take(screen.lines)])
  } catch (error) {
    if (error !== stopped.signal.reason) throw error
  } finally {
    stopped.abort()
    screen.close()
  }
}

/** One chat. */
class ChatSession {
  readonly #opened: Opened
  readonly #saying: Saying
  readonly #labels: PeerLabels
  readonly #own: string
  /** Messages that were shown as history, and can come again as news. */
  readonly #shown = new Set<string>()
  /** What has come while an own message is written, and who waits for it. */
  #come: Set<string> | undefined
  #wake = (): void => undefined

  constructor(opened: Opened, saying: Saying) {
    this.#opened = opened
    this.#saying = saying
    this.#labels = new PeerLabels(opened)
    this.#own = authorityPart(opened.graph.identity)
  }

  /** Shows who is there and what was said. What is said from then on is shown until the signal aborts. */
  async begin(signal: AbortSignal): Promise<{ readonly following: Promise<void> }> {
    const { graph } = this.#opened
    await this.#labels.load()
    await this.#showWho()
    this.#followPresence(signal)
    // The watch counts from its first item on, so that is asked for before the history is read: nothing falls between the two.
    const changes = graph.records.watch(ChatMessage, { from: 'now', signal })[Symbol.asyncIterator]()
    const first = changes.next()
    // It is awaited below.
    first.catch(() => undefined)
    const history: PeerRecord<ChatText>[] = []
    for await (const record of graph.records.list(ChatMessage, { newestFirst: true, limit: HISTORY, signal })) {
      history.unshift(record)
    }
    for (const record of history) {
      this.#shown.add(versionOf(record))
      this.#showMessage(record, false)
    }
    return { following: this.#follow(first, changes) }
  }

  /** Says what is typed, line by line. */
  async take(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const text = line.trim()
      if (text === '') continue
      if (!this.#saying.isTerminal || !text.startsWith('/')) await this.#send(text)
      else if (text === '/quit') return
      else if (text === '/who') await this.#showWho()
      else this.#note('/who tells who is here, /quit ends the chat; whatever else begins with / is no message')
    }
  }

  /** Writes a message, and waits until it is on the screen, so that a pipe does not end before that. */
  async #send(text: string): Promise<void> {
    const come = new Set<string>()
    this.#come = come
    try {
      const { id } = await this.#opened.graph.records.add(ChatMessage, { text })
      while (!come.has(id)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } catch (error) {
      if (!this.#saying.isTerminal || !PeerageError.isAny(error)) throw error
      this.#note(`${error.message}. ${error.advice}`)
    } finally {
      this.#come = undefined
    }
  }

  async #follow(first: Promise<Item>, changes: AsyncIterator<Change>): Promise<void> {
    for (let next = await first; next.done !== true; next = await changes.next()) {
      const change = next.value
      if (change.kind !== 'removed' && !this.#shown.delete(versionOf(change.record))) {
        this.#showMessage(change.record, true)
      }
      this.#come?.add(change.kind === 'removed' ? change.id : change.record.id)
      this.#wake()
    }
  }

  #followPresence(signal: AbortSignal): void {
    const tell = async (peer: PeerName, change: keyof typeof WHAT_HAPPENED | 'updated'): Promise<void> => {
      await this.#labels.load()
      if (change === 'updated' || authorityPart(peer) === this.#own) return
      this.#saying.say(
        { event: 'presence', peerName: peer, change },
        `* ${this.#labels.of(peer)} ${WHAT_HAPPENED[change]}`,
      )
    }
    const { group, graph } = this.#opened
    if (group === undefined) {
      graph.on('node', ({ peer, change }) => tell(peer, change), { signal })
      return
    }
    group.on('member', ({ peer, change }) => tell(peer, change), { signal })
    group.on('membership', ({ standing }) => this.#note(`your own membership is ${standing} now`), { signal })
  }

  async #showWho(): Promise<void> {
    const online = (await this.#opened.graph.nodes()).map(({ peerName }) => peerName)
    const others = online.filter((peer) => authorityPart(peer) !== this.#own)
    const names = others.map((peer) => this.#labels.of(peer)).join(', ')
    this.#saying.say({ event: 'online', peers: others }, `* ${names === '' ? 'nobody else is here' : `here: ${names}`}`)
  }

  #showMessage({ id, version, creator, payload, created }: PeerRecord<ChatText>, live: boolean): void {
    const at = timeText(created)
    const text = payload.text.split('\n').map(printable).join('\n      ')
    this.#saying.say(
      { event: 'message', id, version, peerName: creator, text: payload.text, at: created, live },
      `${at} ${this.#labels.of(creator)}: ${text}${version > 1 ? ' (changed)' : ''}`,
    )
  }

  #note(text: string): void {
    this.#saying.say({ event: 'note', text }, `* ${printable(text)}`)
  }
}

type Change = RecordChange<ChatText>
type Item = IteratorResult<Change, undefined>

/** Two versions of one message are two things to show. */
function versionOf({ id, version }: PeerRecord<ChatText>): string {
  return `${id} ${version}`
}

/** The time of the day here, and the day if it is not today. */
function timeText(moment: Date): string {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString()
  const now = new Date()
  const isToday = moment.toDateString() === now.toDateString()
  return isToday ? local.slice(11, 16) : `${local.slice(0, 10)} ${local.slice(11, 16)}`
}
