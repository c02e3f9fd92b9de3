/** The life of a group whose members are processes of their own: who goes, who comes back, and who is put out meanwhile. */
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { authorityPart, parsePeerName } from '../../src/identity/peer-name.ts'
import { newPath } from './new-path.ts'
import { RemoteNode } from './remote-node.ts'

const CLOUD = { cloud: 'club' }
const RANGES = { ranges: ['127.0.0.0/8'] }
const LONGEST_TEST = 120_000

const started = new Set<RemoteNode>()
afterEach(async () => {
  for (const node of started) await node.kill()
  started.clear()
})

/** Ports that nobody has now. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.once('listening', () => {
            const address = server.address()
            resolve(typeof address === 'object' && address !== null ? address.port : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** One member through its lives, always at the same ports. */
class Member {
  readonly dataDir: string = newPath()
  readonly #ports: { readonly pnrpPort: number; readonly graphPort: number }
  #node: RemoteNode | undefined

  private constructor(pnrpPort = 0, graphPort = 0) {
    this.#ports = { pnrpPort, graphPort }
  }

  /** The first one is the seed of the others. */
  static async startAll(count: number): Promise<Member[]> {
    const ports = await freePorts(2 * count)
    const members = Array.from({ length: count }, (_, index) => new Member(ports[2 * index], ports[2 * index + 1]))
    const [first, ...others] = members
    await first?.start()
    await Promise.all(others.map((member) => member.start([`127.0.0.1:${ports[0]}`])))
    return members
  }

  get node(): RemoteNode {
    if (this.#node === undefined) throw new RangeError('it does not live')
    return this.#node
  }

  async start(seeds: readonly string[] = []): Promise<void> {
    this.#node = await RemoteNode.start({ dataDir: this.dataDir, seeds, ...this.#ports })
    started.add(this.#node)
    await this.node.join(CLOUD.cloud, RANGES)
    if (seeds.length > 0) await this.node.active(CLOUD.cloud)
  }

  async stop(how: 'close' | 'kill'): Promise<void> {
    const { node } = this
    this.#node = undefined
    started.delete(node)
    await node[how]()
  }

  call(name: string, argument = '', options: object = {}): Promise<unknown> {
    return this.node.call(name, argument, options)
  }

  write(...texts: readonly string[]): Promise<unknown> {
    return this.call('write', '', { texts })
  }

  /** Waits until exactly these are here. */
  has(texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify([...texts].sort())
    return this.node.until(`it has ${wanted}`, async () => {
      const read = await this.call('read')
      return Array.isArray(read) && JSON.stringify(read.sort()) === wanted
    })
  }

  /** Waits until it lists these members and nobody else. */
  async lists(members: readonly Member[], authorities: ReadonlyMap<Member, string>): Promise<void> {
    const wanted = members.map((member) => authorities.get(member)).sort()
    await this.node.until(`it lists ${members.length}`, async () => {
      const listed = await this.call('group-members')
      if (!Array.isArray(listed)) return false
      const found = listed.map(({ peerName }) => authorityPart(parsePeerName(String(peerName))))
      return JSON.stringify(found.sort()) === JSON.stringify(wanted)
    })
  }
}

/** A group that the first one has made; the second one is an administrator, the others came by link. */
async function meeting(members: readonly Member[]) {
  const [creator, administrator, ...others] = members
  if (creator === undefined || administrator === undefined) throw new RangeError('there are two at least')
  const group = String(await creator.call('group-create', '', { ...CLOUD, friendlyName: 'Book club' }))
  const certificate = await administrator.call('certificate')
  const invitation = { for: certificate, role: 'administrator' }
  await administrator.call('group-join', String(await creator.call('group-invite', '', invitation)))
  for (const other of others) await other.call('group-join', String(await creator.call('group-invite')))
  const names = new Map(members.map((member) => [member, parsePeerName(member.node.peerName)]))
  const authorities = new Map([...names].map(([member, name]) => [member, authorityPart(name)]))
  return { group, names, authorities }
}

test(
  'the creator leaves for good and the rest continue; all go, come back without a seed, and are one group again',
  async () => {
    const [ann, bob, cleo, dan] = (await Member.startAll(4)) as [Member, Member, Member, Member]
    const { group, authorities } = await meeting([ann, bob, cleo])
    await ann.write('of ann')
    for (const member of [bob, cleo]) await member.has(['of ann'])
    await expect(ann.call('group-leave')).rejects.toThrow('group-key-would-be-lost')
    await ann.call('group-leave', '', { losesGroupKey: true })
    expect(await ann.call('group-list')).toEqual([])
    await ann.stop('close')
    // Bob invites, and Dan finds them although nobody of the beginning is there whom he knew.
    await dan.call('group-join', String(await bob.call('group-invite')))
    authorities.set(dan, authorityPart(parsePeerName(dan.node.peerName)))
    const rest = [bob, cleo, dan]
    for (const [index, member] of rest.entries()) await member.write(`of ${index}`)
    const all = ['of ann', 'of 0', 'of 1', 'of 2']
    for (const member of rest) await member.has(all)

    await bob.stop('close')
    await cleo.stop('kill')
    await dan.stop('close')
    for (const [index, member] of rest.entries()) {
      await member.start()
      await member.call('group-open', group)
      await member.write(`again ${index}`)
    }
    const more = [...all, 'again 0', 'again 1', 'again 2']
    for (const member of rest) {
      await member.has(more)
      // Who has left is listed until its certificate ends.
      await member.lists([ann, ...rest], authorities)
    }
  },
  LONGEST_TEST,
)

test(
  'P-096, P-097: a member is revoked while half of the group is away; all end with the same, and nobody takes its links',
  async () => {
    const [ann, bob, cleo, dan, eve] = (await Member.startAll(5)) as [Member, Member, Member, Member, Member]
    const { group, names, authorities } = await meeting([ann, bob, cleo, dan, eve])
    await eve.write('kept')
    for (const member of [ann, bob, cleo, dan]) await member.has(['kept'])
    for (const member of [cleo, dan, eve]) await member.stop('close')
    await ann.call('group-revoke', names.get(eve), { keep: 'all' })
    await ann.write('after it')
    await bob.has(['kept', 'after it'])
    // Eve writes, and so does Dan, who has not heard of it; Cleo comes back between the two.
    await ann.stop('close')
    await bob.stop('kill')
    await dan.start()
    await dan.call('group-open', group)
    await eve.start()
    await eve.call('group-open', group)
    await eve.write('too late')
    await dan.has(['kept', 'too late'])
    await dan.write('of dan')
    await eve.has(['kept', 'too late', 'of dan'])
    for (const member of [ann, bob, cleo]) {
      await member.start()
      await member.call('group-open', group)
    }
    const rest = [ann, bob, cleo, dan]
    for (const member of rest) {
      await member.has(['kept', 'after it', 'of dan'])
      await member.lists(rest, authorities)
    }
    await eve.node.until('nobody is her neighbor', async () => {
      const status = await eve.call('group-status')
      return typeof status === 'object' && status !== null && 'neighbors' in status && status.neighbors === 0
    })
    // She may have been told, or only been refused: then she can write, and nobody takes it.
    const written = await eve.write('later still').catch((error: Error) => error.message)
    expect([null, 'membership-not-in-force']).toContain(written)
    await ann.write('the last')
    for (const member of rest) await member.has(['kept', 'after it', 'of dan', 'the last'])
  },
  LONGEST_TEST,
)
