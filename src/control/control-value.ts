/**
 * The values that cross between a program and a node: those of JSON, and bytes and dates. They become one JSON text and a list of
 * byte strings that the text refers to, so that bytes travel as they are.
 *
 * In the text `{"$bytes":0}` is the first byte string and `{"$date":1700000000000}` an instant in milliseconds since 1970. A
 * name of an object that itself begins with `$` gets one more `$` in front.
 */

/** What can cross. A property that is undefined is left out. */
export type ControlValue =
  | null
  | undefined
  | boolean
  | number
  | string
  | Date
  | Uint8Array
  | readonly ControlValue[]
  | { readonly [name: string]: ControlValue }

/** A value on its way. */
export interface PackedValue {
  readonly text: string
  readonly attachments: readonly Uint8Array[]
}

/** How deep lists and objects may stand in each other. */
export const DEEPEST_VALUE = 32

const MARK = '$'

/** What an interface of ours describes is data: its type has no index, as that of a value has. */
export function crossing(data: object | ControlValue): ControlValue {
  return data as ControlValue
}

/** Packs a value. @throws RangeError if it is too deep, which is an error of the program */
export function packValue(value: ControlValue): PackedValue {
  const attachments: Uint8Array[] = []
  const text = JSON.stringify(packed(value, attachments, 1) ?? null)
  return { text, attachments }
}

/** Unpacks a value that came. @returns undefined as `malformed` if it is none */
export function unpackValue({ text, attachments }: PackedValue): { readonly value: ControlValue } | 'malformed' {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'malformed'
  }
  try {
    return { value: unpacked(parsed, attachments, 1) }
  } catch (error) {
    if (error instanceof NotAValue) return 'malformed'
    throw error
  }
}

class NotAValue extends Error {
  override readonly name = 'NotAValue'
}

function packed(value: ControlValue, attachments: Uint8Array[], level: number): unknown {
  if (level > DEEPEST_VALUE) throw new RangeError(`a value has more than ${DEEPEST_VALUE} levels`)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { [`${MARK}bytes`]: attachments.push(value) - 1 }
  if (value instanceof Date) return { [`${MARK}date`]: value.getTime() }
  if (isList(value)) return value.map((item) => packed(item, attachments, level + 1) ?? null)
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(
    entries.map(([name, one]) => [name.startsWith(MARK) ? MARK + name : name, packed(one, attachments, level + 1)]),
  )
}

function unpacked(value: unknown, attachments: readonly Uint8Array[], level: number): ControlValue {
  if (level > DEEPEST_VALUE) throw new NotAValue()
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (Array.isArray(value)) return value.map((item: unknown) => unpacked(item, attachments, level + 1))
  if (typeof value !== 'object') throw new NotAValue()
  const entries: [string, unknown][] = Object.entries(value)
  const [only] = entries
  if (only !== undefined && isMark(only[0])) {
    if (entries.length > 1) throw new NotAValue()
    return special(only[0], only[1], attachments)
  }
  return Object.fromEntries(
    entries.map(([name, one]) => {
      if (isMark(name)) throw new NotAValue()
      return [name.startsWith(MARK) ? name.slice(1) : name, unpacked(one, attachments, level + 1)]
    }),
  )
}

/** Whether a name is none of the object, but says what stands there. */
function isMark(name: string): boolean {
  return name.startsWith(MARK) && !name.startsWith(MARK + MARK)
}

function special(name: string, content: unknown, attachments: readonly Uint8Array[]): Date | Uint8Array {
  if (typeof content !== 'number') throw new NotAValue()
  if (name === `${MARK}date`) return new Date(content)
  const bytes = name === `${MARK}bytes` ? attachments[content] : undefined
  if (bytes === undefined) throw new NotAValue()
  return bytes
}

function isList(value: object): value is readonly ControlValue[] {
  return Array.isArray(value)
}
