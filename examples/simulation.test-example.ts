import { simulate } from 'peerage/simulation'
import { expect, test } from 'vitest'

test('an identity survives a crash, and is gone with its disk', () =>
  simulate({ hosts: ['ann'], seed: 'rain' }, async ({ hosts: { ann }, advance }) => {
    const { peerName } = await (await ann.openNode()).identities.get()

    await advance('30d') // takes no time
    ann.crash() // the power goes: nothing on this host goes on
    ann.restart()
    expect((await (await ann.openNode()).identities.get()).peerName).toBe(peerName)

    ann.restart('lost') // the same host with an empty disk
    expect((await (await ann.openNode()).identities.get()).peerName).not.toBe(peerName)
  }))
