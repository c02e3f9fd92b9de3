/** The steps of a long wait, told to people: a line a step, and a line for each tenth that is done of it. */
import type { Progress } from '../peer-node/progress.ts'
import type { Output } from './output.ts'

const WORDS: Readonly<Record<Progress['phase'], string>> = {
  resolving: 'looking for',
  dialing: 'connecting to',
  authenticating: 'proving who is who with',
  synchronizing: 'copying',
}
const TENTH = 0.1

/** What to hand over as `onProgress`. */
export function progressSteps(output: Output): (step: Progress) => void {
  let last = ''
  return ({ phase, detail, done, total }) => {
    const isCounted = done !== undefined && total !== undefined && total > 0
    const tenths = isCounted ? Math.floor(done / total / TENTH) : undefined
    const key = tenths === undefined ? `${phase} ${detail}` : `${phase} ${tenths}`
    if (key === last) return
    last = key
    output.step(`${WORDS[phase]} ${detail}`)
  }
}
