import { expect, test } from 'vitest'
import { measuresOf, requireCopied, transfer } from '../../bench/jobs/copy/measures.ts'

test('a transfer is what passed between its begin and its end', async () => {
  const totals = { sent: 100, received: 1_000 }
  const { bytes, result, milliseconds, processorTime } = await transfer(
    () => ({ ...totals }),
    async () => {
      totals.sent += 5
      totals.received += 70
      return 'done'
    },
  )
  expect(bytes).toEqual({ sent: 5, received: 70 })
  expect(result).toBe('done')
  expect(milliseconds).toBeGreaterThanOrEqual(0)
  expect(processorTime).toBeGreaterThanOrEqual(0)
})

test('rates are by the second, bytes by the record and in both directions', () => {
  const first = { milliseconds: 500, processorTime: 80_000, bytes: { sent: 1_000, received: 9_000 } }
  const later = { milliseconds: 7, processorTime: 2_000, bytes: { sent: 30, received: 300 } }
  const values = measuresOf(1_000, first, 2_048, later).map(({ unit, value }) => `${value} ${unit}`)
  expect(values).toEqual(['2000 records/s', '80 µs/record', '10 bytes/record', '2 MiB', '7 ms', '330 bytes'])
})

test('a copy that lacks a record is none', () => {
  expect(() => requireCopied(9, 10)).toThrow('9 of 10 records are here')
  expect(() => requireCopied(10, 10)).not.toThrow()
})
