/**
 * The acceptance suite of the stream port. Its subject is one host whose network loses nothing.
 */
import { toHex } from '../bytes.ts'
import { formatEndpoint, type IpAddress } from '../endpoint.ts'
import {
  type ByteStream,
  CHANNEL_BINDING_LENGTH,
  STREAM_WRITE_LIMIT,
  type StreamListener,
  type Streams,
} from '../streams.ts'
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
import { pattern, StreamEnd } from './stream-end.ts'

/** One host with an IPv4 and an IPv6 address, which can connect to itself. */
export interface StreamsSubject extends Settling {
  readonly streams: Streams
  readonly ipv4: IpAddress
  readonly ipv6: IpAddress
  /** An IPv4 address that is not of this host. */
  readonly foreign: IpAddress
}

const HIGHEST_RESERVED_PORT = 1024
const SOME_BYTES = 3_000_000
/** More than every buffer between two ends together. */
const MORE_THAN_FITS = 48_000_000

export const streamsAcceptance: readonly AcceptanceCheck<StreamsSubject>[] = [
  ...ofBothFamilies(
    'a stream has the same channel binding at both ends, and another one than every other stream',
    async (bench) => {
      await bench.listen()
      const bindings = new Set<string>()
      const opened = await Promise.all(Array.from({ length: 8 }, () => bench.connect()))
      for (const [index, near] of opened.entries()) near.write(Uint8Array.of(index))
      await bench.settle(() => bench.accepted.length === 8 && bench.accepted.every((far) => far.bytesReceived === 1))
      for (const far of bench.accepted) {
        const near = opened[far.first?.[0] ?? -1]
        expectSame(near?.stream.channelBinding.length, CHANNEL_BINDING_LENGTH, 'length of the channel binding')
        expectBytes(near?.stream.channelBinding, far.stream.channelBinding, 'the channel binding at both ends')
        expectPlainBytes(far.stream.channelBinding, 'the channel binding')
        bindings.add(toHex(far.stream.channelBinding))
      }
      expectSame(bindings.size, 8, 'different channel bindings')
    },
  ),
  ...ofBothFamilies('each end knows the address of the other', async (bench) => {
    const listener = await bench.listen()
    const { near, far } = await bench.pair()
    expectSame(formatEndpoint(near.stream.remote), formatEndpoint(listener.local), 'where the dialled end is')
    expectSame(far.stream.remote.host, bench.host, 'the host of the dialling end')
    expectThat(far.stream.remote.port > 0, 'the dialling end has a port')
  }),
  ...ofBothFamilies('bytes come in order and complete, megabytes in both directions at once', async (bench) => {
    await bench.listen()
    const { near, far } = await bench.pair()
    near.send(SOME_BYTES)
    far.send(SOME_BYTES)
    await bench.settle(() => near.bytesReceived === SOME_BYTES && far.bytesReceived === SOME_BYTES)
    near.end()
    far.end()
    await bench.settle(() => near.closings.length > 0 && far.closings.length > 0)
    expectSame(near.problems.concat(far.problems).join(), '', 'problems')
  }),
  ...ofBothFamilies(
    'single bytes and long arrays keep their order, and what comes is a plain Uint8Array',
    async (bench) => {
      await bench.listen()
      const { near, far } = await bench.pair()
      let sent = 0
      for (const length of [1, 1, 2, 100_000, 1, 16_384, 16_385, 300_000, 1]) {
        near.write(pattern(sent, length))
        sent += length
      }
      await bench.settle(() => far.bytesReceived === sent)
      expectPlainBytes(far.first ?? new Uint8Array(0), 'what came')
      expectSame(far.problems.join(), '', 'problems')
    },
  ),
  {
    name: 'nothing is delivered before a handler is attached, and nothing is lost before it',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen({ attach: false })
        const { near, far } = await bench.pair()
        const other = await bench.pair()
        near.send(SOME_BYTES)
        // What goes over a second stream, back and forth, shows that the first had the time to deliver.
        other.far.attach()
        for (let round = 1; round <= 5; round++) {
          other.near.write(pattern(round - 1, 1))
          await bench.settle(() => other.far.bytesReceived === round)
        }
        expectSame(far.bytesReceived + far.endings + far.closings.length, 0, 'what was delivered before')
        far.attach()
        expectSame(far.bytesReceived, 0, 'bytes that were delivered inside attach')
        await bench.settle(() => far.bytesReceived === SOME_BYTES)
        expectRangeError(() => far.stream.attach(far), 'a second handler')
        expectSame(far.problems.join(), '', 'problems')
      }),
  },
  {
    name: 'a stream that ended or broke before a handler was attached tells it so',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen({ attach: false })
        const ended = await bench.pair()
        const broken = await bench.pair()
        ended.near.send(1000)
        ended.near.end()
        broken.near.stream.destroy()
        await bench.settle(() => broken.near.closings.length > 0)
        const after = await bench.pair()
        after.far.attach()
        after.near.write(pattern(0, 1))
        await bench.settle(() => after.far.bytesReceived === 1)
        ended.far.attach()
        broken.far.attach()
        expectSame(broken.far.closings.length, 0, 'calls inside attach')
        await bench.settle(() => ended.far.endings === 1 && broken.far.closings.length === 1)
        expectSame(ended.far.bytesReceived, 1000, 'bytes of the stream that ended')
        expectSame(broken.far.closings.join(), 'broken', 'how the other stream closed')
      }),
  },
  {
    name: 'write asks to stop exactly when the limit is reached, and drained follows once the reader goes on',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const { near, far } = await bench.pair()
        far.stream.pause()
        let sent = 0
        let refused = false
        // The network takes some of it, so that this takes a few turns.
        await bench.settle(() => {
          for (let chunk = 0; chunk < 16 && !refused; chunk++) {
            refused = !near.write(pattern(sent, 50_000))
            sent += 50_000
            if (refused === near.stream.waiting < STREAM_WRITE_LIMIT) near.problems.push('the limit is not kept')
          }
          return refused
        })
        expectSame(near.drains, 0, 'calls of drained while the reader pauses')
        // More is queued all the same.
        expectSame(near.write(pattern(sent, 1_000_000)), false, 'what a write beyond the limit gives')
        sent += 1_000_000
        expectThat(near.stream.waiting >= STREAM_WRITE_LIMIT + 1_000_000, 'what waits includes what was queued')
        far.stream.resume()
        await bench.settle(() => far.bytesReceived === sent && near.drains > 0)
        expectSame(near.drains, 1, 'calls of drained')
        expectThat(near.stream.waiting < STREAM_WRITE_LIMIT, 'less than the limit waits')
        expectSame(near.write(pattern(sent, 1)), true, 'what a write then gives')
        await bench.settle(() => far.bytesReceived === sent + 1)
        expectSame(near.problems.concat(far.problems).join(), '', 'problems')
      }),
  },
  {
    name: 'a reader that pauses is delivered nothing and stops its writer, and no other stream',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const stalled = await bench.pair()
        const flowing = await bench.pair()
        stalled.far.stream.pause()
        // Two equal transfers: when the one that flows is complete, the other one had the same chance.
        stalled.near.send(MORE_THAN_FITS)
        flowing.near.send(MORE_THAN_FITS)
        await bench.settle(() => flowing.far.bytesReceived === MORE_THAN_FITS)
        expectSame(stalled.far.bytesReceived, 0, 'bytes that came to the paused reader')
        expectThat(stalled.near.sent < MORE_THAN_FITS, 'the writer was stopped')
        const sent = stalled.near.sent
        stalled.far.stream.resume()
        await bench.settle(() => stalled.far.bytesReceived === MORE_THAN_FITS)
        expectThat(stalled.near.sent > sent, 'the writer went on')
        expectSame(stalled.far.problems.join(), '', 'problems')
      }),
  },
  {
    name: 'a handler can pause in the middle of what comes',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const { near, far } = await bench.pair()
        let pauses = 0
        far.onReceived = () => {
          far.stream.pause()
          pauses++
        }
        near.write(pattern(0, SOME_BYTES))
        near.end()
        let seen = 0
        while (far.bytesReceived < SOME_BYTES) {
          await bench.settle(() => pauses > seen)
          expectSame(pauses, seen + 1, 'deliveries between a resume and a pause')
          seen = pauses
          expectSame(far.endings, 0, 'ends that came while pausing')
          far.stream.resume()
        }
        await bench.settle(() => far.endings === 1)
        expectSame(far.problems.join(), '', 'problems')
      }),
  },
  ...ofBothFamilies('ending one direction leaves the other open, and both ends close as ended', async (bench) => {
    await bench.listen()
    const { near, far } = await bench.pair()
    near.write(pattern(0, SOME_BYTES))
    near.end()
    await bench.settle(() => far.endings === 1)
    expectSame(far.bytesReceived, SOME_BYTES, 'bytes that came before the end')
    expectSame(far.closings.length + near.closings.length, 0, 'ends that are closed')
    far.send(SOME_BYTES)
    await bench.settle(() => near.bytesReceived === SOME_BYTES)
    expectSame(near.endings, 0, 'ends of the direction that is open')
    far.end()
    await bench.settle(() => near.closings.length > 0 && far.closings.length > 0)
    expectSame(near.closings.concat(far.closings).join(), 'ended,ended', 'how both ends closed')
    expectSame(near.endings, 1, 'ends of the second direction')
    expectSame(near.problems.concat(far.problems).join(), '', 'problems')
  }),
  {
    name: 'ending twice does nothing, and writing after the end is a programming error',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const { near, far } = await bench.pair()
        near.end()
        near.end()
        expectRangeError(() => near.write(pattern(0, 1)), 'a write after the end')
        await bench.settle(() => far.endings === 1)
        far.end()
        await bench.settle(() => near.closings.length > 0 && far.closings.length > 0)
        expectSame(near.closings.concat(far.closings).join(), 'ended,ended', 'how both ends closed')
      }),
  },
  ...ofBothFamilies('a destroyed stream is closed once at each end: destroyed here, broken there', async (bench) => {
    await bench.listen()
    const { near, far } = await bench.pair()
    near.send(1000)
    await bench.settle(() => far.bytesReceived === 1000)
    far.stream.destroy()
    expectSame(far.closings.length, 0, 'calls of closed inside destroy')
    far.stream.destroy()
    await bench.settle(() => near.closings.length > 0 && far.closings.length > 0)
    expectSame(far.closings.join(), 'destroyed', 'how this end closed')
    expectSame(near.closings.join(), 'broken', 'how the other end closed')
    // Whoever writes cannot know yet that the stream is over.
    expectSame(near.write(pattern(0, 10)), false, 'what a write to a broken stream gives')
    expectSame(far.write(pattern(0, 10)), false, 'what a write to a destroyed stream gives')
    near.end()
    near.stream.pause()
    near.stream.resume()
    near.stream.destroy()
    await bench.pair()
    expectSame(near.problems.concat(far.problems).join(), '', 'problems')
  }),
  {
    name: 'destroy drops what waits and delivers nothing more',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const { near, far } = await bench.pair()
        const flowing = await bench.pair()
        far.stream.pause()
        // Two equal transfers: when the one that flows is complete, what is left of the other one is stuck here.
        near.send(MORE_THAN_FITS)
        flowing.near.send(MORE_THAN_FITS)
        await bench.settle(() => flowing.far.bytesReceived === MORE_THAN_FITS)
        expectThat(near.stream.waiting >= STREAM_WRITE_LIMIT, 'something waits')
        const { drains } = near
        near.stream.destroy()
        await bench.settle(() => near.closings.length > 0)
        expectSame(near.drains, drains, 'calls of drained')
        expectSame(near.stream.waiting, 0, 'bytes that wait')
        // The other end has what was under way before it learns of the end.
        far.stream.resume()
        await bench.settle(() => far.closings.length > 0)
        expectSame(far.closings.join(), 'broken', 'how the other end closed')
        expectThat(far.bytesReceived < near.sent, 'what waited was dropped')
        const { near: third, far: fourth } = await bench.pair()
        fourth.onReceived = () => fourth.stream.destroy()
        third.send(SOME_BYTES)
        await bench.settle(() => third.closings.length > 0 && fourth.closings.length > 0)
        expectSame(fourth.deliveries, 1, 'deliveries before and after destroy')
        expectSame(far.problems.concat(fourth.problems).join(), '', 'problems')
      }),
  },
  ...ofBothFamilies('where nobody listens the connection fails', async (bench) => {
    const listener = await bench.listen()
    listener.close()
    const error = await expectRejection('connection-failed', bench.connect(), 'a connect to a closed listener')
    expectSame(error.details.endpoint, formatEndpoint(listener.local), 'the endpoint in the error')
    expectThat(error.details.reason !== '', 'the error has a reason')
  }),
  {
    name: 'a signal that has aborted, or aborts meanwhile, rejects with its own reason; later it does nothing',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        await bench.listen()
        const before = new AbortController()
        const reason = { because: 'the user went away' }
        before.abort(reason)
        expectSame(await rejectionOf(bench.connect(before.signal)), reason, 'what it rejects with')
        const meanwhile = new AbortController()
        const connecting = rejectionOf(bench.connect(meanwhile.signal))
        meanwhile.abort(reason)
        expectSame(await connecting, reason, 'what it rejects with')
        const after = new AbortController()
        const { near, far } = await bench.pair(after.signal)
        after.abort(reason)
        near.send(1000)
        await bench.settle(() => far.bytesReceived === 1000)
        expectSame(near.closings.length + far.closings.length, 0, 'ends that are closed')
      }),
  },
  ...ofBothFamilies('port 0 gives a free port above 1024, and a port that is taken is port-in-use', async (bench) => {
    const listeners = [await bench.listen(), await bench.listen(), await bench.listen()]
    for (const { local } of listeners) {
      expectSame(local.host, bench.host, 'the address that was asked for')
      expectThat(local.port > HIGHEST_RESERVED_PORT, `port ${local.port} is above 1024`)
    }
    expectSame(new Set(listeners.map(({ local }) => local.port)).size, 3, 'different ports')
    const port = listeners[0]?.local.port ?? 0
    const error = await expectRejection('port-in-use', bench.listen({ port }), 'a second listener')
    expectSame(error.details.endpoint, formatEndpoint({ host: bench.host, port }), 'the endpoint in the error')
  }),
  {
    name: 'an address of another host is address-not-available',
    run: (subject) =>
      withBench(subject, subject.foreign, undefined, async (bench) => {
        const error = await expectRejection('address-not-available', bench.listen({ port: 5000 }), 'a foreign address')
        expectSame(error.details.endpoint, `${subject.foreign}:5000`, 'the endpoint in the error')
      }),
  },
  {
    name: 'a closed listener frees its port and keeps the streams that it took; closing twice does nothing',
    run: (subject) =>
      withBench(subject, subject.ipv4, undefined, async (bench) => {
        const listener = await bench.listen()
        const { near, far } = await bench.pair()
        listener.close()
        listener.close()
        near.send(SOME_BYTES)
        await bench.settle(() => far.bytesReceived === SOME_BYTES)
        far.send(1000)
        await bench.settle(() => near.bytesReceived === 1000)
        const next = await bench.listen({ port: listener.local.port })
        expectSame(next.local.port, listener.local.port, 'the port of the next listener')
        const again = await bench.pair()
        again.near.send(1000)
        await bench.settle(() => again.far.bytesReceived === 1000)
      }),
  },
]

