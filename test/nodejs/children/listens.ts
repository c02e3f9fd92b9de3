/** Listens for streams on a free port, and prints it. */
import { tlsStreams } from '../../../src/nodejs/tls-streams.ts'
import { IPV4_LOOPBACK } from '../loopback.ts'

const listener = await tlsStreams.listen({ host: IPV4_LOOPBACK, port: 0 }, (stream) => stream.destroy())
process.stdout.write(`${listener.local.port}\n`)
