/** What is open until it is closed. Closing twice does nothing. */
export interface Closing {
  /** Closes it. It resolves when that is done. */
  close(): Promise<void>
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
