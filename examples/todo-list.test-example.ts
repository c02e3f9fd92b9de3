/** How an application is tested: here the to-do list, on two machines whose network fails, in no time at all. */
import { simulate } from 'peerage/simulation'
import { expect, test } from 'vitest'
import { TodoList } from './todo-list.ts'

test('what is added and ticked off apart is on one list in the end', () =>
  simulate({ hosts: ['ann', 'bob'], network: { loss: 0.05 } }, async ({ hosts: { ann, bob }, network, until }) => {
    const hers = await (await ann.openNode()).groups.create({ friendlyName: 'To do' })
    const his = await (await bob.openNode()).groups.join(await hers.invite({ role: 'administrator' }))
    const [annsList, bobsList] = [new TodoList(hers), new TodoList(his)]
    const milk = await annsList.add('buy milk')
    await until(async () => (await bobsList.open()).has(milk), '10s')

    network.partition(['ann'], ['bob'])
    await bobsList.tickOff(milk)
    await annsList.add('water the plants')
    expect([...(await annsList.open()).values()]).toEqual(['buy milk', 'water the plants'])

    network.heal()
    const titles = async (list: TodoList) => [...(await list.open()).values()].join()
    await until(async () => (await titles(annsList)) === 'water the plants', '120s')
    await until(async () => (await titles(bobsList)) === 'water the plants', '120s')
  }))
