/**
 * The acceptance suite of the port that tells the addresses of this machine.
 */
import { ADDRESS_LENGTH, isIpv4, parseIpAddress } from '../endpoint.ts'
import type { InterfaceAddress, NetworkInterfaces } from '../network-interfaces.ts'
import { type AcceptanceCheck, expectSame, expectThat } from './acceptance.ts'
import type { Settling } from './settling.ts'

/** A machine whose addresses can be changed. It has at least one address. */
export interface NetworkInterfacesSubject extends Settling {
  readonly networkInterfaces: NetworkInterfaces
  /** Changes the addresses of the machine: each call makes {@link NetworkInterfaces.list} give something else. */
  change(): void
}

const IPV4_BITS = 32
const IPV6_BITS = ADDRESS_LENGTH * 8

export const networkInterfacesAcceptance: readonly AcceptanceCheck<NetworkInterfacesSubject>[] = [
  {
    name: 'the list has every address in canonical form, with its interface and the length of its prefix',
    run({ networkInterfaces }) {
      const list = networkInterfaces.list()
      expectThat(list.length > 0, 'there is an address')
      for (const { address, interface: name, prefixLength, loopback } of list) {
        expectSame(parseIpAddress(address), address, 'the canonical form of the address')
        expectThat(name !== '', 'the interface has a name')
        const bits = isIpv4(address) ? IPV4_BITS : IPV6_BITS
        expectThat(Number.isInteger(prefixLength) && prefixLength >= 0, `${prefixLength} is the length of a prefix`)
        expectThat(prefixLength <= bits, `a prefix of ${prefixLength} bits fits into ${address}`)
        const isLoopback = address.startsWith('127.') || address === '::1'
        expectThat(loopback || !isLoopback, `${address} is a loopback address`)
      }
      const places = new Set(list.map(({ interface: name, address }) => `${address}%${name}`))
      expectSame(places.size, list.length, 'different addresses')
    },
  },
  {
    name: 'the list is in the same order each time',
    run({ networkInterfaces }) {
      expectSame(asText(networkInterfaces.list()), asText(networkInterfaces.list()), 'the list')
    },
  },
  {
    name: 'each watcher is told after a change, when the list already gives the new addresses',
    async run(subject) {
      const { networkInterfaces } = subject
      const seen: string[] = []
      const before = asText(networkInterfaces.list())
      const ends = [1, 2].map(() => networkInterfaces.watch(() => seen.push(asText(networkInterfaces.list()))))
      expectSame(seen.length, 0, 'calls before the change')
      subject.change()
      await subject.settle(() => seen.length >= 2)
      for (const list of seen) expectThat(list !== before, 'the list has changed when the watcher is called')
      for (const end of ends) end()
    },
  },
  {
    name: 'a watcher that has ended is not told, and ending twice does nothing',
    async run(subject) {
      const { networkInterfaces } = subject
      let told = 0
      let toldOther = 0
      const end = networkInterfaces.watch(() => told++)
      const endOther = networkInterfaces.watch(() => toldOther++)
      end()
      end()
      subject.change()
      await subject.settle(() => toldOther > 0)
      endOther()
      expectSame(told, 0, 'calls of the watcher that had ended')
    },
  },
  {
    name: 'a watcher can end itself and others while it is told',
    async run(subject) {
      const { networkInterfaces } = subject
      const told: string[] = []
      const ends: (() => void)[] = []
      const watchAs = (name: string): void => {
        ends.push(
          networkInterfaces.watch(() => {
            told.push(name)
            for (const end of ends) end()
          }),
        )
      }
      watchAs('first')
      watchAs('second')
      subject.change()
      await subject.settle(() => told.length > 0)
      expectSame(told.join(), 'first', 'who was told')
    },
  },
]

function asText(list: readonly InterfaceAddress[]): string {
  return JSON.stringify(list)
}
