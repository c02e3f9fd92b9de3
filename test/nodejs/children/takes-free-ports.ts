/** Takes free ports, by UDP and by TCP, until there are no more, and prints them in order. */
import { tlsStreams } from '../../../src/nodejs/tls-streams.ts'
import { udpDatagrams } from '../../../src/nodejs/udp-datagrams.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'
import { IPV4_LOOPBACK } from '../loopback.ts'

const local = { host: IPV4_LOOPBACK, port: 0 }

await takeAll('udp', () => udpDatagrams.bind(local, { received: () => undefined }))
await takeAll('tcp', () => tlsStreams.listen(local, () => undefined))

async function takeAll(name: string, take: () => Promise<{ local: { port: number }; close(): void }>): Promise<void> {
  const taken: { local: { port: number }; close(): void }[] = []
  try {
    while (true) taken.push(await take())
  } catch (error) {
    // With all of them taken there is none left to be given.
    if (!PeerageError.is(error, 'port-in-use')) throw error
  }
  const ports = taken.map((one) => one.local.port).sort((one, other) => one - other)
  process.stdout.write(`${name} ${ports.join()}\n`)
  for (const one of taken) one.close()
}
