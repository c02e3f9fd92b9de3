import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, endpointsIn, recordsOf, SERVICE, type ServiceInstance } from '../../src/nodejs/service-records.ts'
import { address } from './loopback.ts'

const TAG = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 255)
const NODE: ServiceInstance = {
  ...{ instance: '0011223344556677', host: '8899aabbccddeeff', cloudTag: TAG, port: 3540 },
  addresses: [address('192.168.7.1'), address('192.168.7.2')],
}

/** The records of the node with changes to those of one type. */
function changed(type: Answer['type'], change: object): Answer[] {
  return recordsOf(NODE).map((record) => (record.type === type ? { ...record, ...change } : record))
}

describe('records of a node on the local link', () => {
  test('N-18: all addresses of a node of the cloud are found, whatever the case of names and the order of records', () => {
    const expected = [
      { host: '192.168.7.1', port: 3540 },
      { host: '192.168.7.2', port: 3540 },
    ]
    expect(endpointsIn(recordsOf(NODE), TAG)).toEqual(expected)
    const shouted = recordsOf(NODE).map((record) => ({ ...record, name: record.name.toUpperCase() }))
    expect(endpointsIn(shouted.reverse(), TAG)).toEqual(expected.reverse())
  })

  test('N-18: another cloud, a reserved port, a malformed address, a goodbye and another service are passed over', () => {
    expect(endpointsIn(recordsOf(NODE), TAG.slice().reverse())).toEqual([])
    expect(endpointsIn(recordsOf(NODE, 0), TAG)).toEqual([])
    expect(endpointsIn(changed('TXT', { data: ['cloud=0102'] }), TAG)).toEqual([])
    expect(endpointsIn(changed('TXT', { name: `other.${SERVICE}` }), TAG)).toEqual([])
    for (const port of [0, 1024, 65_536, Number.NaN]) {
      expect(endpointsIn(changed('SRV', { data: { port, target: `${NODE.host}.local` } }), TAG)).toEqual([])
    }
    expect(endpointsIn(changed('SRV', { data: { port: 3540, target: 'other.local' } }), TAG)).toEqual([])
    expect(endpointsIn(changed('SRV', { name: 'x._http._tcp.local' }), TAG)).toEqual([])
    expect(endpointsIn(changed('A', { data: '192.168.7.256' }), TAG)).toEqual([])
  })

  test('N-19: the records hold random names, the port, the addresses and the tag of the cloud, and nothing else', () => {
    expect(recordsOf(NODE)).toEqual([
      expect.objectContaining({ type: 'PTR', name: SERVICE, data: `${NODE.instance}.${SERVICE}` }),
      expect.objectContaining({ type: 'SRV', data: { port: 3540, target: `${NODE.host}.local` } }),
      expect.objectContaining({ type: 'TXT', data: ['cloud=01020304050607ff'] }),
      expect.objectContaining({ type: 'A', name: `${NODE.host}.local`, data: '192.168.7.1' }),
      expect.objectContaining({ type: 'A', name: `${NODE.host}.local`, data: '192.168.7.2' }),
    ])
  })

  test('any text in place of an address or a tag is passed over', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(endpointsIn(changed('TXT', { data: [text] }), TAG)).toEqual([])
        const found = endpointsIn(changed('A', { data: text }), TAG)
        for (const { host } of found) expect(address(host)).toBe(host)
      }),
    )
  })
})
