/**
 * Options as applications give them, where a property that is undefined is as good as one that is missing. What crosses to a
 * node has only the latter.
 */

/** The same without the properties that are undefined. */
export type WithoutUndefined<Of extends object> = {
  [Name in keyof Of as undefined extends Of[Name] ? never : Name]: Of[Name]
} & { [Name in keyof Of as undefined extends Of[Name] ? Name : never]?: Exclude<Of[Name], undefined> }

/** Leaves out what is undefined. */
export function withoutUndefined<Of extends object>(options: Of): WithoutUndefined<Of> {
  // What was filtered out is what the type says may be missing.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as WithoutUndefined<Of>
}
