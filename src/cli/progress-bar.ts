/** How far a long work is, in one line of the terminal: `photo.jpg  [#####-----]  52 %  3.2 MB of 6.1 MB  1.4 MB/s`. */
import type { Output } from './output.ts'
import { sizeText } from './size-text.ts'

const WIDTH = 20
/** In milliseconds: quicker than the eye, and no work for the terminal. */
const BETWEEN_REDRAWS = 100

export class ProgressBar {
  readonly #output: Output
  readonly #label: string
  #first: { readonly at: number; readonly done: number } | undefined
  #drawn = Number.NEGATIVE_INFINITY

  constructor(output: Output, label: string) {
    this.#output = output
    this.#label = label
  }

  /** So many bytes are done. Those of the first call were done before. */
  show(done: number, total: number): void {
    const now = performance.now()
    this.#first ??= { at: now, done }
    if (now - this.#drawn < BETWEEN_REDRAWS && done < total) return
    this.#drawn = now
    const share = total === 0 ? 1 : done / total
    const filled = Math.floor(share * WIDTH)
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`
    const seconds = (now - this.#first.at) / 1000
    const speed = seconds > 0 ? `  ${sizeText(Math.round((done - this.#first.done) / seconds))}/s` : ''
    const percent = `${Math.floor(share * 100)} %`.padStart(5)
    this.#output.passing(`${this.#label}  ${bar} ${percent}  ${sizeText(done)} of ${sizeText(total)}${speed}`)
  }
}
