/**
 * Plots of something against a size, as SVG: lines with a marker for each point, over a logarithmic scale of sizes.
 *
 * A plot has a background of its own, and both colours change together with the theme of whoever looks at it: so it can be
 * read on a light page and on a dark one, also where the page does not follow the system. Lines differ in colour, marker
 * and dash. The same points give the same bytes.
 */

/** What is drawn. */
export interface Plot {
  readonly title: string
  /** What the axes show, with units. */
  readonly sizes: string
  readonly values: string
  readonly lines: readonly Line[]
}

export interface Line {
  readonly label: string
  readonly points: readonly Point[]
}

/** A mean, and between which values it lies, where there were several. */
export interface Point {
  /** Above 0. */
  readonly size: number
  /** 0 or more. */
  readonly value: number
  readonly least: number
  readonly most: number
}

const WIDTH = 640
const HEIGHT = 380
const LEFT = 72
const RIGHT = WIDTH - 24
const BOTTOM = HEIGHT - 56
const MARKER = 4
/** As many lines as there are markers and colours. */
const MOST_LINES = 3
/** About how many steps the scale of values has. */
const STEPS = 5
/** Where the legend begins, and how high a line of it is. */
const LEGEND = 48
const LEGEND_LINE = 18
/** Of each power of ten. */
const TICK_FACTORS = [1, 3]

const STYLE = `
    svg { font: 12px system-ui, sans-serif }
    .page { fill: #ffffff } text { fill: #1f2328 } .title { font-size: 15px; font-weight: 600 }
    .grid { stroke: #d1d9e0 } .axis { stroke: #59636e } .line { fill: none; stroke-width: 2 }
    .s0 { stroke: #0969da } .m0 { fill: #0969da } .s1 { stroke: #bc4c00; stroke-dasharray: 6 4 } .m1 { fill: #bc4c00 }
    .s2 { stroke: #1a7f37; stroke-dasharray: 2 3 } .m2 { fill: #1a7f37 } .range { stroke-dasharray: none }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } text { fill: #f0f6fc } .grid { stroke: #30363d } .axis { stroke: #9198a1 }
      .s0 { stroke: #58a6ff } .m0 { fill: #58a6ff } .s1 { stroke: #f0883e } .m1 { fill: #f0883e }
      .s2 { stroke: #3fb950 } .m2 { fill: #3fb950 }
    }
  `

/** The text of an SVG file. @throws RangeError if there is nothing to draw, or a point has no place on the scales */
export function drawPlot({ title, sizes, values, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points)
  if (points.length === 0 || lines.length > MOST_LINES) throw new RangeError(`a plot has 1 to ${MOST_LINES} lines`)
  for (const { size, least } of points) {
    if (!(size > 0 && least >= 0)) throw new RangeError('sizes are above 0, and values not below')
  }
  const top = LEGEND + lines.length * LEGEND_LINE
  const x = sizeScale(points.map(({ size }) => size))
  const y = valueScale(Math.max(...points.map(({ most }) => most)), top)
  const parts = [
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    text(title, { x: LEFT, y: 26, more: ' class="title"' }),
    ...legend(lines),
    ...y.ticks.flatMap((value) => [
      `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${fixed(y.at(value))}" y2="${fixed(y.at(value))}"/>`,
      text(grouped(value), { x: LEFT - 8, y: y.at(value) + 4, more: ' text-anchor="end"' }),
    ]),
    ...x.ticks.flatMap((size) => [
      `<line class="grid" x1="${fixed(x.at(size))}" x2="${fixed(x.at(size))}" y1="${top}" y2="${BOTTOM}"/>`,
      text(grouped(size), { x: x.at(size), y: BOTTOM + 18, more: ' text-anchor="middle"' }),
    ]),
    `<path class="axis" fill="none" d="M${LEFT} ${top}V${BOTTOM}H${RIGHT}"/>`,
    text(sizes, { x: (LEFT + RIGHT) / 2, y: HEIGHT - 16, more: ' text-anchor="middle"' }),
    text(values, {
      x: 18,
      y: (top + BOTTOM) / 2,
      more: ` text-anchor="middle" transform="rotate(-90 18 ${(top + BOTTOM) / 2})"`,
    }),
    ...lines.flatMap((line, index) => drawLine(line, index, x.at, y.at)),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `  <style>${STYLE}</style>`,
    ...parts.map((part) => `  ${part}`),
    '</svg>\n',
  ].join('\n')
}

/** A scale of tens, with room on both sides of what it shows. */
function sizeScale(sizes: readonly number[]): { at(size: number): number; readonly ticks: readonly number[] } {
  const least = Math.log10(Math.min(...sizes)) - 0.15
  const most = Math.log10(Math.max(...sizes)) + 0.15
  const isShown = (size: number): boolean => Math.log10(size) >= least && Math.log10(size) <= most
  const ticks: number[] = []
  for (let power = Math.floor(least); power <= most; power++) {
    for (const factor of TICK_FACTORS) ticks.push(factor * 10 ** power)
  }
  return {
    at: (size) => LEFT + ((Math.log10(size) - least) / (most - least)) * (RIGHT - LEFT),
    ticks: ticks.filter(isShown),
  }
}

/** A scale from 0 up to a round number that is not below the greatest value. */
function valueScale(greatest: number, top: number): { at(value: number): number; readonly ticks: readonly number[] } {
  const rough = (greatest || 1) / STEPS
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = unit * ([1, 2, 2.5, 5, 10].find((factor) => factor * unit >= rough * (1 - 1e-9)) ?? 10)
  const count = Math.max(1, Math.ceil(greatest / step - 1e-9))
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step)
  return { at: (value) => BOTTOM - (value / (count * step)) * (BOTTOM - top), ticks }
}

function legend(lines: readonly Line[]): string[] {
  return lines.flatMap(({ label }, index) => {
    const y = LEGEND + index * LEGEND_LINE
    return [
      `<path class="line s${index}" d="M${LEFT} ${y - 4}h26"/>`,
      marker(index, LEFT + 13, y - 4),
      text(label, { x: LEFT + 34, y }),
    ]
  })
}

function drawLine(
  { points }: Line,
  index: number,
  x: (size: number) => number,
  y: (value: number) => number,
): string[] {
  const inOrder = points.toSorted((one, other) => one.size - other.size)
  const way = inOrder.map(({ size, value }) => `${fixed(x(size))} ${fixed(y(value))}`).join('L')
  return [
    `<path class="line s${index}" d="M${way}"/>`,
    ...inOrder
      .filter(({ least, most }) => most > least)
      .map(
        ({ size, least, most }) =>
          `<path class="range s${index}" d="M${fixed(x(size))} ${fixed(y(least))}V${fixed(y(most))}"/>`,
      ),
    ...inOrder.map(({ size, value }) => marker(index, x(size), y(value))),
  ]
}

/** A circle, a square, a triangle. */
function marker(index: number, x: number, y: number): string {
  if (index === 0) return `<circle class="m0" cx="${fixed(x)}" cy="${fixed(y)}" r="${MARKER}"/>`
  const size = 2 * MARKER
  if (index === 1) {
    return `<rect class="m1" x="${fixed(x - MARKER)}" y="${fixed(y - MARKER)}" width="${size}" height="${size}"/>`
  }
  return `<path class="m${index}" d="M${fixed(x)} ${fixed(y - MARKER)}l${MARKER} ${size}h${-size}z"/>`
}

function text(content: string, { x, y, more = '' }: { x: number; y: number; more?: string }): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}"${more}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** To a tenth of a pixel. */
function fixed(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 2 })
}
