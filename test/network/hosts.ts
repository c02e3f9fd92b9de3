/**
 * Hosts in network namespaces, joined by bridges: real kernels, real interfaces, real multicast, and nobody else on the
 * link. It takes Linux, `ip` of iproute2 and the rights of root; without them it fails and says so.
 *
 * A link with faults delays and loses packets by `netem` where the kernel has it. Where it has not, the link is a tunnel (VXLAN)
 * whose middle is a process that does the same; the kernels at both ends know nothing of it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
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

/** What becomes of the packets that a host sends. */
export interface LinkFaults {
  /** In milliseconds. */
  readonly delay: number
  /** In percent. */
  readonly loss: number
}

/** A link that delays and loses packets. */
export class FaultyLink extends Host {
  readonly #faults: LinkFaults
  readonly #ends: { readonly host: Host; readonly interfaceName: string }[] = []
  /** The middle of the tunnel; undefined where the kernel has netem. */
  #middle: ChildProcess | undefined

  static async make(name: string, faults: LinkFaults): Promise<FaultyLink> {
    const link = new FaultyLink(name, faults)
    addBridge(link)
    if (!link.#spoil(link, 'lo')) await link.#startMiddle()
    return link
  }

  private constructor(name: string, faults: LinkFaults) {
    super(name)
    this.#faults = faults
  }

  /** Plugs a host in. @param cable The name of the interface at the link's end */
  plug(host: Host, interfaceName: string, cable: string): void {
    const outer = this.#middle === undefined ? interfaceName : `outer${this.#ends.length}`
    plugCable(host, this, outer, cable)
    this.#ends.push({ host, interfaceName })
    if (this.#middle === undefined) {
      this.#spoil(host, interfaceName)
      return
    }
    // Peers neither take links at these addresses nor tell them.
    const own = `fe80::${this.#ends.length}`
    host.addAddress(outer, `${own}/64`)
    const tunnel = ['id', '1', 'local', own, 'remote', MIDDLE, 'dev', outer, 'dstport', TUNNEL_PORT]
    // Kernels leave sums and the cutting of segments to network cards, of which there is none here: so each packet is one
    // segment, and says in the tunnel's header where its sum belongs.
    const whole = ['remcsumtx', 'remcsumrx']
    host.run('ip', 'link', 'add', interfaceName, 'gso_max_segs', '1', 'type', 'vxlan', ...tunnel, ...whole)
    this.#middle.stdin?.write(`${own}\n`)
  }

  /** How many packets were lost so far. */
  async lost(): Promise<number> {
    const { stdin, stdout } = this.#middle ?? {}
    if (stdin && stdout) {
      stdin.write('lost\n')
      const [line] = await once(stdout, 'data')
      return Number(line)
    }
    const shown = this.#ends.map(({ host, interfaceName }) =>
      host.run('tc', '-s', 'qdisc', 'show', 'dev', interfaceName),
    )
    return shown.reduce((sum, text) => sum + Number(/dropped (\d+)/.exec(text)?.[1]), 0)
  }

  remove(): void {
    this.#middle?.kill('SIGKILL')
  }

  /** Lets the kernel do it. @returns false if this kernel cannot */
  #spoil(host: Host, interfaceName: string): boolean {
    const { delay, loss } = this.#faults
    const netem = ['netem', 'delay', `${delay}ms`, 'loss', `${loss}%`]
    try {
      host.run('tc', 'qdisc', 'add', 'dev', interfaceName, 'root', ...netem)
      return true
    } catch {
      return false
    }
  }

  async #startMiddle(): Promise<void> {
    this.addAddress('bridge', `${MIDDLE}/64`)
    const script = fileURLToPath(new URL('children/spoils-packets.ts', import.meta.url))
    const { delay, loss } = this.#faults
    const words = [process.execPath, script, 'bridge', TUNNEL_PORT, String(delay), String(loss)]
    const middle = spawn('ip', ['netns', 'exec', this.name, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(middle.stdout, 'data')
    this.#middle = middle
  }
}

const MIDDLE = 'fe80::ffff'
/** Of VXLAN (RFC 7348). */
const TUNNEL_PORT = '4789'

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
    addBridge(link)
    return link
  }

  async addFaultyLink(faults: LinkFaults): Promise<FaultyLink> {
    const link = await FaultyLink.make(`${this.#prefix}l${this.#links.length}`, faults)
    this.#links.push(link)
    return link
  }

  /**
   * Plugs a host into a link, with an interface of this name and these addresses: an IPv6 one is added with `nodad`.
   *
   * @returns the interface at the link's end, which can be set down
   */
  plug(host: Host, link: Host, interfaceName: string, addresses: readonly string[]): string {
    const cable = `c${this.#cables++}`
    if (link instanceof FaultyLink) link.plug(host, interfaceName, cable)
    else plugCable(host, link, interfaceName, cable)
    // Only the addresses that the test gives: none that the kernel makes.
    host.run('ip', 'link', 'set', interfaceName, 'addrgenmode', 'none')
    host.run('ip', 'link', 'set', interfaceName, 'up')
    for (const address of addresses) host.addAddress(interfaceName, address)
    return cable
  }

  async startNode(host: Host, options: RemoteNodeOptions = {}): Promise<RemoteNode> {
    const node = await host.startNode(options)
    this.#nodes.push(node)
    return node
  }

  /** Ends everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
    for (const link of this.#links) if (link instanceof FaultyLink) link.remove()
    for (const { name } of [...this.#hosts, ...this.#links]) ip('netns', 'delete', name)
  }
}

function addBridge(link: Host): void {
  link.run('ip', 'link', 'add', 'bridge', 'type', 'bridge', 'mcast_snooping', '0')
  link.run('ip', 'link', 'set', 'bridge', 'up')
}

/** A cable from the bridge of a link to an interface of a host. */
function plugCable(host: Host, link: Host, interfaceName: string, cable: string): void {
  link.run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', interfaceName, 'netns', host.name)
  link.run('ip', 'link', 'set', cable, 'master', 'bridge', 'up')
  host.run('ip', 'link', 'set', interfaceName, 'addrgenmode', 'none')
  host.run('ip', 'link', 'set', interfaceName, 'up')
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
