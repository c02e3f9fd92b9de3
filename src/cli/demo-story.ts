/**
 * What happens in the demo, step by step: Ann makes a group, Bob and Cleo come in, they share records and a file, Bob is killed and comes
 * back, Cleo is revoked. Everything is done through the public API on nodes in other processes. They meet in a private cloud
 * that uses loopback addresses alone.
 */
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Invitation } from '../group/invitation.ts'
import { PARTICIPANT } from '../group/issuer.ts'
import { authorityPart, makePeerName, type PeerName } from '../identity/peer-name.ts'
import { recordType } from '../peer-node/application-types.ts'
import type { Group } from '../peer-node/group.ts'
import type { RecordId } from '../records/record-id.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Contents, contentsOf } from './demo-comparison.ts'
import type { DemoPeer, DemoProcesses } from './demo-processes.ts'

/** Shows one step: its name for programs, its title for people, and what is done. Gives what the work gives. */
export type StepTeller = <Value>(
  step: string,
  title: string,
  work: (signal: AbortSignal) => Promise<StepOutcome<Value>>,
) => Promise<Value>

/** What came of a step. */
export interface StepOutcome<Value> {
  /** For programs. */
  readonly document: object
  /** For people, a line each. */
  readonly text: readonly string[]
  readonly value: Value
}

const CLOUD = 'peerage-demo'
const RANGES = ['127.0.0.0/8']
const GROUP = 'Book club'
const BOOKS: Readonly<Record<string, readonly (readonly [title: string, pages: number])[]>> = {
  Ann: [
    ['The Sea, the Sea', 528],
    ['Middlemarch', 880],
  ],
  Bob: [
    ['The Old Man and the Sea', 127],
    ['Moby-Dick', 635],
  ],
  Cleo: [
    ['The Sea-Wolf', 366],
    ['Persuasion', 249],
  ],
}
const SEARCH = 'title like "*Sea*" and pages > 300'
const FILE_PROTOCOL = 'demo.file'
/** In bytes. */
const FILE_LENGTH = 16 * 1024 * 1024
/** How often a condition is looked at that no event tells of, in milliseconds. */
const LOOK_INTERVAL = 20

const Book = recordType('demo.book', { expires: '1h' })

/** A peer in the group. */
interface Reader extends DemoPeer {
  readonly group: Group
}

/** The whole demo. */
export class DemoStory {
  readonly #processes: DemoProcesses
  readonly #step: StepTeller

  constructor(processes: DemoProcesses, step: StepTeller) {
    this.#processes = processes
    this.#step = step
  }

  async tell(): Promise<void> {
    const began = performance.now()
    const [seed, ann, bob, cleo] = await this.#start()
    await this.#meet(seed, [ann, bob, cleo])
    const hers = await this.#create(ann)
    const [forBob, link] = await this.#invite(hers, bob)
    await this.#findByName(bob, hers)
    const his = await this.#join('join-by-invitation', 'Bob joins by his invitation', bob, forBob)
    const theirs = await this.#join('join-by-link', 'Cleo joins by the link', cleo, link)
    await this.#publish([hers, his, theirs])
    await this.#search(theirs)
    await this.#sendFile(hers, his)
    await this.#kill(his, [hers, theirs])
    const again = await this.#comeBack(his, hers)
    const before = await this.#revoke(hers, again, theirs)
    await this.#compare([hers, again], theirs, before)
    await this.#stop(performance.now() - began)
  }

