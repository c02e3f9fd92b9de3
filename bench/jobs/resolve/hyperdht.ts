/**
 * hyperdht with `mutablePut` and `mutableGet`: what is stored under a key, signed by it, and checked by whoever gets it, is
 * the closest to a signed name that it has. (`announce` and `lookup` tell who is interested in a topic, and the one who looks
 * up checks no signature.) The nodes are set up as hyperdht's own `testnet.js` does: persistent, not firewalled, on loopback.
 * `latest: false` ends a get with the first right answer, which is faster than to compare all copies, the default.
 */
import DHT, { type KeyPair } from 'hyperdht'
import { contestant } from '../../contestant.ts'
import { measureResolving } from './workload.ts'

await contestant(async ({ size }) => {
  const nodes: { readonly dht: DHT; readonly keyPair: KeyPair }[] = []
  let bootstrap: readonly { readonly host: string; readonly port: number }[] = []
  for (let index = 0; index < size; index++) {
    const dht = new DHT({ bootstrap, host: '127.0.0.1', ephemeral: false, firewalled: false })
    await dht.fullyBootstrapped()
    if (index === 0) bootstrap = [{ host: '127.0.0.1', port: dht.address().port }]
    nodes.push({ dht, keyPair: DHT.keyPair() })
  }

  function node(index: number) {
    const one = nodes[index]
    if (one === undefined) throw new RangeError(`there is no node ${index}`)
    return one
  }

  return measureResolving({
    size,
    register: async (publisher) => {
      const { dht, keyPair } = node(publisher)
      await dht.mutablePut(keyPair, Buffer.from(`127.0.0.1:${1 + publisher}`))
    },
    resolve: async (from, publisher) => {
      const found = await node(from).dht.mutableGet(node(publisher).keyPair.publicKey, { latest: false })
      return found?.value.toString() === `127.0.0.1:${1 + publisher}`
    },
  })
})
