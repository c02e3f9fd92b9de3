import { expect, test } from 'vitest'
import { drawPlot, type Plot, type Point } from '../../bench/scale/cost/svg-plot.ts'

function point(size: number, value: number, least = value, most = value): Point {
  return { size, value, least, most }
}

const plot: Plot = {
  ...{ title: 'Hops & "more" <of it>', sizes: 'nodes', values: 'hops' },
  lines: [
    { label: 'one', points: [point(100, 2), point(10, 1), point(10_000, 4)] },
    { label: 'other', points: [point(10, 3, 2, 8.5)] },
  ],
}

/** The numbers of an attribute of the elements that a pattern finds. */
function numbersOf(svg: string, pattern: RegExp): number[][] {
  return [...svg.matchAll(pattern)].map((found) => found.slice(1).map(Number))
}

test('a plot is well-formed: each element is closed, in order, and what it says is escaped', () => {
  const svg = drawPlot(plot)
  const open: string[] = []
  for (const [, end, name = '', rest = ''] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name)
    else if (!rest.endsWith('/')) open.push(name)
  }
  expect(open).toEqual([])
  expect(svg).toContain('Hops &amp; &quot;more&quot; &lt;of it&gt;')
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})

test('equal factors of size are equally far apart, greater values are higher up, and points stand in order', () => {
  const circles = numbersOf(drawPlot(plot), /<circle class="m0" cx="([\d.]+)" cy="([\d.]+)"/g).slice(1)
  const [[x10 = 0, y10 = 0] = [], [x100 = 0, y100 = 0] = [], [x10000 = 0, y10000 = 0] = []] = circles
  expect(circles).toHaveLength(3)
  expect(x10000 - x100).toBeCloseTo(2 * (x100 - x10), 0)
  expect(y10 - y100).toBeCloseTo((y10 - y10000) / 3, 0)
  expect(y10).toBeGreaterThan(y100)
})

test('all that is drawn has a place on the page, and the scales say what it is worth', () => {
  const svg = drawPlot(plot)
  const [, , width = 0, height = 0] = /viewBox="(\d+) (\d+) (\d+) (\d+)"/.exec(svg)?.slice(1).map(Number) ?? []
  for (const [x = -1, y = -1] of numbersOf(svg, / c?x="([\d.-]+)" c?y="([\d.-]+)"/g)) {
    expect(x > 0 && x < width && y > 0 && y < height).toBe(true)
  }
  for (const label of ['10', '100', '1,000', '10,000', '0', '2', '8', '10', 'nodes', 'hops', 'one', 'other']) {
    expect(svg).toContain(`>${label}</text>`)
  }
  // From the least to the most, which lie apart from the mean.
  expect(svg.match(/class="range s1"/g)).toHaveLength(1)
})

test('it can be read on a light page and on a dark one: whatever has a colour has two', () => {
  const [light = '', dark = ''] = drawPlot(plot).split('@media (prefers-color-scheme: dark)')
  const coloured = (style: string): string[] =>
    [...style.matchAll(/([.\w]+) \{ (?:fill|stroke): #/g)].map(([, name = '']) => name)
  expect(coloured(light)).toContain('.page')
  expect(coloured(dark).sort()).toEqual(coloured(light).sort())
})

test('a plot of nothing but zeros has a scale, and one without points or with impossible ones is refused', () => {
  expect(drawPlot({ ...plot, lines: [{ label: 'none', points: [point(10, 0)] }] })).not.toContain('NaN')
  expect(() => drawPlot({ ...plot, lines: [] })).toThrow(RangeError)
  expect(() => drawPlot({ ...plot, lines: [{ label: 'odd', points: [point(0, 1)] }] })).toThrow(RangeError)
  expect(() => drawPlot({ ...plot, lines: [{ label: 'odd', points: [point(10, -1)] }] })).toThrow(RangeError)
})