  #start(): Promise<readonly [DemoPeer, DemoPeer, DemoPeer, DemoPeer]> {
    return this.#step('start', 'Four processes start: a seed and three peers', async (signal) => {
      const start = (name: string): Promise<DemoPeer> => this.#processes.start(name, signal)
      const [seed, ann, bob, cleo] = await Promise.all([start('Seed'), start('Ann'), start('Bob'), start('Cleo')])
      const value = [seed, ann, bob, cleo] as const
      const peers = value.map(({ friendlyName, peerName, processId }) => ({ friendlyName, peerName, processId }))
      const text = peers.map(
        (peer) => `${peer.friendlyName.padEnd(5)} is process ${peer.processId}, identity ${shortened(peer.peerName)}`,
      )
      return { document: { peers }, text, value }
    })
  }

  #meet(seed: DemoPeer, peers: readonly DemoPeer[]): Promise<void> {
    return this.#step('meet', 'They form a cloud; all that they are told is the port of the seed', async (signal) => {
      const port = await enterCloud(seed, [])
      const seeds = [`127.0.0.1:${port}`]
      await Promise.all(
        peers.map(async (peer) => {
          await enterCloud(peer, seeds)
          await inCloud(peer, signal)
        }),
      )
      const text = [`the cloud is ${CLOUD}, the seed listens on ${seeds[0]}`]
      return { document: { cloud: CLOUD, seed: seeds[0] }, text, value: undefined }
    })
  }

  #create(ann: DemoPeer): Promise<Reader> {
    return this.#step('create', `Ann makes a group, “${GROUP}”`, async (signal) => {
      const group = await ann.node.groups.create({ friendlyName: GROUP, cloud: CLOUD })
      await until(async () => (await group.status()).found === 'registered', signal)
      const text = [`its name is ${group.peerName}`, 'no server knows it: the cloud does']
      return { document: { group: group.peerName }, text, value: { ...ann, group } }
    })
  }

  #invite({ group }: Reader, bob: DemoPeer): Promise<readonly [Invitation, Invitation]> {
    return this.#step('invite', 'Ann invites: Bob by his identity, and whoever has a link', async () => {
      const forBob = await group.invite({ for: await bob.node.identities.certificate() })
      const link = await group.invite()
      const text = [
        `for Bob alone: ${forBob.slice(0, 48)}… (${forBob.length} characters)`,
        `a link for one: ${link.slice(0, 48)}… (${link.length} characters)`,
      ]
      return { document: { invitation: forBob, link }, text, value: [forBob, link] as const }
    })
  }

  #findByName(bob: DemoPeer, { group, peerName }: Reader): Promise<void> {
    return this.#step('find', 'Bob looks for the group by its name', async (signal) => {
      const name = makePeerName(authorityPart(group.peerName), PARTICIPANT)
      for await (const found of bob.node.names.resolve(name, { cloud: CLOUD, limit: 1, signal })) {
        if (authorityPart(found.publisher) !== authorityPart(peerName)) throw new Error('it is not Ann who was found')
        const endpoints = found.endpoints.map(({ host, port }) => ({ host, port }))
        const text = [
          `a member listens on ${endpoints.map(({ host, port }) => `${host} port ${port}`).join(' and ')}`,
          'proven by a certificate chain from the name to her key, signed anew for Bob',
        ]
        return { document: { name, secured: found.secured, endpoints }, text, value: undefined }
      }
      throw new PeerageError('name-not-found', { name })
    })
  }

  #join(step: string, title: string, peer: DemoPeer, invitation: Invitation): Promise<Reader> {
    return this.#step(step, title, async (signal) => {
      const phases = new Set<string>()
      const onProgress = ({ phase }: { readonly phase: string }): void => void phases.add(phase)
      const group = await peer.node.groups.join(invitation, { signal, onProgress })
      const members = await group.members()
      const names = members.map(({ friendlyName, role }) => `${friendlyName} (${role})`)
      const text = [`${[...phases].join(', ')}: in`, `members: ${names.sort().join(', ')}`]
      return { document: { group: group.peerName, members: members.length }, text, value: { ...peer, group } }
    })
  }

  #publish(readers: readonly Reader[]): Promise<void> {
    return this.#step('publish', 'Each publishes two records; all three have all six', async (signal) => {
      const ids = (await Promise.all(readers.map((reader) => publishBooks(reader)))).flat()
      await Promise.all(readers.map(({ group }) => has(group, ids, signal)))
      const text = ['each record is signed by its creator; every member has checked and stored it']
      return { document: { records: ids.length }, text, value: undefined }
    })
  }

  #search({ group }: Reader): Promise<void> {
    return this.#step('search', `Cleo searches her own database: ${SEARCH}`, async (signal) => {
      const found: { title: string; pages: number }[] = []
      for await (const { payload, attributes } of group.records.list(Book, { where: SEARCH, signal })) {
        found.push({ title: Buffer.from(payload).toString(), pages: Number(attributes['pages']) })
      }
      const titles = found.map(({ title }) => title).sort()
      if (titles.join('; ') !== 'The Sea, the Sea; The Sea-Wolf') throw new Error(`it found ${titles.join('; ')}`)
      const text = found.map(({ title, pages }) => `${title}, ${pages} pages`)
      return { document: { where: SEARCH, found }, text, value: undefined }
    })
  }

  #sendFile(from: Reader, to: Reader): Promise<void> {
    return this.#step('file', 'Ann sends Bob a file directly, past the database', async (signal) => {
      const content = randomBytes(FILE_LENGTH)
      const incoming = to.group.connections(FILE_PROTOCOL, { signal })[Symbol.asyncIterator]()
      const first = incoming.next()
      // It is awaited later; if this step fails before, that is what is told.
      first.catch(() => undefined)
      // What this program asks of Bob's node is done in order: when this is answered, it takes connections.
      await to.group.status()
      const sending = async (): Promise<void> => {
        const connection = await from.group.connect(to.peerName, FILE_PROTOCOL, { signal })
        await new Blob([content]).stream().pipeTo(connection.writable, { signal })
        await connection.close()
      }
      const receiving = async (): Promise<string> => {
        const { value: connection } = await first
        if (connection === undefined) throw new Error('no connection came')
        const hash = createHash('sha256')
        for await (const chunk of connection.readable) hash.update(chunk)
        await connection.close()
        return hash.digest('hex')
      }
      const began = performance.now()
      const [digest] = await Promise.all([receiving(), sending()])
      const rate = FILE_LENGTH / 1_000_000 / ((performance.now() - began) / 1000)
      await incoming.return?.()
      if (digest !== createHash('sha256').update(content).digest('hex')) throw new Error('another file arrived')
      const text = [
        `${FILE_LENGTH / 1024 / 1024} MiB, encrypted, ${Math.round(rate)} MB/s; SHA-256 is the same at both ends`,
      ]
      return { document: { bytes: FILE_LENGTH, sha256: digest }, text, value: undefined }
    })
  }

  #kill(bob: Reader, others: readonly [Reader, Reader]): Promise<void> {
    return this.#step('kill', 'Bob’s process is killed (kill -9); Ann and Cleo go on writing', async (signal) => {
      await this.#processes.kill(bob)
      const [ann, cleo] = others
      const ids = await Promise.all([addBook(ann, 'Emma', 512), addBook(cleo, 'Villette', 611)])
      await Promise.all(others.map(({ group }) => has(group, ids, signal)))
      const text = [`process ${bob.processId} is gone, and two records more are in the databases of Ann and Cleo`]
      return { document: { processId: bob.processId }, text, value: undefined }
    })
  }

  #comeBack(bob: Reader, ann: Reader): Promise<Reader> {
    return this.#step('return', 'Bob comes back, without seed or invitation', async (signal) => {
      const { group: was } = bob
      const peer = await this.#processes.start(bob.friendlyName, signal)
      if (peer.peerName !== bob.peerName) throw new Error('he came back as somebody else')
      // The nodes that he met before are remembered on his disk.
      await enterCloud(peer, [])
      const group = await peer.node.groups.open(was.peerName)
      await has(group, await idsOf(ann.group, signal), signal)
      const text = [`process ${peer.processId} found the others by what it remembered, and has what it missed`]
      return { document: { processId: peer.processId }, text, value: { ...peer, group } }
    })
  }

  /** @returns what all had before */
  #revoke(ann: Reader, bob: Reader, cleo: Reader): Promise<Contents> {
    return this.#step('revoke', 'Ann revokes Cleo', async (signal) => {
      const before = await contentsOf(cleo.group, signal)
      for (const { group } of [ann, bob]) {
        if ((await contentsOf(group, signal)).digest !== before.digest) throw new Error('the databases differ already')
      }
      await ann.group.revoke(cleo.peerName)
      await until(async () => (await cleo.group.status()).membership === 'revoked', signal)
      const refusal = await addBook(cleo, 'The Outsider', 159).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (!PeerageError.isAny(refusal)) throw new Error('Cleo could still write')
      const id = await addBook(ann, 'Among Friends', 265)
      await has(bob.group, [id], signal)
      const text = [
        `Cleo’s node knows it, and refuses to write: ${refusal.message}`,
        'a record that Ann writes now reaches Bob',
      ]
      return { document: { revoked: cleo.peerName, error: refusal.code }, text, value: before }
    })
  }

  #compare(members: readonly Reader[], revoked: Reader, before: Contents): Promise<void> {
    return this.#step('compare', 'The databases at the end', async (signal) => {
      const readers = [...members, revoked]
      const databases = await Promise.all(
        readers.map(async ({ friendlyName, group }) => ({ friendlyName, ...(await contentsOf(group, signal)) })),
      )
      const text = databases.map(
        ({ friendlyName, records, digest }) =>
          `${friendlyName.padEnd(5)} ${records} records, SHA-256 ${digest.slice(0, 32)}…`,
      )
      const [first, ...others] = databases
      const last = others.pop()
      if (others.some(({ digest }) => digest !== first?.digest)) {
        throw new Error(`the databases of members differ: ${text.join('; ')}`)
      }
      if (last?.digest !== before.digest) throw new Error('the database of the revoked member changed after that')
      text.push('Ann and Bob have the same; Cleo has what she had when she was revoked, and nothing since')
      return { document: { databases, equal: true }, text, value: undefined }
    })
  }

  #stop(milliseconds: number): Promise<void> {
    return this.#step('stop', 'All stop, as by `peerage down`', async () => {
      const failed = await this.#processes.stopAll()
      if (failed.size > 0) throw new Error(`some did not end well: ${[...failed.keys()].join(', ')}`)
      const text = [
        `everything before that took ${(milliseconds / 1000).toFixed(1)} s`,
        'to do this yourself: `peerage up`, then `peerage group create --name "Book club"` and `peerage --help`',
      ]
      return { document: { total: Math.round(milliseconds) }, text, value: undefined }
    })
  }
}

