/** How measurements are shown: tables for docs/benchmarks.md, and a plot for each thing that has a cost. */
import type { Measurement } from './figures.ts'
import { type Summary, summarize } from './summary.ts'
import type { Plot } from './svg-plot.ts'

const SECOND = 1000
const NODES = 'nodes'

/** The plots, by the names of their files. One without any points is left out. */
export function plotsOf(measurements: readonly Measurement[]): ReadonlyMap<string, Plot> {
  const [clouds, routing, splits, graphs, presence] = ['cloud', 'routing', 'split', 'graph', 'presence'].map((job) =>
    summarize(measurements, job),
  )
  const line = (label: string, of: readonly Summary[] | undefined, figure: string, unit = 1) => ({
    label,
    points: (of ?? []).map((summary) => summary.point(figure, unit)),
  })
  const plots: (readonly [string, Plot])[] = [
    [
      'cloud-hops',
      {
        ...{ title: 'Hops of a lookup', sizes: 'nodes of the cloud', values: 'LOOKUPs, mean' },
        lines: [
          line('whole engines', clouds, 'hops'),
          line('routing alone', routing, 'hops'),
          line('whole engines, 5 % loss, nodes replaced', clouds, 'hopsDisturbed'),
        ],
      },
    ],
    [
      'cloud-bytes',
      {
        ...{ title: 'What an idle node of a cloud sends', sizes: 'nodes of the cloud', values: 'bytes a second' },
        lines: [line('mean of all nodes', clouds, 'idleBytesASecond')],
      },
    ],
    [
      'cloud-healing',
      {
        ...{ title: 'Two halves of a cloud, apart for ten minutes', sizes: 'nodes of the cloud' },
        values: 'seconds after the network is whole',
        lines: [
          line('all leaf sets right', splits, 'healed', SECOND),
          line('nine tenths of their sides right', splits, 'mostlyHealed', SECOND),
        ],
      },
    ],
    [
      'graph-bytes',
      {
        ...{ title: 'What an idle node of a graph sends', sizes: 'nodes of the graph', values: 'bytes a second' },
        lines: [
          line('nobody shows presence', graphs, 'idleBytesASecond'),
          line('everybody does', presence, 'idleBytesASecond'),
        ],
      },
    ],
    [
      'graph-copies',
      {
        ...{ title: 'Copies of a record that reach a node', sizes: 'nodes of the graph', values: 'copies' },
        lines: [
          line('settled', graphs, 'copies'),
          line('while the tree repairs, after half have vanished', graphs, 'copiesWhileRepairing'),
        ],
      },
    ],
    [
      'graph-healing',
      {
        ...{ title: 'A graph that is one again', sizes: 'nodes of the graph', values: 'seconds' },
        lines: [
          line('databases equal after two halves were apart', graphs, 'cutDatabasesEqual', SECOND),
          line('connected after half have vanished', graphs, 'connectedAfterHalf', SECOND),
        ],
      },
    ],
  ]
  return new Map(plots.filter(([, { lines }]) => lines.some(({ points }) => points.length > 0)))
}

