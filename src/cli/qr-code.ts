/**
 * A text as a QR code (ISO/IEC 18004) in a terminal: two rows of modules a line, in half blocks. With colours, dark is dark on every
 * terminal; without, the light modules are the blocks, as a terminal with a dark ground shows them.
 */
import { encode } from 'uqr'

/** The light margin that a reader needs, in modules. */
const QUIET_ZONE = 4
const BLACK_ON_WHITE = '\u001b[30;107m'
const PLAIN = '\u001b[0m'

/** A code, and how many columns it takes. */
export interface QrCode {
  readonly text: string
  readonly width: number
}

export function qrCode(content: string, { colours }: { readonly colours: boolean }): QrCode {
  const { data, size } = encode(content, { ecc: 'L', border: QUIET_ZONE })
  const lines: string[] = []
  for (let row = 0; row < size; row += 2) {
    const [upper = [], lower = []] = [data[row], data[row + 1]]
    const drawn = upper.map((dark, column) => halves(dark === colours, (lower[column] ?? false) === colours)).join('')
    lines.push(colours ? `${BLACK_ON_WHITE}${drawn}${PLAIN}` : drawn)
  }
  return { text: lines.join('\n'), width: size }
}

function halves(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}
