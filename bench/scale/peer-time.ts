/**
 * Clocks of a graph: all nodes up to 4 minutes off UTC either way and drifting by up to 50 ppm, some of them liars that tell
 * each node any time they like (conformance rows G-114 and G-180). Prints how far the peer times of honest nodes are apart, and
 * from 3 hours on whether the presence of a live node ran out anywhere.
 *
 *     node bench/scale/peer-time.ts [nodes] [liars] [hours from 3 h on] [seed]
 */
import { agreementOf } from '../../test/graph/wrong-clocks.ts'

const [nodes = 100, liars = 0, hours = 24] = process.argv.slice(2, 5).map(Number)
const seed = process.argv[5] ?? 'peer time'
const HOUR = 3_600_000
/** How far apart peer times may be, in milliseconds. */
const LARGEST_DIFFERENCE = 15_000

const { apart, ranOut, unlisted } = agreementOf({
  ...{ seed, nodes, liars, settling: 3 * HOUR, watched: hours * HOUR },
  looked: (time, difference) => {
    if (time % HOUR === 0) console.log(`${time / HOUR} h: ${(difference / 1000).toFixed(1)} s apart`)
  },
})
console.log(
  `from 3 h on: at most ${(apart / 1000).toFixed(1)} s apart, ${ranOut} presence records ran out, ${unlisted} missing`,
)
process.exitCode = apart <= LARGEST_DIFFERENCE && ranOut === 0 && unlisted === 0 ? 0 : 1
