/**
 * Fuzzes all decoders of PNRP and a running cloud for as long as it is told: `npx node scripts/fuzz-pnrp.ts [minutes]`,
 * one minute if it is not told. The first input that is not handled ends it with its seed.
 */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { FuzzedCloud, fuzzDecoders } from '../test/pnrp/fuzzing.ts'

const MINUTE = 60_000
const ROUNDS = 20_000
/** Of a cloud with damage, in virtual milliseconds. */
const CLOUD_TIME = 120_000

const minutes = Number(process.argv[2] ?? 1)
if (!(minutes > 0)) throw new RangeError('give the number of minutes')
const run = randomBytes(8).toString('hex')
const end = performance.now() + minutes * MINUTE
let [inputs, refused, datagrams] = [0, 0, 0]
for (let turn = 0; performance.now() < end; turn++) {
  const seed = `${run}/${turn}`
  const decoded = fuzzDecoders(seed, ROUNDS)
  inputs += decoded.inputs
  refused += decoded.refused
  const fuzzed = new FuzzedCloud(seed, { isSealed: turn % 2 === 1 })
  fuzzed.run(CLOUD_TIME)
  const problems = fuzzed.problems()
  if (problems.length > 0) throw new Error(`seed ${seed}: ${problems.join('; ')}`)
  datagrams += fuzzed.inputs
}
const memory = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
console.log(
  `${inputs} inputs of decoders, ${refused} of them refused; ${datagrams} datagrams to running clouds; ` +
    `${memory} MiB of memory at the end; run ${run}`,
)
