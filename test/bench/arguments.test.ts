import { expect, test } from 'vitest'
import { readRequest } from '../../bench/arguments.ts'

const NAMES = ['copy', 'link'] as const

test.each([
  [[], { name: undefined, json: false }],
  [['link'], { name: 'link', json: false }],
  [['--json'], { name: undefined, json: true }],
  [['--json', 'copy'], { name: 'copy', json: true }],
])('%j', (args, request) => {
  expect(readRequest(args, NAMES)).toEqual(request)
})

test.each([[['links']], [['copy', 'link']], [['--jason']]])('%j is refused, with what can be written', (args) => {
  expect(readRequest(args, NAMES)).toEqual({
    problem: expect.stringContaining('npm run bench -- [copy | link] [--json]'),
  })
})
