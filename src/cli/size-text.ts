/** Sizes for people: `17 bytes`, `3.2 MB`. A kB is 1,000 bytes. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
  let size = bytes / 1000
  let unit = 0
  // What would be rounded to 1000 is of the next unit.
  while (size >= 999.95 && unit < UNITS.length - 1) {
    size /= 1000
    unit++
  }
  return `${size.toFixed(1)} ${UNITS[unit]}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']
