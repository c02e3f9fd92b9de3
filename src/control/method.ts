/**
 * What a method of the control API is: its name, what it takes and gives, and what it does in words. The method tables consist of
 * these; the server puts a handler behind each, the client calls them, and the documentation prints them.
 */
import { nothing, object, type Shape } from './shape.ts'

/** A method that is answered once. */
export interface CallMethod<Params, Result> {
  readonly kind: 'call'
  readonly name: string
  readonly says: string
  readonly takes: Shape<Params>
  readonly gives: Shape<Result>
  /** Whether it tells its steps. */
  readonly progress: boolean
}

/** A method that gives items, until it ends or is cancelled. */
export interface StreamMethod<Params, Item> {
  readonly kind: 'stream'
  readonly name: string
  readonly says: string
  readonly takes: Shape<Params>
  readonly gives: Shape<Item>
  /** Whether items are asked for before the program wants them. What others wait for to be taken must not be. */
  readonly ahead: boolean
}

/** Any method. */
export type Method = CallMethod<unknown, unknown> | StreamMethod<unknown, unknown>

/** A method that takes nothing has this. */
export const noParameters: Shape<Readonly<Record<never, never>>> = object({})

/** Defines a call. */
export function call<Params, Result>(
  name: string,
  says: string,
  takes: Shape<Params>,
  gives: Shape<Result>,
): CallMethod<Params, Result> {
  return { kind: 'call', name, says, takes, gives, progress: false }
}

/** Defines a call that tells its steps. */
export function longCall<Params, Result>(
  name: string,
  says: string,
  takes: Shape<Params>,
  gives: Shape<Result>,
): CallMethod<Params, Result> {
  return { kind: 'call', name, says, takes, gives, progress: true }
}

/** Defines a call that gives nothing. */
export function command<Params>(name: string, says: string, takes: Shape<Params>): CallMethod<Params, undefined> {
  return call(name, says, takes, nothing)
}

/** Defines a stream. */
export function stream<Params, Item>(
  name: string,
  says: string,
  takes: Shape<Params>,
  gives: Shape<Item>,
): StreamMethod<Params, Item> {
  return { kind: 'stream', name, says, takes, gives, ahead: true }
}

/** Defines a stream whose items are taken from whoever waits for that, so that none is asked for ahead. */
export function intake<Params, Item>(
  name: string,
  says: string,
  takes: Shape<Params>,
  gives: Shape<Item>,
): StreamMethod<Params, Item> {
  return { kind: 'stream', name, says, takes, gives, ahead: false }
}
