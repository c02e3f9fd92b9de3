/**
 * Measures joining a group of 10 on loopback, from the text of an invitation to all records being here: real sockets and files, the
 * members in one other process, and the one who joins in this one, each time a new node with a data directory of its own.
 *
 *     npm run measure:join [-- JOINS]
 *     node --cpu-prof scripts/measure-join.ts
 *
 * Each of the three ways in is measured by itself. The phases are those that `join` tells; CPU time is that of the one who joins, and
 * of all members together. The node and its cloud are open before: they are no part of a join. Figures swing between runs, so the rate
 * at which this machine checks signatures stands beside them.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { PASSWORD_ATTEMPTS_OF_SOURCE } from '../src/group/letting-in.ts'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { openNode } from '../src/nodejs/open-node.ts'
import { recordType } from '../src/peer-node/application-types.ts'
import type { CloudInfo } from '../src/peer-node/cloud-info.ts'
import type { Group } from '../src/peer-node/group.ts'
import type { PeerNode } from '../src/peer-node/peer-node.ts'

const MEMBERS = 10
const RECORDS = 100
const RECORD_LENGTH = 256
const PASSWORD = 'open, I say'
const CLOUD = 'measured'
const CHECKS = 4_000
const WAYS = ['link', 'identity', 'password'] as const
const Bytes = recordType('measured', { expires: '1d' })

type Way = (typeof WAYS)[number]
/** What the members are asked for. */
type Question = { readonly way: Way; readonly certificate: string } | 'status'
interface Answer {
  readonly invitation?: string
  /** That the members have spent so far, in microseconds. */
  readonly processorTime: number
  /** Of those who are online, how many each sees. */
  readonly online: number
}
/** In milliseconds. */
type Sample = Readonly<
  Record<'begin' | 'dial' | 'authenticate' | 'synchronize' | 'all' | 'joinerCpu' | 'membersCpu', number>
>

if (process.argv[2] === 'members') await beMembers(Number(process.argv[3]))
else await measure(Number(process.argv[2] ?? 20))

async function measure(joins: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-measure-join-'))
  const seed = await openNode({ dataDir: join(folder, 'seed') })
  await seed.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'] })
  const port = (await cloudOf(seed)).port ?? 0
  const members = fork(import.meta.filename, ['members', String(port)])
  members.once('exit', (code) => {
    if (code !== 0) throw new Error(`the process of the members has ended with ${code}`)
  })
  const ask = async (question: Question): Promise<Answer> => {
    members.send(question)
    const [answer]: Answer[] = await once(members, 'message')
    if (answer === undefined) throw new Error('the members have ended')
    return answer
  }
  await once(members, 'message')
  console.log(
    `a group of ${MEMBERS}, ${RECORDS} records of ${RECORD_LENGTH} bytes; ${checksASecond()} signature checks a second`,
  )
  try {
    for (const way of WAYS) {
      const samples: Sample[] = []
      // Members count guesses, and all come from one address.
      const most = way === 'password' ? Math.min(joins, PASSWORD_ATTEMPTS_OF_SOURCE.burst) : joins
      for (let count = 0; count < most; count++) {
        samples.push(await joinOnce(way, join(folder, `${way}${count}`), port, ask))
      }
      print(way, samples)
    }
  } finally {
    members.disconnect()
    await once(members, 'exit')
    await seed.close()
    rmSync(folder, { recursive: true })
  }
}

async function joinOnce(
  way: Way,
  dataDir: string,
  port: number,
  ask: (question: Question) => Promise<Answer>,
): Promise<Sample> {
  const node = await openNode({ dataDir, friendlyName: 'Joins', seeds: [`127.0.0.1:${port}`] })
  await inCloud(node)
  const { invitation = '' } = await ask({ way, certificate: await node.identities.certificate() })
  while ((await ask('status')).online !== MEMBERS) await pause()
  const membersBefore = (await ask('status')).processorTime
  const before = process.cpuUsage()
  const begun = performance.now()
  const at = new Map<string, number>()
  const group = await node.groups.join(invitation, {
    ...(way === 'password' ? { password: PASSWORD } : {}),
    onProgress: ({ phase }) => at.set(phase, at.get(phase) ?? performance.now()),
  })
  const end = performance.now()
  const { user, system } = process.cpuUsage(before)
  const membersAfter = (await ask('status')).processorTime
  await requireAll(group)
  await group.leave()
  await node.close()
  const dialled = at.get('dialing') ?? begun
  const authenticated = at.get('authenticating') ?? dialled
  const synchronizing = at.get('synchronizing') ?? authenticated
  return {
    begin: dialled - begun,
    dial: authenticated - dialled,
    authenticate: synchronizing - authenticated,
    synchronize: end - synchronizing,
    all: end - begun,
    joinerCpu: (user + system) / 1000,
    membersCpu: (membersAfter - membersBefore) / 1000,
  }
}

