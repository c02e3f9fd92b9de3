/**
 * How often something failed at a socket that was nobody's error, by what failed and why: `send-enetunreach`. Nothing
 * is swallowed: what cannot be told to anybody is counted, and the metrics of a node show it.
 */
export type FailureCounts = Readonly<Record<string, number>>

/** The sums of counts. */
export function sumOfCounts(all: readonly FailureCounts[]): FailureCounts {
  const sums: Record<string, number> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}
