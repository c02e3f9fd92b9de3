/**
 * A chat with history, presence and whispers:
 *
 *   node examples/chat.ts ./ann                 makes a chat, or goes on with the one in this folder
 *   node examples/chat.ts ./bob 'peerage:…'     joins one
 *
 * Each line that is typed is a message. `/to Bob psst` tells Bob alone, and `/invite` prints an invitation. Messages are those of
 * `peerage chat`, so that its users and those of this program talk with each other.
 */
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { type Group, messageType, openNode, type PeerName, recordType } from 'peerage'
import { schemaOf } from './schema-of.ts'

const isText = (value: unknown): value is string => typeof value === 'string'
const isMessage = (value: unknown): value is { readonly text: string } =>
  typeof value === 'object' && value !== null && 'text' in value && isText(value.text)
const Message = recordType('chat.message', { schema: schemaOf('message', isMessage), expires: '30d' })
const Whisper = messageType('chat.whisper', { schema: schemaOf('text', isText) })

const [dataDir = './ann', invitation] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName: basename(dataDir) })
const [former] = await node.groups.list()
const group: Group =
  invitation !== undefined
    ? await node.groups.join(invitation)
    : former !== undefined
      ? await node.groups.open(former.peerName)
      : await node.groups.create({ friendlyName: 'Chat' })

async function nameOf(peer: PeerName): Promise<string> {
  const members = await group.members()
  return members.find(({ peerName }) => peerName === peer)?.friendlyName ?? peer
}

async function showMessages(): Promise<void> {
  for await (const change of group.records.watch(Message)) {
    if (change.kind === 'removed') continue
    const { creator, created, payload } = change.record
    console.log(`${created.toISOString().slice(11, 16)} ${await nameOf(creator)}: ${payload.text}`)
  }
}

async function showWhispers(): Promise<void> {
  for await (const { from, payload } of group.messages(Whisper)) console.log(`(${await nameOf(from)}: ${payload})`)
}

async function obey(line: string): Promise<void> {
  if (line === '/invite') return console.log(await group.invite())
  const [, name, text] = /^\/to (\S+) (.*)$/.exec(line) ?? []
  if (name === undefined || text === undefined) {
    await group.records.add(Message, { text: line })
    return
  }
  const member = (await group.members()).find(({ friendlyName }) => friendlyName === name)
  if (member === undefined) return console.log(`* nobody here is called ${name}`)
  await group.send(member.peerName, Whisper, text)
}

const online = new Set<PeerName>()
async function showPresence(peer: PeerName): Promise<void> {
  const { friendlyName, connected } = await group.member(peer)
  // Whoever is new has no name yet: it comes with the next event.
  if (friendlyName === '' || connected === online.has(peer)) return
  if (connected) online.add(peer)
  else online.delete(peer)
  console.log(`* ${friendlyName} is ${connected ? 'here' : 'gone'}`)
}

group.on('member', ({ peer }) => showPresence(peer))
for (const { peerName } of await group.members({ connected: true })) await showPresence(peerName)
const showing = Promise.all([showMessages(), showWhispers()])
for await (const line of createInterface({ input: process.stdin })) {
  // A message that cannot be sent ends no chat.
  await obey(line).catch((error: Error) => console.log(`* ${error.message}`))
}
await node.close()
await showing // closing the node has ended it
