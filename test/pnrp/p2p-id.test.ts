import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { p2pIdOf } from '../../src/pnrp/p2p-id.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { nameVectors } from '../identity/peer-name-samples.ts'

const crypto = platformCrypto()

test.each(nameVectors.names)('N-05: the P2P ID of $name is $p2pId', ({ name, p2pId }) => {
  expect(toHex(p2pIdOf(crypto, parsePeerName(name)))).toBe(p2pId)
})

test('N-05: the examples of the conformance list', () => {
  const expected = new Map([
    ['0.MyApplication', 'ccb3d40546d07e43575f565f10a82527'],
    ['6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe', 'ba2d9bbfaf7044ad60616b124b4d9c3a'],
    ['6520c005f63fc1864b7d8f3cabebd4916ae7f33d.', '6e47efb228811ba51ac2072203d6db0f'],
  ])
  for (const [name, id] of expected) expect(toHex(p2pIdOf(crypto, parsePeerName(name)))).toBe(id)
})
