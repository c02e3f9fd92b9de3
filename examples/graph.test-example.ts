import { recordType } from 'peerage'
import { simulate } from 'peerage/simulation'
import { expect, test } from 'vitest'

const Note = recordType('demo.note', { expires: '30d' })
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (payload: Uint8Array) => new TextDecoder().decode(payload)

test('what is written apart is read together', () =>
  simulate({ hosts: ['ann', 'bob'], network: { loss: 0.05 } }, async ({ hosts: { ann, bob }, network, until }) => {
    const hers = await (await ann.openNode()).graphs.create({ friendlyName: 'Book club' })
    const his = await (await bob.openNode()).graphs.join(hers.graphId, { addresses: await hers.addresses() })

    network.partition(['ann'], ['bob'])
    const { id } = await hers.records.add(Note, bytes('are you there?'))
    await his.records.add(Note, bytes('nobody answers'))

    network.heal()
    await until(async () => (await his.records.get(Note, id)) !== undefined, '120s')
    const all: string[] = []
    for await (const { payload } of his.records.list(Note)) all.push(text(payload))
    expect(all.sort()).toEqual(['are you there?', 'nobody answers'])
  }))
