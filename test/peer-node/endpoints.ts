/** Endpoints as tests write them. */
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'

/** `192.0.2.1:80` or `[2001:db8::1]:80`. */
export function endpoint(text: string): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]+)$/.exec(text) ?? []
  const host = parseIpAddress(bracketed ?? plain ?? '')
  if (host === undefined) throw new Error(`${text} is no endpoint`)
  return { host, port: Number(port) }
}
