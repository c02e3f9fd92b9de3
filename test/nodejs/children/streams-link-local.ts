/** Streams at a link-local address that two interfaces have. */
import { tlsStreams } from '../../../src/nodejs/tls-streams.ts'
import { linkLocalStreamsAcceptance } from '../../../src/runtime/acceptance/streams.ts'
import { address } from '../loopback.ts'
import { settle } from '../settle.ts'

for (const { run } of linkLocalStreamsAcceptance) {
  await run({ streams: tlsStreams, linkLocal: address('fe80::1'), zone: 'right', settle })
  process.stdout.write('passed\n')
}
