/**
 * A graph with a security provider of its own: whoever knows a word may enter, in both directions, and the word never crosses.
 *
 *   node examples/custom-security-provider.ts ./ann sesame                       prints how the graph is joined
 *   node examples/custom-security-provider.ts ./bob sesame GRAPH ADDRESS…
 *
 * Each end shows that it knows the word by a keyed hash of what only the two ends of this link share. Somebody who is dialled by
 * mistake can try words on what it got, so take a word that nobody guesses. Groups do better: see docs/groups.md.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { openNode, PeerageError, recordType, type SecurityProviderFactory } from 'peerage'

function wordOfEntry(word: string): SecurityProviderFactory {
  const proof = (side: 'dialler' | 'listener', channelBinding: Uint8Array): Uint8Array =>
    createHmac('sha256', word).update(side).update(channelBinding).digest()
  return () => ({
    admit: ({ isDialler, channelBinding }, send) => {
      const [mine, theirs] = isDialler ? (['dialler', 'listener'] as const) : (['listener', 'dialler'] as const)
      send(proof(mine, channelBinding))
      const expected = proof(theirs, channelBinding)
      return {
        verdict: 'undecided',
        reason: 'the word is another one',
        received: (answer) =>
          answer.length === expected.length && timingSafeEqual(answer, expected) ? 'admitted' : 'refused',
      }
    },
    isAdmitted: () => true, // whoever got in stays
    // Records are signed anyway. Here everybody may write, and nothing has to be proven beside that.
    secure: () => new Uint8Array(0),
    validate: () => 'valid',
    isAdministrator: () => false,
    rightEnds: () => undefined,
    firstTypes: [],
    proof: () => undefined,
    proofArrived: () => false,
    close: () => undefined,
  })
}

const Note = recordType('example.note', { expires: '1d' })

const [dataDir = './ann', word = '', graphId, ...addresses] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName: 'Guest', securityProviders: { word: wordOfEntry(word) } })
try {
  if (graphId === undefined) {
    const graph = await node.graphs.create({ provider: 'word' })
    await graph.records.add(Note, new TextEncoder().encode('who reads this knew the word'))
    console.log(graph.graphId, ...(await graph.addresses()))
    await new Promise((resolve) => process.once('SIGINT', resolve))
  } else {
    const graph = await node.graphs.join(graphId, { provider: 'word', addresses })
    for await (const { payload } of graph.records.list(Note)) console.log(new TextDecoder().decode(payload))
  }
} catch (error) {
  if (!PeerageError.isAny(error)) throw error
  console.log(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
await node.close()
