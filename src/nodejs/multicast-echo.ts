/**
 * Whether multicast works on an interface, as far as one machine alone can tell: a question for a name that nobody has goes into the
 * group of multicast DNS, and is to be heard here, too.
 */
import type { Clock } from '../runtime/clock.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { isOfLink, openMulticastDns } from './multicast-dns-port.ts'
import { reasonOf } from './system-error.ts'

/** A question is repeated after this time, in milliseconds: the first can leave before the group is joined. */
const REPETITION = 300
/** How long what was sent is waited for, in milliseconds. */
const LONGEST_ECHO = 1500

/**
 * @param name Drawn at random: one label of a DNS name
 * @returns undefined if it was heard, or why not
 */
export function multicastEcho(at: InterfaceAddress, name: string, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = openMulticastDns(at)
    const asked = `${name}.local`
    let isOver = false
    const settle = (problem: string | undefined): void => {
      if (isOver) return
      isOver = true
      repetition.cancel()
      limit.cancel()
      socket.destroy()
      resolve(problem)
    }
    const ask = (): void => {
      socket.query({ questions: [{ name: asked, type: 'A' }] }, (error) => {
        if (error !== null && error !== undefined) settle(reasonOf(error))
      })
    }
    const repetition = clock.setTimer(REPETITION, ask)
    const limit = clock.setTimer(LONGEST_ECHO, () => settle(`nothing was heard within ${LONGEST_ECHO} ms`))
    socket.on('error', (error: Error) => settle(reasonOf(error)))
    // What a stranger sends into the group is of no interest here.
    socket.on('warning', () => undefined)
    socket.on('query', ({ questions }, from) => {
      if (isOfLink(at, from) && questions?.some((question) => question.name === asked)) settle(undefined)
    })
    ask()
  })
}
