/** What becomes of links that are just being opened when their graph goes offline or is closed. */
import { describe, expect, test } from 'vitest'
import { ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

/** In milliseconds: longer than opening a link and asking over it takes. */
const LONGEST_OPENING = 120

describe.each(['goes offline', 'is closed'] as const)('while a node %s', (how) => {
  test('a link that is being opened ends, whenever that is, and brings nothing', () => {
    const outcomes = new Set<string>()
    for (let after = 0; after < LONGEST_OPENING; after += 4) {
      const graph = new SimulatedGraph({ seed: `${how} ${after}`, checks: false })
      const [member] = graph.grow(1)
      if (member === undefined) throw new RangeError('there is one')
      const stranger = new ScriptedNode(graph, 'stranger')
      let link: ScriptedLink | undefined
      let failed = false
      stranger.open(member, (outcome) => {
        if ('link' in outcome) {
          link = new ScriptedLink(graph, outcome.link)
          link.send(stranger.connect())
        } else failed = true
      })
      graph.world.runFor(after)
      const before = member.events.length
      let isOver = false
      if (how === 'is closed') {
        member.node.close(() => {
          isOver = true
        })
      } else {
        member.node.goOffline(() => {
          isOver = true
        })
      }
      graph.world.runFor(5000)
      expect([isOver, link === undefined ? failed : link.closing !== undefined]).toEqual([true, true])
      expect(member.events.slice(before).filter((event) => event.startsWith('connected'))).toEqual([])
      outcomes.add(link === undefined ? 'never opened' : `${link.all('WELCOME').length} welcomes`)
    }
    expect(outcomes).toEqual(new Set(['never opened', '0 welcomes', '1 welcomes']))
  })
})