async function requireAll(group: Group): Promise<void> {
  let records = 0
  for await (const _ of group.records.list(Bytes)) records++
  if (records !== RECORDS) throw new Error(`${records} of ${RECORDS} records are here`)
}

/** The other process: all members, and what they are asked for. */
async function beMembers(port: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-measure-members-'))
  const open = async (name: string): Promise<PeerNode> => {
    const node = await openNode({ dataDir: join(folder, name), friendlyName: name, seeds: [`127.0.0.1:${port}`] })
    await inCloud(node)
    return node
  }
  const nodes = [await open('creator')]
  const [creator] = nodes
  const group = await creator?.groups.create({ friendlyName: 'Measured', cloud: CLOUD })
  if (group === undefined) throw new Error('there is a creator')
  for (let count = 0; count < RECORDS; count++)
    await group.records.add(Bytes, new Uint8Array(RECORD_LENGTH).fill(count))
  const groups = [group]
  while (nodes.length < MEMBERS) {
    const node = await open(`member${nodes.length}`)
    groups.push(await node.groups.join(await group.invite()))
    nodes.push(node)
  }
  const online = async (): Promise<number> => {
    const counts = await Promise.all(groups.map(async (one) => (await one.members({ connected: true })).length))
    return Math.max(...counts)
  }
  process.on('message', (question: Question) => void answer(question).then((one) => process.send?.(one)))
  process.once('disconnect', () => void end())
  process.send?.('ready')

  async function answer(question: Question): Promise<Answer> {
    const { user, system } = process.cpuUsage()
    const rest = { processorTime: user + system, online: await online() }
    return question === 'status' ? rest : { ...rest, invitation: await invitation(question) }
  }

  async function invitation({ way, certificate }: Exclude<Question, 'status'>): Promise<string> {
    if (way === 'identity') return (await group?.invite({ for: certificate })) ?? ''
    return (await group?.invite(way === 'password' ? { password: PASSWORD } : {})) ?? ''
  }

  async function end(): Promise<void> {
    await Promise.all(nodes.map((node) => node.close()))
    rmSync(folder, { recursive: true })
  }
}

async function inCloud(node: PeerNode): Promise<void> {
  await node.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'] })
  while ((await cloudOf(node)).state !== 'active') await pause()
}

async function cloudOf(node: PeerNode): Promise<CloudInfo> {
  const cloud = (await node.clouds.list()).find(({ name }) => name === CLOUD)
  if (cloud === undefined) throw new Error('it is open')
  return cloud
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

function print(way: Way, samples: readonly Sample[]): void {
  const of = (key: keyof Sample): string => {
    const sorted = samples.map((one) => one[key]).sort((a, b) => a - b)
    const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(0)
    return `${at(0.5)} (${at(0)} to ${at(1)})`
  }
  console.log(
    `${way}: ${of('all')} ms: begin ${of('begin')}, dial ${of('dial')}, authenticate ${of('authenticate')}, ` +
      `synchronize ${of('synchronize')}; CPU ${of('joinerCpu')} ms here, ${of('membersCpu')} ms of the members`,
  )
}

function checksASecond(): number {
  const crypto = platformCrypto()
  const { publicKey, secretKey } = crypto.signingKeyPair(new Uint8Array(32))
  const message = new Uint8Array(256)
  const signature = crypto.sign(message, secretKey)
  const begun = performance.now()
  for (let count = 0; count < CHECKS; count++) crypto.verify(signature, message, publicKey)
  return Math.round((CHECKS / (performance.now() - begun)) * 1000)
}
