/**
 * A bounded table of bytes, in the order in which its rows were last set: what was set longest ago makes room, as in
 * recent-map.ts. It is for what each node keeps by the dozen. All rows stand in one array, each a key, a time and a
 * value; a Map of the same takes several times the memory. A row is found by looking at them one after the other,
 * the latest first, so a table has room for some hundreds at most.
 */

/** How large the rows of a table are, in bytes, and how many there is room for. */
export interface RowFormat {
  readonly keyLength: number
  readonly valueLength: number
  readonly most: number
}

/** What is kept for a key. */
export interface RecentRow {
  /** A view, until the table changes. */
  readonly value: Uint8Array
  /** When it was set, in whole milliseconds. */
  readonly time: number
}

const TIME_LENGTH = 6
/** The array grows by so many rows, and shrinks when twice as many are free. */
const ROWS_OF_STEP = 8
const NO_BYTES = new Uint8Array(0)

/** One table. A key or value of another length than its format says is a programming error. */
export class RecentRows {
  readonly #format: RowFormat
  #bytes = NO_BYTES
  #size = 0

  constructor(format: RowFormat) {
    this.#format = format
  }

  get(key: Uint8Array): RecentRow | undefined {
    const row = this.#find(key)
    return row === undefined ? undefined : this.#at(row)
  }

  /** Makes this row the latest. @param time In milliseconds, not before that of any other row. */
  set(key: Uint8Array, value: Uint8Array, time: number): void {
    const { keyLength, valueLength } = this.#format
    if (key.length !== keyLength || value.length !== valueLength) throw new RangeError('a row has another length')
    const former = this.#find(key)
    if (former !== undefined) this.#remove(former, 1)
    else if (this.#size === this.#format.most) this.#remove(0, 1)
    this.#size++
    this.#fit()
    const start = (this.#size - 1) * this.#rowLength
    const valueStart = start + keyLength + TIME_LENGTH
    this.#bytes.set(key, start)
    for (let index = 1; index <= TIME_LENGTH; index++) this.#bytes[valueStart - index] = time / 256 ** (index - 1)
    this.#bytes.set(value, valueStart)
  }

  /** Drops the rows that were set at this time or before it. */
  dropUntil(time: number): void {
    let old = 0
    while (old < this.#size && this.#timeOf(old) <= time) old++
    if (old === 0) return
    this.#remove(0, old)
    this.#fit()
  }

  clear(): void {
    this.#bytes = NO_BYTES
    this.#size = 0
  }

  /** The oldest first. The table must not change meanwhile. */
  *rows(): Generator<RecentRow> {
    for (let row = 0; row < this.#size; row++) yield this.#at(row)
  }

  get #rowLength(): number {
    return this.#format.keyLength + TIME_LENGTH + this.#format.valueLength
  }

  #find(key: Uint8Array): number | undefined {
    for (let row = this.#size - 1; row >= 0; row--) {
      // The ends of keys differ more often than their beginnings.
      const start = row * this.#rowLength
      let index = key.length - 1
      while (index >= 0 && this.#bytes[start + index] === key[index]) index--
      if (index < 0) return row
    }
    return undefined
  }

  #at(row: number): RecentRow {
    const end = (row + 1) * this.#rowLength
    return { value: this.#bytes.subarray(end - this.#format.valueLength, end), time: this.#timeOf(row) }
  }

  #timeOf(row: number): number {
    const start = row * this.#rowLength + this.#format.keyLength
    let time = 0
    for (let index = 0; index < TIME_LENGTH; index++) time = time * 256 + (this.#bytes[start + index] ?? 0)
    return time
  }

  #remove(first: number, count: number): void {
    this.#bytes.copyWithin(first * this.#rowLength, (first + count) * this.#rowLength, this.#size * this.#rowLength)
    this.#size -= count
  }

  /** Makes the array as large as the rows need. */
  #fit(): void {
    const room = this.#bytes.length / this.#rowLength
    if (this.#size <= room && room - this.#size < 2 * ROWS_OF_STEP) return
    const former = this.#bytes
    this.#bytes = new Uint8Array(Math.ceil(this.#size / ROWS_OF_STEP) * ROWS_OF_STEP * this.#rowLength)
    this.#bytes.set(former.subarray(0, this.#bytes.length))
  }
}
