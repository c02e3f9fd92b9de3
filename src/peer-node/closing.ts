/** What is open until it is closed. Closing twice does nothing. */
export interface Closing {
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