/** A host that has an IPv6 link-local address and can connect to itself there. */
export interface LinkLocalStreamsSubject extends Settling {
  readonly streams: Streams
  readonly linkLocal: IpAddress
  /** The interface that has it. */
  readonly zone: string
}

/** The checks for a machine that has an interface with a link-local address. */
export const linkLocalStreamsAcceptance: readonly AcceptanceCheck<LinkLocalStreamsSubject>[] = [
  {
    name: 'at a link-local address streams are taken and opened with its zone, and say nothing of it',
    run: (subject) =>
      withBench(subject, subject.linkLocal, subject.zone, async (bench) => {
        const listener = await bench.listen()
        const { near, far } = await bench.pair()
        expectSame(JSON.stringify(listener.local), JSON.stringify(near.stream.remote), 'where the dialled end is')
        expectSame(Object.keys(near.stream.remote).join(), 'host,port', 'what the dialling end knows of the other')
        expectSame(listener.local.host, subject.linkLocal, 'the address of the listener')
        expectSame(far.stream.remote.host, subject.linkLocal, 'the host of the dialling end')
        expectSame(Object.keys(far.stream.remote).join(), 'host,port', 'what the dialled end knows of the other')
        near.send(SOME_BYTES)
        await bench.settle(() => far.bytesReceived === SOME_BYTES)
      }),
  },
  {
    name: 'without its zone nothing is taken at a link-local address',
    run: (subject) =>
      withBench(subject, subject.linkLocal, undefined, async (bench) => {
        const error = await expectRejection('network-failed', bench.listen(), 'a listener without a zone')
        expectSame(error.details.endpoint, `[${subject.linkLocal}]:0`, 'the endpoint in the error')
      }),
  },
]

