/** The port that tells of the place where a node keeps everything, for the diagnosis: what is in it has ports of its own. */
export interface DataDirectory {
  /** For people. */
  readonly path: string
  /**
   * When one of its files was changed last, in milliseconds since 1970, by the clock that this machine had then: no time before it
   * can be now. undefined where there is no file, or it cannot be told.
   */
  lastChange(): number | undefined
}
