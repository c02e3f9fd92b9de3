/**
 * `peerage demo`: shows what works today, with temporary data and without a network. It says what is
 * not there yet, too.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostNameOf, peerNameOfHostName } from '../identity/host-name.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { openNode } from '../nodejs/open-node.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Host, simulate } from '../simulation/simulate.ts'
import type { Output } from './output.ts'

const PASSWORD = 'a password that only this demo uses'

/** Runs the tour. What it made is removed at its end. */
export async function runDemo(output: Output): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'peerage-demo-'))
  try {
    await showIdentities(folder, output)
    await showSimulation(output)
  } finally {
    await rm(folder, { recursive: true })
  }
  output.result(
    { step: 'next', missing: ['records and graphs', 'groups'] },
    '\nNot there yet: records and graphs, groups. Names resolve: see docs/names-and-clouds.md. Try `peerage --help` for what is.',
  )
}

async function showIdentities(folder: string, output: Output): Promise<void> {
  const node = await openNode({ dataDir: join(folder, 'ann'), friendlyName: 'Ann' })
  const { peerName } = await node.identities.get()
  output.result(
    { step: 'identity', peerName },
    `A node made itself an identity, a key with a name:\n  Ann is ${peerName}`,
  )

  const chess = await node.identities.makePeerName(peerName, 'Chess club')
  const hostName = hostNameOf(chess)
  const roundTrip = peerNameOfHostName(hostName)
  output.result(
    { step: 'names', peerName: chess, hostName, back: roundTrip },
    `\nThe key can have more names, and each has a form that host names allow:\n  ${chess}\n  ${hostName}`,
  )

  const certificate = await node.identities.certificate()
  output.result(
    { step: 'certificate', certificate },
    `\nIts certificate, for others to know it by (openssl x509 -text prints it):\n${indented(certificate)}`,
  )
  await showMove(folder, peerName, await node.identities.export(peerName, PASSWORD), output)
  await node.close()
}

/** Imports an export into another data directory, with a wrong password first. */
async function showMove(folder: string, peerName: PeerName, text: string, output: Output): Promise<void> {
  const elsewhere = await openNode({ dataDir: join(folder, 'elsewhere') })
  const refusal = await elsewhere.identities.import(text, { password: 'a wrong one' }).catch((error: unknown) => error)
  if (!(refusal instanceof PeerageError)) throw refusal
  const imported = await elsewhere.identities.import(text, { password: PASSWORD })
  if (imported.peerName !== peerName) throw new Error('the import gave another identity')
  output.result(
    { step: 'move', error: refusal.code, imported: imported.peerName },
    `\nExported with a password, it was imported elsewhere. With a wrong password the answer was:\n  ${refusal.message}`,
  )
  await elsewhere.close()
}

/** Two hosts on virtual time, of which one loses its power and one its disk. */
async function showSimulation(output: Output): Promise<void> {
  const began = performance.now()
  await simulate({ hosts: ['ann', 'bob'], seed: 'demo' }, async ({ hosts: { ann, bob }, advance }) => {
    const [before, bobBefore] = [await identityOn(ann), await identityOn(bob)]
    ann.crash()
    bob.crash()
    await advance('365d')
    ann.restart()
    bob.restart('lost')
    const [after, bobAfter] = [await identityOn(ann), await identityOn(bob)]
    if (before !== after || bobBefore === bobAfter) throw new Error('a simulated disk did not do what was asked of it')
  })
  const milliseconds = Math.round(performance.now() - began)
  output.result(
    { step: 'simulation', milliseconds },
    `\nIn a simulation two hosts crashed and came back after a year, which took ${milliseconds} ms here: one with its\n` +
      'disk and the same identity, one with an empty disk and a new one. The same seed gives the same run.',
  )
}

async function identityOn(host: Host): Promise<PeerName> {
  const { identities } = await host.openNode()
  return (await identities.get()).peerName
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ')
}