/** @returns the port of the node in the cloud */
async function enterCloud({ node, friendlyName }: DemoPeer, seeds: readonly string[]): Promise<number> {
  await node.clouds.open(CLOUD, { ranges: RANGES, seeds })
  const port = (await node.clouds.list()).find(({ name }) => name === CLOUD)?.port
  if (port === undefined) throw new Error(`the node of ${friendlyName} has no port in the cloud`)
  return port
}

/** Waits until a node has found others. */
async function inCloud({ node, friendlyName }: DemoPeer, signal: AbortSignal): Promise<void> {
  for await (const { cloud } of node.clouds.watch({ signal })) {
    if (cloud.name === CLOUD && cloud.state === 'active') return
  }
  throw new Error(`the node of ${friendlyName} has closed`)
}

function publishBooks(reader: Reader): Promise<RecordId[]> {
  const books = BOOKS[reader.friendlyName] ?? []
  return Promise.all(books.map(([title, pages]) => addBook(reader, title, pages)))
}

async function addBook({ group }: Reader, title: string, pages: number): Promise<RecordId> {
  return (await group.records.add(Book, Buffer.from(title), { attributes: { title, pages } })).id
}

async function idsOf({ records }: Group, signal: AbortSignal): Promise<RecordId[]> {
  const ids: RecordId[] = []
  for await (const { id } of records.list(Book, { signal })) ids.push(id)
  return ids
}

/** Waits until all of these records are in the database. */
async function has({ records }: Group, ids: readonly RecordId[], signal: AbortSignal): Promise<void> {
  const missing = new Set(ids)
  for await (const change of records.watch(Book, { signal })) {
    if (change.kind !== 'removed') missing.delete(change.record.id)
    if (missing.size === 0) return
  }
  throw new Error('the group was closed')
}

async function until(condition: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await condition())) await pause(LOOK_INTERVAL, undefined, { signal })
}

function shortened(name: PeerName): string {
  return `${authorityPart(name).slice(0, 12)}…`
}
