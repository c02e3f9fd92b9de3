/** The TLS client of OpenSSL, which knows nothing of us. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Endpoint } from '../../src/runtime/endpoint.ts'

/** Runs `openssl s_client`, which says something and waits for an answer. @returns all that it shows */
export async function opensslClient(to: Endpoint, ...options: readonly string[]): Promise<string> {
  const child = spawn('openssl', ['s_client', '-connect', `${to.host}:${to.port}`, ...options])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  }
  child.stdin.end('anything\n')
  await once(child, 'close')
  return output
}
