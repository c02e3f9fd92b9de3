/**
 * The document as tables for people, in Markdown, so that they read the same in a terminal and in docs/benchmarks.md: one
 * table a job, a row for each metric of each size, a column for each contestant, and in each cell the median and how far
 * the runs lie apart.
 */
import type { BenchDocument, Result } from './document.ts'
import type { Job } from './job.ts'

export function tables(document: BenchDocument, jobs: readonly Job[]): string {
  return [machineLines(document), ...jobs.flatMap((job) => jobSection(document, job))].join('\n\n')
}

function machineLines({ machine, versions }: BenchDocument): string {
  const { processor, cores, memory, system, signatureChecks } = machine
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${processor}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}; ` +
      `${number(signatureChecks.median)} signature checks/s (${number(signatureChecks.least)} to ${number(signatureChecks.most)})`,
    packages.join(', '),
  ].join('\n\n')
}

function jobSection({ results, absent }: BenchDocument, job: Job): readonly string[] {
  const own = results.filter((result) => result.job === job.name)
  const missing = absent.filter((absence) => absence.job === job.name)
  if (own.length + missing.length === 0) return []
  const contestants = job.contestants.map(({ name }) => name).filter((name) => own.some(of(name)))
  const rows = [...new Set(own.map(rowOf))].map((row) => {
    const ofRow = own.filter((result) => rowOf(result) === row)
    return [row, ...contestants.map((name) => cell(ofRow.find(of(name))))]
  })
  const reasons = missing.map(
    ({ contestant, size, reason }) => `- ${contestant}, ${number(size)} ${job.sizeOf}: absent, ${reason}`,
  )
  const parts = [`**${job.name}**: ${job.title}`]
  if (rows.length > 0) parts.push(markdown([['', ...contestants], ...rows]))
  if (reasons.length > 0) parts.push(reasons.join('\n'))
  return parts

  function rowOf({ size, metric, unit }: Result): string {
    return `${number(size)} ${job.sizeOf}: ${metric}, ${unit}`
  }
}

function of(contestant: string): (result: Result) => boolean {
  return (result) => result.contestant === contestant
}

function cell(result: Result | undefined): string {
  if (result === undefined) return ''
  const { runs, median } = result
  return runs.length === 1
    ? number(median)
    : `${number(median)} (${number(Math.min(...runs))} to ${number(Math.max(...runs))})`
}

/** Three digits that count, and commas between thousands. */
export function number(value: number): string {
  return value.toLocaleString(
    'en-US',
    Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  )
}

function markdown(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
