/** Dials the port, writes a thousand bytes of the pattern, and keeps the stream open. */
import { tlsStreams } from '../../../src/nodejs/tls-streams.ts'
import { StreamEnd } from '../../../src/runtime/acceptance/stream-end.ts'
import { IPV4_LOOPBACK } from '../loopback.ts'

const to = { host: IPV4_LOOPBACK, port: Number(process.argv[2]) }
const end = new StreamEnd(await tlsStreams.connect(to, { signal: new AbortController().signal }))
end.attach()
end.send(1000)
