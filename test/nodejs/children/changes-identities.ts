/**
 * Creates, renames and deletes identities in a data directory, as often as it is told, or until it is
 * killed, and prints what it does. It renames only what it has made itself, which its names begin with
 * what it is told; it deletes whatever is there.
 */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openNode } from '../../../src/nodejs/open-node.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'
import type { IdentityChange, Line } from '../identity-change.ts'

const MOST_IDENTITIES = 12

const [dataDir = '', prefix = '', times = 'forever'] = process.argv.slice(2)
const { identities } = await openNode({ dataDir })

print({ kind: 'ready' })
for (let number = 0; times === 'forever' || number < Number(times); number++) {
  const change = await choose(`${prefix}${number}-${randomInt(1e9)}`)
  print({ kind: 'begin', change })
  try {
    print({ kind: 'done', change: await perform(change) })
  } catch (error) {
    if (!PeerageError.is(error, 'identity-deleted') && !PeerageError.is(error, 'identity-not-found')) throw error
    print({ kind: 'gone', change })
  }
}

async function choose(friendlyName: string): Promise<IdentityChange> {
  const known = await identities.list()
  const mine = known.filter((identity) => identity.friendlyName.startsWith(prefix))
  const anyone = known[randomInt(known.length + 1)]
  const own = mine[randomInt(mine.length + 1)]
  const dice = randomInt(known.length < MOST_IDENTITIES ? 4 : 2)
  if (dice === 0 && anyone !== undefined) return { type: 'delete', peerName: anyone.peerName }
  if (dice === 1 && own !== undefined) return { type: 'rename', peerName: own.peerName, friendlyName }
  return { type: 'create', friendlyName }
}

async function perform(change: IdentityChange): Promise<IdentityChange> {
  if (change.type === 'create') return { ...change, peerName: (await identities.create(change)).peerName }
  if (change.type === 'rename') await identities.rename(change.peerName, change.friendlyName)
  else await identities.delete(change.peerName)
  return change
}

/** At once, so that nothing that was printed is lost when this process is killed. */
function print(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}
