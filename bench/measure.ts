/**
 * What a contestant tells the process that started it: one value for each metric of one run.
 */
export interface Measure {
  readonly size: number
  readonly metric: string
  readonly unit: string
  readonly value: number
}

export function areMeasures(message: unknown): message is readonly Measure[] {
  return Array.isArray(message) && message.length > 0 && message.every(isMeasure)
}

function isMeasure(value: unknown): value is Measure {
  if (typeof value !== 'object' || value === null) return false
  return (
    'size' in value &&
    Number.isFinite(value.size) &&
    'metric' in value &&
    typeof value.metric === 'string' &&
    'unit' in value &&
    typeof value.unit === 'string' &&
    'value' in value &&
    Number.isFinite(value.value)
  )
}
