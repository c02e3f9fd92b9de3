/** What goes on while the verifier of a password is derived. */
import { expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import type { PasswordHashing } from '../../src/runtime/password-hashing.ts'
import { crypto } from '../identity/platform.ts'
import { type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '1h' })
const PASSWORD = 'correct horse battery'

/** Argon2id that takes until the test lets it end. */
class HeldHashing {
  #held: (() => void)[] = []

  get count(): number {
    return this.#held.length
  }

  readonly hash: PasswordHashing = (...inputs) =>
    new Promise((resolve) => {
      this.#held.push(() => resolve(crypto.argon2id(...inputs)))
    })

  end(): void {
    for (const end of this.#held.splice(0)) end()
  }
}

async function open(
  { addHost, openNode }: SimulatedNodes,
  name: string,
): Promise<{ readonly node: PeerNode; readonly hashing: HeldHashing }> {
  const hashing = new HeldHashing()
  return { node: await openNode(addHost(name), {}, { passwordHashing: hashing.hash }), hashing }
}

test('P-135: others go on while a password is set, and while somebody derives it to join', () =>
  withSimulatedNodes('meanwhile', async (nodes) => {
    const ann = await open(nodes, 'ann')
    const bob = await open(nodes, 'bob')
    const hers = await ann.node.groups.create()
    const his = await bob.node.groups.join(await hers.invite())
    const inviting = hers.invite({ password: PASSWORD })
    const { id } = await his.records.add(Note, Uint8Array.of(1))
    await nodes.until(async () => (await hers.records.get(Note, id)) !== undefined, '1m')
    expect(ann.hashing.count).toBe(1)
    ann.hashing.end()
    const invitation = await inviting
    const eve = await open(nodes, 'eve')
    const own = await eve.node.groups.create()
    const joining = eve.node.groups.join(invitation, { password: PASSWORD })
    await own.records.add(Note, Uint8Array.of(2))
    await nodes.advance('10s')
    expect(eve.hashing.count).toBe(1)
    expect(await hers.members()).toHaveLength(2)
    eve.hashing.end()
    expect((await (await joining).records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))
    expect(ann.hashing.count + bob.hashing.count + eve.hashing.count).toBe(0)
  }))

test('P-041: a join that is aborted, or whose node is closed, while the password is derived leaves nothing behind', () =>
  withSimulatedNodes('given up', async (nodes) => {
    const ann = await open(nodes, 'ann')
    const bob = await open(nodes, 'bob')
    const hers = await ann.node.groups.create()
    const inviting = hers.invite({ password: PASSWORD })
    ann.hashing.end()
    const invitation = await inviting
    const abort = new AbortController()
    const reason = new Error('enough')
    const joining = bob.node.groups.join(invitation, { password: PASSWORD, signal: abort.signal })
    const aborted = expect(joining).rejects.toBe(reason)
    await nodes.advance('1s')
    abort.abort(reason)
    await aborted
    expect(await bob.node.groups.list()).toEqual([])
    bob.hashing.end()
    const again = bob.node.groups.join(invitation, { password: PASSWORD })
    const closed = expectRejection('invalid-graph', again, 'a node that is closed')
    await nodes.advance('1s')
    await bob.node.close()
    bob.hashing.end()
    await closed
  }))

test('a password is not set in a group that was closed while it was derived', () =>
  withSimulatedNodes('closed', async (nodes) => {
    const ann = await open(nodes, 'ann')
    const hers = await ann.node.groups.create()
    const inviting = expectRejection('invalid-graph', hers.invite({ password: PASSWORD }), 'a group that is closed')
    await hers.close()
    ann.hashing.end()
    await inviting
    const again = await ann.node.groups.open(hers.peerName)
    const once = again.invite({ password: PASSWORD })
    ann.hashing.end()
    await once
  }))
