/**
 * The few statistics that the benchmarks use.
 */

/** The value below which that part of the values lies. @throws RangeError without values */
export function quantile(values: readonly number[], part: number): number {
  const ascending = values.toSorted((one, other) => one - other)
  const value = ascending[Math.min(Math.floor(ascending.length * part), ascending.length - 1)]
  if (value === undefined) throw new RangeError('There is no quantile of no values.')
  return value
}

/** The middle value, or the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((one, other) => one - other)
  const above = ascending[Math.floor(ascending.length / 2)]
  const below = ascending[Math.ceil(ascending.length / 2) - 1]
  if (above === undefined || below === undefined) throw new RangeError('There is no median of no values.')
  return (above + below) / 2
}
