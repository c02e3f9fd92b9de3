/** The diagnosis of a running node, as programs ask for it. */
import { afterEach, expect, test } from 'vitest'
import { connectNode } from '../../src/control/connect-node.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import type { Finding } from '../../src/peer-node/finding.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { newPath } from '../nodejs/new-path.ts'

const opened: PeerNode[] = []
afterEach(async () => {
  for (const node of opened.splice(0).reverse()) await node.close()
})

async function program(): Promise<{ readonly node: PeerNode; readonly program: PeerNode }> {
  const dataDir = newPath()
  const { node } = await openServingNode({ dataDir, friendlyName: 'Ann' })
  const connected = await connectNode({ dataDir })
  opened.push(node, connected)
  return { node, program: connected }
}

/** Without times, which differ. */
function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ check, outcome, advice }) => `${check} ${outcome} ${advice ?? ''}`)
}

test('a program is told what the node finds, one after the other, also of somebody in particular', async () => {
  const { node, program: connected } = await program()
  const group = await node.groups.create({ friendlyName: 'Book club' })
  const own: Finding[] = []
  for await (const finding of node.diagnose(group.peerName)) own.push(finding)
  const remote: Finding[] = []
  for await (const finding of connected.diagnose(group.peerName)) remote.push(finding)
  expect(told(remote)).toEqual(told(own))
  expect(told(own)).toEqual(expect.arrayContaining([expect.stringMatching(/^membership ok/)]))
})

test('a program can leave it at any time, or abort it, and an error comes as it is', async () => {
  const { program: connected } = await program()
  for await (const { check } of connected.diagnose()) {
    expect(check).toBe('data-directory')
    break
  }
  const controller = new AbortController()
  const aborted = (async () => {
    for await (const { check } of connected.diagnose(undefined, { signal: controller.signal })) {
      if (check === 'data-directory') controller.abort(new Error('enough'))
    }
  })()
  await expect(aborted).rejects.toThrow('enough')
  const refused = (async () => {
    for await (const { check } of connected.diagnose('nobody')) expect.unreachable(check)
  })()
  await expect(refused).rejects.toMatchObject({ code: 'invalid-peer-name' })
})
