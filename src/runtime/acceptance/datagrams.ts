/**
 * The acceptance suite of the datagram port. Its subject is one host whose network loses nothing as
 * long as little is under way; a check that something does not arrive waits for what was sent after it.
 */
import { concatBytes } from '../bytes.ts'
import { type DatagramSocket, type Datagrams, LONGEST_DATAGRAM } from '../datagrams.ts'
import { type Endpoint, formatEndpoint, type IpAddress } from '../endpoint.ts'
import {
  type AcceptanceCheck,
  expectBytes,
  expectPlainBytes,
  expectRangeError,
  expectRejection,
  expectSame,
  expectThat,
} from './acceptance.ts'
import { type Settling, settled } from './settling.ts'

/** One host with an IPv4 and an IPv6 address, whose sockets reach each other. */
export interface DatagramsSubject extends Settling {
  readonly datagrams: Datagrams
  readonly ipv4: IpAddress
  readonly ipv6: IpAddress
  /** An IPv4 address that is not of this host. */
  readonly foreign: IpAddress
}

const HIGHEST_RESERVED_PORT = 1024
/** So few that no buffer overflows while the receiver has no turn. */
const BATCH = 64

export const datagramsAcceptance: readonly AcceptanceCheck<DatagramsSubject>[] = [
  ...ofBothFamilies(
    'a datagram arrives with its bytes and the endpoint of its sender, who can be answered',
    async (bench) => {
      const one = await bench.open()
      const other = await bench.open()
      one.socket.send(numbered(1, 40), other.socket.local)
      const question = await bench.next(other)
      expectBytes(question.bytes, numbered(1, 40), 'what came')
      expectSame(formatEndpoint(question.from), formatEndpoint(one.socket.local), 'where it came from')
      other.socket.send(numbered(2, 7), question.from)
      const answer = await bench.next(one)
      expectBytes(answer.bytes, numbered(2, 7), 'the answer')
      expectSame(formatEndpoint(answer.from), formatEndpoint(other.socket.local), 'who answered')
    },
  ),
  ...ofBothFamilies(
    `datagrams keep their boundaries, at every size from 1 to ${LONGEST_DATAGRAM} bytes`,
    async (bench) => {
      const sender = await bench.open()
      const receiver = await bench.open()
      const sizes = Array.from({ length: LONGEST_DATAGRAM }, (_, index) => index + 1)
      for (let start = 0; start < sizes.length; start += BATCH) {
        const batch = sizes.slice(start, start + BATCH)
        for (const size of batch) sender.socket.send(numbered(size, size), receiver.socket.local)
        await bench.settle(() => receiver.received.length === start + batch.length)
      }
      const lengths = receiver.received.map(({ bytes }) => bytes.length).sort((one, other) => one - other)
      expectSame(lengths.join(), sizes.join(), 'the sizes that came')
      for (const { bytes } of receiver.received) expectBytes(bytes, numbered(bytes.length, bytes.length), 'what came')
    },
  ),
  ...ofBothFamilies('an empty or too long datagram is a programming error, and the socket lives on', async (bench) => {
    const own = await bench.open()
    expectRangeError(() => own.socket.send(new Uint8Array(0), own.socket.local), 'no bytes')
    expectRangeError(() => own.socket.send(new Uint8Array(LONGEST_DATAGRAM + 1), own.socket.local), 'a byte too many')
    own.socket.send(numbered(3, 5), own.socket.local)
    expectBytes((await bench.next(own)).bytes, numbered(3, 5), 'what came')
  }),
  ...ofBothFamilies('what is received is a plain Uint8Array', async (bench) => {
    let received: Uint8Array | undefined
    const own = await bench.open(0, (bytes) => {
      received = bytes
    })
    own.socket.send(numbered(4, 5), own.socket.local)
    await bench.settle(() => received !== undefined)
    expectPlainBytes(received ?? new Uint8Array(0), 'what came')
  }),
  ...ofBothFamilies('hundreds of datagrams that are sent at once all arrive, once each', async (bench) => {
    const sender = await bench.open()
    const receiver = await bench.open()
    const sent = Array.from({ length: 500 }, (_, index) => numbered(index, 200))
    for (const bytes of sent) sender.socket.send(bytes.slice(), receiver.socket.local)
    await bench.settle(() => receiver.received.length >= sent.length)
    const came = new Set(receiver.received.map(({ bytes }) => bytes.join()))
    for (const bytes of sent) expectThat(came.has(bytes.join()), 'each datagram came')
    expectSame(receiver.received.length, sent.length, 'datagrams that came')
    expectSame(sender.socket.refused, 0, 'datagrams that were refused')
  }),
  ...ofBothFamilies('port 0 gives a free port above 1024, another one to each socket', async (bench) => {
    const ports = new Set<number>()
    for (let count = 0; count < 20; count++) {
      const { local } = (await bench.open()).socket
      expectSame(local.host, bench.host, 'the address that was asked for')
      expectThat(local.port > HIGHEST_RESERVED_PORT, `port ${local.port} is above 1024`)
      ports.add(local.port)
    }
    expectSame(ports.size, 20, 'different ports')
  }),
  ...ofBothFamilies('a port that is taken is port-in-use, and free again once its socket is closed', async (bench) => {
    const { socket } = await bench.open()
    const error = await expectRejection('port-in-use', bench.open(socket.local.port), 'a second socket')
    expectSame(error.details.endpoint, formatEndpoint(socket.local), 'the endpoint in the error')
    socket.close()
    const next = await bench.open(socket.local.port)
    expectSame(formatEndpoint(next.socket.local), formatEndpoint(socket.local), 'where the next socket is')
  }),
  ...ofBothFamilies('a datagram to a port where nobody is gets lost, and the socket lives on', async (bench) => {
    const gone = await bench.open()
    gone.socket.close()
    const own = await bench.open()
    for (let count = 0; count < 3; count++) own.socket.send(numbered(count, 9), gone.socket.local)
    for (let count = 3; count < 6; count++) {
      own.socket.send(numbered(count, 9), own.socket.local)
      await bench.next(own)
    }
    expectBytes(
      concatBytes(...own.received.map(({ bytes }) => bytes)),
      concatBytes(numbered(3, 9), numbered(4, 9), numbered(5, 9)),
      'what came',
    )
  }),
  ...ofBothFamilies('a closed socket neither receives nor sends, and closing twice does nothing', async (bench) => {
    const closed = await bench.open()
    const own = await bench.open()
    own.socket.send(numbered(1, 10), closed.socket.local)
    closed.socket.close()
    closed.socket.close()
    closed.socket.send(numbered(2, 10), own.socket.local)
    for (let count = 3; count < 6; count++) {
      own.socket.send(numbered(count, 10), closed.socket.local)
      own.socket.send(numbered(count, 10), own.socket.local)
      expectBytes((await bench.next(own)).bytes, numbered(count, 10), 'what came to the open socket')
    }
    expectSame(closed.received.length, 0, 'datagrams that came to the closed socket')
    expectSame(own.received.length, 3, 'datagrams that came to the open socket')
  }),
  ...ofBothFamilies('a socket can be closed while it receives', async (bench) => {
    const own = await bench.open()
    const closing = await bench.open(0, () => closing.socket.close())
    for (let count = 0; count < 5; count++) own.socket.send(numbered(count, 10), closing.socket.local)
    own.socket.send(numbered(9, 10), own.socket.local)
    await bench.settle(() => own.received.length === 1 && closing.received.length > 0)
    expectSame(closing.received.length, 1, 'datagrams that came until the socket was closed')
  }),
  {
    name: 'the same port of an IPv4 and of an IPv6 address are two ports',
    run: (subject) =>
      withBench(subject, subject.ipv4, async (bench) => {
        const ipv4 = await bench.open()
        const ipv6 = await bench.open(ipv4.socket.local.port, undefined, subject.ipv6)
        ipv4.socket.send(numbered(4, 4), ipv4.socket.local)
        ipv6.socket.send(numbered(6, 6), ipv6.socket.local)
        expectBytes((await bench.next(ipv4)).bytes, numbered(4, 4), 'what came by IPv4')
        expectBytes((await bench.next(ipv6)).bytes, numbered(6, 6), 'what came by IPv6')
      }),
  },
  {
    name: 'an address of another host is address-not-available',
    run: (subject) =>
      withBench(subject, subject.foreign, async (bench) => {
        const error = await expectRejection('address-not-available', bench.open(5000), 'a foreign address')
        expectSame(error.details.endpoint, `${subject.foreign}:5000`, 'the endpoint in the error')
      }),
  },
]

