import { expect, test } from 'vitest'
import { type BenchDocument, readDocument } from '../../bench/document.ts'

const DOCUMENT: BenchDocument = {
  machine: {
    processor: 'a processor',
    cores: 2,
    memory: 4096,
    system: 'a system',
    signatureChecks: { least: 1, median: 2, most: 3 },
  },
  versions: { node: '24.0.0' },
  results: [{ job: 'copy', contestant: 'peerage', size: 10, metric: 'time', unit: 'ms', runs: [1, 2, 3], median: 2 }],
  absent: [{ job: 'copy', contestant: 'orbitdb', size: 10, reason: 'it takes an hour' }],
}

test('what was printed is read again', () => {
  expect(readDocument(JSON.stringify(DOCUMENT))).toEqual(DOCUMENT)
})

test.each([
  ['nothing', null],
  ['without a machine', { ...DOCUMENT, machine: undefined }],
  ['a machine without its speed', { ...DOCUMENT, machine: { ...DOCUMENT.machine, signatureChecks: undefined } }],
  ['results that are no list', { ...DOCUMENT, results: {} }],
  ['a result without runs', { ...DOCUMENT, results: [{ ...DOCUMENT.results[0], runs: undefined }] }],
  ['a run that is no number', { ...DOCUMENT, results: [{ ...DOCUMENT.results[0], runs: ['1'] }] }],
  ['a contestant that nobody knows', { ...DOCUMENT, results: [{ ...DOCUMENT.results[0], contestant: 'nobody' }] }],
  ['an absence without a reason', { ...DOCUMENT, absent: [{ ...DOCUMENT.absent[0], reason: undefined }] }],
])('something else is refused: %s', (_, document) => {
  expect(() => readDocument(JSON.stringify(document))).toThrow('npm run --silent bench -- --json')
})