/** What a check works with: listeners and streams that are closed when it ends. */
interface Bench {
  readonly host: IpAddress
  /** The ends that listeners took, in the order of their coming. */
  readonly accepted: readonly StreamEnd[]
  listen(options?: { readonly port?: number; readonly attach?: boolean }): Promise<StreamListener>
  /** A stream to the latest listener. */
  connect(signal?: AbortSignal): Promise<StreamEnd>
  /** A new stream to the latest listener, by both of its ends. Not to be called while another one opens. */
  pair(signal?: AbortSignal): Promise<{ readonly near: StreamEnd; readonly far: StreamEnd }>
  settle(condition: () => boolean): Promise<void>
}

function ofBothFamilies(name: string, check: (bench: Bench) => Promise<void>): AcceptanceCheck<StreamsSubject>[] {
  return [
    { name: `${name} (IPv4)`, run: (subject) => withBench(subject, subject.ipv4, undefined, check) },
    { name: `${name} (IPv6)`, run: (subject) => withBench(subject, subject.ipv6, undefined, check) },
  ]
}

async function withBench(
  subject: Settling & { readonly streams: Streams },
  host: IpAddress,
  zone: string | undefined,
  check: (bench: Bench) => Promise<void>,
): Promise<void> {
  const listeners: StreamListener[] = []
  const inZone = zone === undefined ? {} : { zone }
  const opened: ByteStream[] = []
  const accepted: StreamEnd[] = []
  const bench: Bench = {
    host,
    accepted,
    async listen({ port = 0, attach = true } = {}) {
      const take = (stream: ByteStream): void => {
        opened.push(stream)
        const end = new StreamEnd(stream)
        if (attach) end.attach()
        accepted.push(end)
      }
      const listener = await settled(subject, subject.streams.listen({ host, port, ...inZone }, take))
      listeners.push(listener)
      return listener
    },
    async connect(signal = new AbortController().signal) {
      const to = listeners.at(-1)?.local
      if (to === undefined) throw new Error('there is no listener yet')
      const stream = await settled(subject, subject.streams.connect({ ...to, ...inZone }, { signal }))
      opened.push(stream)
      const end = new StreamEnd(stream)
      end.attach()
      return end
    },
    async pair(signal) {
      const known = accepted.length
      const near = await bench.connect(signal)
      await subject.settle(() => accepted.length > known)
      // A connect that was aborted may have been taken as well: the binding says which is the other end.
      const far = accepted.find(({ stream }) => toHex(stream.channelBinding) === toHex(near.stream.channelBinding))
      if (far === undefined) throw new Error('no accepted stream has the channel binding of the opened one')
      return { near, far }
    },
    settle: (condition) => subject.settle(condition),
  }
  try {
    await check(bench)
  } finally {
    for (const listener of listeners) listener.close()
    for (const stream of opened) stream.destroy()
  }
}

/** What the promise rejects with; an error of its own if it does not. */
async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (reason) {
    return reason
  }
  throw new Error('the promise was fulfilled')
}
