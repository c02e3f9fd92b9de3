import { expect, test } from 'vitest'
import type { BenchDocument } from '../../bench/document.ts'
import type { Job } from '../../bench/job.ts'
import { number, tables } from '../../bench/table.ts'

test.each([
  [0, '0'],
  [0.012_345, '0.0123'],
  [12, '12'],
  [106.44, '106'],
  [999.7, '1,000'],
  [2_311.996_467_57, '2,312'],
  [1_234_567.8, '1,234,568'],
])('%d is written as %s', (value, text) => {
  expect(number(value)).toBe(text)
})

const COPY: Job = {
  name: 'copy',
  title: 'a copy',
  sizeOf: 'records',
  rounds: 2,
  limit: 1,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [10] },
    { name: 'orbitdb', sizes: [10] },
  ],
  absent: [],
}

test('a row for each metric, a column for each contestant, and who is absent says why', () => {
  const of = { job: 'copy', size: 10, metric: 'first copy', unit: 'records/s' }
  const document: BenchDocument = {
    machine: {
      processor: 'a processor',
      cores: 2,
      memory: 2 ** 31,
      system: 'a system',
      signatureChecks: { least: 1, median: 2, most: 3 },
    },
    versions: { node: '24.0.0' },
    results: [
      { ...of, contestant: 'peerage', runs: [1, 4], median: 2.5 },
      { ...of, contestant: 'orbitdb', runs: [2_000], median: 2_000 },
    ],
    absent: [{ job: 'copy', contestant: 'orbitdb', size: 1_000, reason: 'it takes an hour' }],
  }
  expect(tables(document, [COPY])).toBe(`a processor, 2 cores, 2 GiB, a system; 2 signature checks/s (1 to 3)

node 24.0.0

**copy**: a copy

|                                   | peerage      | orbitdb |
| --------------------------------- | ------------ | ------- |
| 10 records: first copy, records/s | 2.5 (1 to 4) | 2,000   |

- orbitdb, 1,000 records: absent, it takes an hour`)
})
