/**
 * `peerage/simulation`: applications of Peerage, tested on virtual time in a virtual network.
 */
import './nodejs/supported-node.ts'

export type { Duration } from './runtime/duration.ts'
export type { Conditions } from './simulation/conditions.ts'
export { type Host, type Network, type SimulationOptions, simulate, type World } from './simulation/simulate.ts'
export { SimulationFailure } from './simulation/simulation-failure.ts'
