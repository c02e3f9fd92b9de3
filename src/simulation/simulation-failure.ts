/**
 * How a simulation fails: with its seed, because the seed replays it.
 */
export class SimulationFailure extends Error {
  /** Run the same simulation with this seed, and the same happens again. */
  readonly seed: string
  /** Milliseconds of virtual time since the start. */
  readonly time: number

  /** @param cause What went wrong. */
  constructor(seed: string, time: number, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause)
    super(`${what}\n(after ${time.toFixed(3)} ms of virtual time; replay with seed ${JSON.stringify(seed)})`, { cause })
    this.name = 'SimulationFailure'
    this.seed = seed
    this.time = time
  }
}