/** The tables, each under its heading, with the plots of the same things. */
export function tablesOf(measurements: readonly Measurement[]): string {
  const summaries = (job: string): readonly Summary[] => summarize(measurements, job)
  const bySize = (job: string): ReadonlyMap<number, Summary> =>
    new Map(summaries(job).map((summary) => [summary.size, summary]))
  const [clouds, splits, presence] = [bySize('cloud'), bySize('split'), bySize('presence')]
  const cloudSizes = [...new Set([...clouds.keys(), ...splits.keys()])].sort((one, other) => one - other)
  return [
    '### Clouds of whole engines',
    table(
      [
        NODES,
        'found',
        'wrong',
        'hops, mean',
        '99 % within',
        'found with 5 % loss, nodes replaced',
        'hops then',
        'idle: bytes/s of a node',
        'entries of a cache',
        'split: all leaf sets right after',
      ],
      cloudSizes.map((size) => {
        const [cloud, split] = [clouds.get(size), splits.get(size)]
        return [
          grouped(size),
          cloud && share(cloud, 'found', 'lookups'),
          cloud && grouped(cloud.sum('wrong')),
          cloud?.mean('hops').toFixed(2),
          cloud && `${grouped(cloud.mean('time99'))} ms`,
          cloud && share(cloud, 'foundDisturbed', 'disturbedLookups'),
          cloud?.mean('hopsDisturbed').toFixed(2),
          cloud && grouped(cloud.mean('idleBytesASecond')),
          cloud && grouped(cloud.mean('cachedEntries')),
          split && seconds(split, 'healed'),
        ]
      }),
    ),
    pictures(['cloud-hops', 'cloud-bytes', 'cloud-healing']),
    '### Routing alone',
    table(
      [NODES, 'found', 'hops, mean', 'most hops', 'entries of a cache', 'whole engines: hops', 'and entries'],
      summaries('routing').map((one) => [
        grouped(one.size),
        share(one, 'found', 'lookups'),
        one.mean('hops').toFixed(2),
        grouped(one.most('mostHops')),
        one.mean('cachedEntries').toFixed(1),
        clouds.get(one.size)?.mean('hops').toFixed(2),
        clouds.get(one.size)?.mean('cachedEntries').toFixed(1),
      ]),
    ),
    '### Graphs',
    table(
      [
        NODES,
        'neighbors, mean',
        'idle: bytes/s of a node',
        'with presence',
        'a record: bytes of a node',
        'copies, settled',
        'copies, repairing',
        'to all nodes, mean',
        'halves apart: equal after',
        'half vanish: connected after',
      ],
      summaries('graph').map((one) => [
        grouped(one.size),
        one.mean('neighbors').toFixed(1),
        grouped(one.mean('idleBytesASecond')),
        presence.get(one.size) && grouped(presence.get(one.size)?.mean('idleBytesASecond') ?? 0),
        grouped(one.mean('bytesARecord')),
        one.mean('copies').toFixed(3),
        one.mean('copiesWhileRepairing').toFixed(2),
        `${grouped(one.mean('delivery'))} ms`,
        seconds(one, 'cutDatabasesEqual'),
        seconds(one, 'connectedAfterHalf'),
      ]),
    ),
    completeness(summaries('graph')),
    pictures(['graph-bytes', 'graph-copies', 'graph-healing']),
  ]
    .filter((part) => part !== '')
    .join('\n\n')

  function pictures(files: readonly string[]): string {
    const plots = plotsOf(measurements)
    return files.flatMap((file) => pictureOf(file, plots.get(file))).join('\n')
  }
}

function pictureOf(file: string, plot: Plot | undefined): string[] {
  return plot === undefined ? [] : [`![${plot.title}, against the number of nodes](plots/${file}.svg)`]
}

function completeness(graphs: readonly Summary[]): string {
  const runs = graphs.reduce((sum, { runs: count }) => sum + count, 0)
  const complete = graphs.reduce((sum, one) => sum + one.sum('complete'), 0)
  return `Every record reached every node in ${complete} of ${runs} runs.`
}

function table(heads: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const line = (cells: readonly (string | undefined)[]): string => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Of all seeds together, without rounding up to all. */
function share(summary: Summary, name: string, count: string): string {
  const all = summary.sum(count)
  const missing = Math.round((1 - summary.mean(name)) * all)
  return missing === 0 ? `all of ${grouped(all)}` : `${grouped(all - missing)} of ${grouped(all)}`
}

/** The least and the most, if seeds differ. */
function seconds(summary: Summary, name: string): string {
  const [least, most] = [summary.least(name), summary.most(name)].map((value) => grouped(value / SECOND, 1))
  return least === most ? `${least} s` : `${least} to ${most} s`
}

function grouped(value: number, digits = 0): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits })
}