interface Received {
  readonly bytes: Uint8Array
  readonly from: Endpoint
}

/** A socket and what it received and nobody took yet. */
interface OpenSocket {
  readonly socket: DatagramSocket
  /** Everything that came, as copies. */
  readonly received: Received[]
}

/** What a check works with: sockets that are closed when it ends. */
interface Bench {
  readonly host: IpAddress
  open(port?: number, received?: (bytes: Uint8Array) => void, host?: IpAddress): Promise<OpenSocket>
  /** Waits for the first datagram that `next` has not yet given. */
  next(at: OpenSocket): Promise<Received>
  settle(condition: () => boolean): Promise<void>
}

function ofBothFamilies(name: string, check: (bench: Bench) => Promise<void>): AcceptanceCheck<DatagramsSubject>[] {
  return [
    { name: `${name} (IPv4)`, run: (subject) => withBench(subject, subject.ipv4, check) },
    { name: `${name} (IPv6)`, run: (subject) => withBench(subject, subject.ipv6, check) },
  ]
}

async function withBench(
  subject: DatagramsSubject,
  host: IpAddress,
  check: (bench: Bench) => Promise<void>,
): Promise<void> {
  const sockets: DatagramSocket[] = []
  const given = new Map<OpenSocket, number>()
  const bench: Bench = {
    host,
    async open(port = 0, seen = () => undefined, at = host) {
      const received: Received[] = []
      const receiver = {
        received(bytes: Uint8Array, from: Endpoint): void {
          received.push({ bytes: bytes.slice(), from })
          seen(bytes)
        },
      }
      const socket = await settled(subject, subject.datagrams.bind({ host: at, port }, receiver))
      sockets.push(socket)
      return { socket, received }
    },
    async next(at) {
      const place = given.get(at) ?? 0
      given.set(at, place + 1)
      await subject.settle(() => at.received.length > place)
      const datagram = at.received[place]
      if (datagram === undefined) throw new Error('settle has ended before its condition held')
      return datagram
    },
    settle: (condition) => subject.settle(condition),
  }
  try {
    await check(bench)
  } finally {
    for (const socket of sockets) socket.close()
  }
}

/** Bytes that differ with the number and the length. */
function numbered(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index === 0 ? number : index === 1 ? number >> 8 : number + index))
}
