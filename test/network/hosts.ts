/**
 * Hosts in network namespaces, joined by bridges: real kernels, real interfaces, real multicast, and nobody else on the
 * link. It takes Linux, `ip` of iproute2 and the rights of root; without them it fails and says so.
 */
import { execFileSync } from 'node:child_process'
import { RemoteNode, type RemoteNodeOptions } from '../nodejs/remote-node.ts'

let made = 0

/** One host. */
export class Host {
  readonly name: string

  constructor(name: string) {
    this.name = name
    ip('netns', 'add', name)
    this.run('ip', 'link', 'set', 'lo', 'up')
  }

  /** Runs a command on the host and gives what it printed. */
  run(command: string, ...words: readonly string[]): string {
    return execute('ip', 'netns', 'exec', this.name, command, ...words)
  }

  addAddress(interfaceName: string, address: string): void {
    // Without duplicate address detection, which would take a second.
    const family = address.includes(':') ? ['nodad'] : []
    this.run('ip', 'address', 'add', address, 'dev', interfaceName, ...family)
  }

  removeAddress(interfaceName: string, address: string): void {
    this.run('ip', 'address', 'del', address, 'dev', interfaceName)
  }

  startNode(options: RemoteNodeOptions = {}): Promise<RemoteNode> {
    return RemoteNode.start({ ...options, prefix: ['ip', 'netns', 'exec', this.name] })
  }
}

/** Hosts and links of one test, and the nodes on them. */
export class Network {
  readonly #prefix = `p${process.pid.toString(36)}${(made++).toString(36)}`
  readonly #hosts: Host[] = []
  readonly #links: Host[] = []
  readonly #nodes: RemoteNode[] = []
  #cables = 0

  addHost(): Host {
    const host = new Host(`${this.#prefix}h${this.#hosts.length}`)
    this.#hosts.push(host)
    return host
  }

  /** A link is a bridge in a namespace of its own. */
  addLink(): Host {
    const link = new Host(`${this.#prefix}l${this.#links.length}`)
    this.#links.push(link)
    link.run('ip', 'link', 'add', 'bridge', 'type', 'bridge', 'mcast_snooping', '0')
    link.run('ip', 'link', 'set', 'bridge', 'up')
    return link
  }

  /** Plugs a host into a link, with an interface of this name and these addresses: an IPv6 one is added with `nodad`. */
  plug(host: Host, link: Host, interfaceName: string, addresses: readonly string[]): void {
    const end = `c${this.#cables++}`
    link.run('ip', 'link', 'add', end, 'type', 'veth', 'peer', 'name', interfaceName, 'netns', host.name)
    link.run('ip', 'link', 'set', end, 'master', 'bridge', 'up')
    // Only the addresses that the test gives: none that the kernel makes.
    host.run('ip', 'link', 'set', interfaceName, 'addrgenmode', 'none')
    host.run('ip', 'link', 'set', interfaceName, 'up')
    for (const address of addresses) host.addAddress(interfaceName, address)
  }

  async startNode(host: Host, options: RemoteNodeOptions = {}): Promise<RemoteNode> {
    const node = await host.startNode(options)
    this.#nodes.push(node)
    return node
  }

  /** Ends everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
    for (const { name } of [...this.#hosts, ...this.#links]) ip('netns', 'delete', name)
  }
}

function ip(...words: readonly string[]): void {
  execute('ip', ...words)
}

function execute(command: string, ...words: readonly string[]): string {
  try {
    return execFileSync(command, words, { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const advice = 'The tests of the network need Linux, iproute2 and the rights of root.'
    throw new Error(`${command} ${words.join(' ')} failed. ${advice}`, { cause: error })
  }
}
