/**
 * Shapes: what a value that crosses between a program and a node has to be. Both sides read what comes by the shape that the method
 * table names, so that behind it everything is typed; the documentation shows the same shapes.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ControlValue } from './control-value.ts'

/** Reads a value of one shape. */
export interface Shape<Value> {
  /** For people: how it is written. */
  readonly text: string
  /** @param path Where it stands, for the error @throws PeerageError `invalid-argument` */
  read(value: ControlValue, path: string): Value
}

/** The type that a shape reads. */
export type Shaped<Of> = Of extends Shape<infer Value> ? Value : never

/** A property that can be missing. */
export interface Optional<Value> {
  readonly optional: Shape<Value>
}

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>
type RequiredNames<Of extends Fields> = {
  [Name in keyof Of]: Of[Name] extends Optional<unknown> ? never : Name
}[keyof Of]
type OptionalNames<Of extends Fields> = Exclude<keyof Of, RequiredNames<Of>>

/** What an object of such fields is. */
export type ShapedObject<Of extends Fields> = {
  readonly [Name in RequiredNames<Of>]: Of[Name] extends Shape<infer Value> ? Value : never
} & {
  readonly [Name in OptionalNames<Of>]?: Of[Name] extends Optional<infer Value> ? Value : never
}

export const text: Shape<string> = primitive('string', (value) => typeof value === 'string')
export const boolean: Shape<boolean> = primitive('boolean', (value) => typeof value === 'boolean')
/** Any number but NaN and the infinities, which JSON does not know. */
export const number: Shape<number> = primitive('number', (value) => typeof value === 'number')
/** A whole number from 0 up. */
export const count: Shape<number> = primitive(
  'count',
  (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
)
export const date: Shape<Date> = primitive(
  'date',
  (value): value is Date => value instanceof Date && !Number.isNaN(value.getTime()),
)
export const bytes: Shape<Uint8Array> = primitive('bytes', (value) => value instanceof Uint8Array)
/** Whatever can cross. */
export const anything: Shape<ControlValue> = { text: 'any value', read: (value) => value }
/** No value. */
export const nothing: Shape<undefined> = { text: 'nothing', read: () => undefined }

/** One of a few texts. */
export function oneOf<const Text extends string>(...choices: readonly Text[]): Shape<Text> {
  return primitive(choices.map((choice) => `'${choice}'`).join(' | '), (value): value is Text =>
    choices.some((choice) => choice === value),
  )
}

/** A text with a meaning, which a function reads. */
export function textOf<Value>(name: string, parse: (given: string) => Value): Shape<Value> {
  return { text: name, read: (value, path) => parse(text.read(value, path)) }
}

/** A list. */
export function list<Item>(item: Shape<Item>): Shape<readonly Item[]> {
  return {
    text: `[${item.text}]`,
    read: (value, path) => {
      if (!Array.isArray(value)) throw wrong(path, value, 'a list')
      return value.map((one: ControlValue, index) => item.read(one, `${path}[${index}]`))
    },
  }
}

/** An object whose names are data. */
export function dictionary<Item>(item: Shape<Item>): Shape<Readonly<Record<string, Item>>> {
  return {
    text: `{ name: ${item.text} }`,
    read: (value, path) =>
      Object.fromEntries(entriesOf(value, path).map(([name, one]) => [name, item.read(one, `${path}.${name}`)])),
  }
}

/** A property that can be missing. */
export function optional<Value>(shape: Shape<Value>): Optional<Value> {
  return { optional: shape }
}

/** An object. What it has beside these fields is passed over, so that later releases can add some. */
export function object<Of extends Fields>(fields: Of): Shape<ShapedObject<Of>> {
  const names = Object.entries(fields)
  return {
    text: `{ ${names.map(([name, field]) => ('optional' in field ? `${name}?: ${field.optional.text}` : `${name}: ${field.text}`)).join(', ')} }`,
    read: (value, path): ShapedObject<Of> => {
      const given = new Map(entriesOf(value, path))
      const read: Record<string, unknown> = {}
      for (const [name, field] of names) {
        const one = given.get(name)
        const isOptional = 'optional' in field
        if (isOptional && one === undefined) continue
        const shape = isOptional ? field.optional : field
        read[name] = shape.read(one, path === '' ? name : `${path}.${name}`)
      }
      // Each field was read by its shape, under its name.
      return read as ShapedObject<Of>
    },
  }
}

/** The first of several shapes that fits. */
export function either<One, Other>(...shapes: readonly [Shape<One>, Shape<Other>]): Shape<One | Other>
export function either<One, Other, Third>(
  ...shapes: readonly [Shape<One>, Shape<Other>, Shape<Third>]
): Shape<One | Other | Third>
export function either(...shapes: readonly Shape<unknown>[]): Shape<unknown> {
  const expected = shapes.map((shape) => shape.text).join(' | ')
  return {
    text: expected,
    read: (value, path) => {
      for (const shape of shapes) {
        try {
          return shape.read(value, path)
        } catch (error) {
          if (!PeerageError.is(error, 'invalid-argument')) throw error
        }
      }
      throw wrong(path, value, expected)
    },
  }
}

/** A shape that stands inside itself. */
export function recursive<Value>(name: string, shape: () => Shape<Value>): Shape<Value> {
  return { text: name, read: (value, path) => shape().read(value, path) }
}

function primitive<Value extends ControlValue>(
  name: string,
  is: (value: ControlValue) => value is Value,
): Shape<Value> {
  return {
    text: name,
    read: (value, path) => {
      if (is(value)) return value
      throw wrong(path, value, name)
    },
  }
}

function entriesOf(value: ControlValue, path: string): readonly [string, ControlValue][] {
  const isObject =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  if (!isObject) throw wrong(path, value, 'an object')
  return Object.entries(value)
}

function wrong(path: string, value: ControlValue, expected: string): PeerageError<'invalid-argument'> {
  return new PeerageError('invalid-argument', {
    name: path === '' ? 'the parameters' : path,
    value: shown(value),
    expected,
  })
}

/** What is wrong may be a secret: only its kind is shown. */
function shown(value: ControlValue): string {
  if (value === undefined) return 'nothing'
  return value === null ? 'null' : typeof value
}
