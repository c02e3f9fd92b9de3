/**
 * The part of the diagnosis that needs nobody else: what is kept, the machine's addresses, multicast, and the port for links.
 */
import { isIpv4 } from '../runtime/endpoint.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { DiagnosisParts } from './diagnosis-parts.ts'
import { type Finding, failed, failedBy, ok, warning } from './finding.ts'
import { listenedAddresses } from './graph-listening.ts'
import { DEFAULT_GRAPH_PORT } from './graph-sockets.ts'

/** A file that is written and removed again. No part of Peerage keeps one of this name. */
const TRIED_FILE = 'diagnosis.tried'
/** Interfaces on which multicast is tried. */
const MOST_TRIED_INTERFACES = 16

/** What needs no network. */
export function* checkData({ ports, identities }: DiagnosisParts): Generator<Finding, void, undefined> {
  yield dataDirectoryFinding(ports)
  const { implementation, fallbackReason } = ports.crypto
  yield fallbackReason === undefined
    ? ok('crypto', `${implementation} is in use`)
    : warning(
        'crypto',
        `${implementation} is in use, which is slower, because the preferred one does not work here: ${fallbackReason}`,
        'Everything works. For more speed, install Peerage again on this machine, so that it gets the binary for this platform.',
      )
  yield* identityFindings(identities)
}

/** Addresses, multicast, and the port for links. */
export async function* checkNetwork(parts: DiagnosisParts): AsyncGenerator<Finding, void, undefined> {
  let machine: readonly InterfaceAddress[]
  try {
    machine = parts.ports.networkInterfaces.list()
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    yield failedBy('network', error)
    return
  }
  const outside = machine.filter(({ loopback }) => !loopback)
  yield outside.length > 0
    ? ok('network', `this machine has the addresses ${outside.map(({ address }) => address).join(', ')}`)
    : failed(
        'network',
        'this machine has no network: its only addresses are those of the machine itself',
        'Connect it to a network. Until then only programs on this machine reach each other.',
      )
  yield* await multicastFindings(parts, outside)
  yield* await tcpPortFindings(parts, machine)
}

function dataDirectoryFinding(ports: DiagnosisParts['ports']): Finding {
  const { identityStorage, cloudStorage, graphStorage, groupStorage, dataDirectory } = ports
  try {
    for (const storage of [identityStorage, cloudStorage, graphStorage, groupStorage]) {
      storage.write(TRIED_FILE, new Uint8Array([0]))
      storage.remove(TRIED_FILE)
    }
    return ok('data-directory', `${dataDirectory.path} can be read and written`)
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    return failedBy('data-directory', error)
  }
}

function identityFindings(identities: DiagnosisParts['identities']): readonly Finding[] {
  try {
    const problems = identities.problems().map(({ error }) => failedBy('identity', error))
    const all = identities.list()
    if (all.length === 0) {
      const none = 'there is no identity that can be used'
      const advice = 'Make one with `peerage identity create NAME`; `peerage up` makes the first one by itself.'
      return [...problems, problems.length === 0 ? warning('identity', none, advice) : failed('identity', none, advice)]
    }
    const locked = all.find(({ isDefault, locked: isLocked }) => isDefault && isLocked)
    const others = `${all.length} ${all.length === 1 ? 'identity' : 'identities'}`
    return [
      ...problems,
      locked === undefined
        ? ok('identity', `${others} can be used`)
        : warning(
            'identity',
            `the default identity ${locked.peerName} is locked`,
            'Unlock it with its passphrase in the program that uses it, or make another identity the default.',
          ),
    ]
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    return [failedBy('identity', error)]
  }
}

/** One address of each interface and family is enough: multicast belongs to the link. */
async function multicastFindings(
  { ports: { localLink } }: DiagnosisParts,
  outside: readonly InterfaceAddress[],
): Promise<readonly Finding[]> {
  const links = new Map(outside.map((at) => [`${at.interface} (${isIpv4(at.address) ? 'IPv4' : 'IPv6'})`, at]))
  const tried = [...links].slice(0, MOST_TRIED_INTERFACES)
  return Promise.all(
    tried.map(async ([link, at]) => {
      const problem = await localLink.echo(at)
      if (problem === undefined) return ok('multicast', `multicast on ${link} comes back to this machine`)
      return warning(
        'multicast',
        `multicast on ${link} does not work: ${problem}`,
        'Let a firewall pass UDP port 5353. Without multicast other nodes of the same network are found by a seed or an invitation only.',
      )
    }),
  )
}

/** Where no graph takes links yet, the port is tried. */
async function tcpPortFindings(
  { ports: { streams }, host: { listensAt, askedPort } }: DiagnosisParts,
  machine: readonly InterfaceAddress[],
): Promise<readonly Finding[]> {
  const [listening] = listensAt
  if (listening !== undefined) return [tcpPortFinding(listening.port, askedPort)]
  const port = askedPort ?? DEFAULT_GRAPH_PORT
  for (const at of listenedAddresses(machine, [])) {
    try {
      const listener = await streams.listen({ ...at, port }, (stream) => stream.destroy())
      listener.close()
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      if (!PeerageError.is(error, 'port-in-use')) continue
      return [askedPort === undefined ? tcpPortFinding(undefined, undefined) : failedBy('tcp-port', error)]
    }
  }
  return [ok('tcp-port', `TCP port ${port} is free for links`)]
}

function tcpPortFinding(port: number | undefined, askedPort: number | undefined): Finding {
  if (port === undefined) {
    return ok('tcp-port', `TCP port ${DEFAULT_GRAPH_PORT} is taken by another program, so links get a free one`)
  }
  const isUsual = port === DEFAULT_GRAPH_PORT || port === askedPort
  const why = isUsual ? '' : `, because ${DEFAULT_GRAPH_PORT} was taken by another program`
  return ok('tcp-port', `links are taken at TCP port ${port}${why}`)
}
