/** Whoever does not keep to the protocol at the port of a live node: before they are authenticated, and as a member of the graph. */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { concatBytes, equalBytes } from '../../src/runtime/bytes.ts'
import { DamagedFrames } from '../graph/fuzzing.ts'
import { ADMITTED, contextOf, greetingMessage, identityOf, PING, type RawMessage } from '../graph/simulated-links.ts'

/** In milliseconds: a socket that is still open then is closed from here. */
const PATIENCE = 200
/** Frames over one link of a member. */
const FRAMES = 40
/** Where the body of an opening's first message starts. */
const GREETING_START = 11
/** Of a greeting and a WELCOME, in bytes, at least. */
const FIRST_ANSWERS = 150
/** Between two signs of life, in milliseconds. */
const SIGN_OF_LIFE = 5000
const HOST = '127.0.0.1'

/** Attacks on one port, drawn from a seed. */
export class HostileClient {
  readonly #frames: DamagedFrames
  readonly #port: number
  readonly #graphId: string
  readonly #seed: string
  #links = 0
  /** How many bytes came back to those who were not authenticated. */
  toldStrangers = 0
  sent = 0

  constructor(seed: string, port: number, graphId: string) {
    this.#frames = new DamagedFrames(seed)
    this.#seed = seed
    this.#port = port
    this.#graphId = graphId
  }

  /** One attack of each kind. */
  async attack(): Promise<void> {
    await this.#withoutTls()
    await this.#stranger()
    await this.#unadmitted()
    await this.#member()
  }

  /** A member of the graph that is welcomed as a neighbor, says that it lives, and reads nothing. @returns its socket */
  async neighborThatReadsNothing(): Promise<TLSSocket> {
    const { socket, greeting } = await this.#dial()
    this.#write(socket, concatBytes(greeting, frameOf(ADMITTED), this.#frames.connect))
    // What comes first is the answer to the greeting, then WELCOME.
    for (let length = 0; length < FIRST_ANSWERS; ) {
      const [bytes]: Buffer[] = await once(socket, 'data')
      length += bytes?.length ?? 0
    }
    socket.pause()
    const signs = setInterval(() => this.#write(socket, frameOf(PING)), SIGN_OF_LIFE)
    socket.once('close', () => clearInterval(signs))
    return socket
  }

  /** Damaged frames and anything else, where a handshake should begin. */
  async #withoutTls(): Promise<void> {
    const socket = connectTcp(this.#port, HOST)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    this.#write(socket, this.#frames.next())
    await over(socket)
  }

  /** An opening that is damaged. */
  async #stranger(): Promise<void> {
    const { socket, greeting } = await this.#dial()
    socket.on('data', (bytes: Buffer) => {
      this.toldStrangers += bytes.length
    })
    const damaged = this.#frames.damaged(greeting)
    // With damage behind the message, or in what is reserved, it would be answered.
    const isWhole = equalBytes(damaged.subarray(GREETING_START, greeting.length), greeting.subarray(GREETING_START))
    this.#write(socket, isWhole ? damaged.subarray(0, greeting.length - 1) : damaged)
    await over(socket)
  }

  /** A good greeting, and anything but what has to follow. */
  async #unadmitted(): Promise<void> {
    const { socket, greeting } = await this.#dial()
    this.#write(socket, concatBytes(greeting, this.#frames.next()))
    await over(socket)
  }

  /** A member of the graph that sends damaged frames until its link is ended. */
  async #member(): Promise<void> {
    const { socket, greeting } = await this.#dial()
    this.#write(socket, concatBytes(greeting, frameOf(ADMITTED), this.#frames.connect))
    for (let count = 0; count < FRAMES && !socket.destroyed; count++) {
      this.#write(socket, this.#frames.next())
      await new Promise((resolve) => setImmediate(resolve))
    }
    await over(socket)
  }

  async #dial(): Promise<{ socket: TLSSocket; greeting: Uint8Array }> {
    const socket = connectTls({ host: HOST, port: this.#port, rejectUnauthorized: false })
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'secureConnect')
    const exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    const link = contextOf({ channelBinding: new Uint8Array(exported) }, this.#graphId)
    const identity = identityOf(`${this.#seed} ${this.#links++}`)
    return { socket, greeting: frameOf(greetingMessage('dialler', link, identity, undefined)) }
  }

  #write(socket: Socket, bytes: Uint8Array): void {
    if (socket.destroyed) return
    this.sent += bytes.length
    socket.write(bytes)
  }
}

/** Ends this side, and waits until the other one has ended, too. */
async function over(socket: Socket): Promise<void> {
  if (socket.destroyed) return
  const closed = once(socket, 'close').catch(() => undefined)
  const timer = setTimeout(() => socket.destroy(), PATIENCE)
  socket.end()
  await closed
  clearTimeout(timer)
}

/** A message of an opening in a frame. */
function frameOf({ kind, body }: RawMessage): Uint8Array {
  const size = body.length + 8
  const header = Uint8Array.of(size >> 8, size, 0, 0, 0, size >> 8, size, 0x20, kind, 0, 0)
  return concatBytes(header, body)
}
