import { mkdirSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'

test('the demo goes through identities, names, certificates and a simulation, says what is missing, and tidies up', async () => {
  const temporary = newPath()
  mkdirSync(temporary)
  const environment = { TMPDIR: temporary, TEMP: temporary }
  const runs = [peerage(['demo'], { environment }), peerage(['demo', '--json'], { environment })] as const
  const [people, programs] = await Promise.all(runs)
  expect({ code: people.code, stderr: people.stderr }).toEqual({ code: 0, stderr: '' })
  expect(people.stdout).toMatch(/BEGIN CERTIFICATE[\s\S]*Not there yet: records and graphs, groups/)
  const steps = documents(programs.stdout).map((document) => JSON.stringify(document).split('"')[3])
  expect(steps).toEqual(['identity', 'names', 'certificate', 'move', 'simulation', 'next'])
  expect(readdirSync(temporary)).toEqual([])
})
