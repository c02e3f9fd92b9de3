/**
 * Writes the group that a release keeps (test/golden/README.md): a simulated one, with all that its members do.
 *
 *     node test/group/write-golden-group.ts test/golden/<release>/group.json
 */
import { writeFileSync } from 'node:fs'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { DAY, NodeGroup, type NodeMember, someVerifier } from './simulated-group-nodes.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('it takes the name of a file')

const group = new NodeGroup('golden')
const ida = group.add('Ida', 'inviting-member')
const bob = group.add('Bob')
const zed = group.add('Zed')
const dora = group.add('Dora', 'member', ida)
const verifier = someVerifier(90)
group.done<void>((done) => group.creator.node.setPassword(verifier, 'member', done))
group.untilEqual()
const byPassword = group.creator.node.inviteByPassword({ hints: [] })
const jim = group.join('Jim', byPassword, { at: [ida.member.endpoint] }, verifier)
group.until(() => jim.node.standing() === 'in-force')

const write = ({ member }: NodeMember, text: string) => member.write(text, { life: 200 * DAY })
for (const one of [group.creator, ida, dora, jim, zed]) write(one, `of ${one.friendlyName}`)
const [changed, deleted] = [write(bob, 'of Bob'), write(bob, 'deleted')]
group.untilEqual()
const content = { encoding: 'text', payload: toUtf8('of Bob, changed') } as const
const unchanged = { attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
group.creator.member.node.update(changed.id, { content, ...unchanged }, (outcome) => {
  if (outcome instanceof PeerageError) throw outcome
})
bob.member.remove(deleted.id)
group.done<void>((done) => group.creator.node.revoke(zed.name, { records: 'none', members: false }, undefined, done))
group.runFor(120_000)
const rest = [group.creator, ida, bob, dora, jim].map(({ member }) => member)
if (group.graph.differences(rest).length > 0) throw new Error('they differ')

const { store } = bob.member.node
const stored = store.database.changes(0, undefined, 1000).flatMap((one) => (one.kind === 'stored' ? [one.record] : []))
const notes = store.list({ type: 'test.note', limit: 100 }).map(({ record }) => fromUtf8(record.payload))
const chain = ida.node.chain()
if (chain === undefined) throw new Error('she is a member')
const golden = {
  now: group.now(),
  group: group.name,
  graphId: '5e'.repeat(16),
  member: { seed: toHex(ida.member.identity.keyPair.secretKey.subarray(0, 32)), chain: toHex(chain.bytes) },
  invitation: group.creator.node.inviteByLink({ uses: 5, hints: [ida.member.endpoint] }),
  password: { ...verifier.cost, value: toHex(verifier.value) },
  expected: { properties: group.creator.node.properties(), notes: notes.sort(), members: group.creator.sees() },
  records: stored.map(({ bytes }) => toHex(bytes)),
}
writeFileSync(file, `${JSON.stringify(golden, null, 1)}\n`)
process.exit(0)
