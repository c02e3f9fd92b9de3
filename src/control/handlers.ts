/**
 * What a node does for the methods of the control API: a handler for each. Handlers get parameters that were read by the shape of their
 * method, and what belongs to the program that asks.
 */
import type { Progress } from '../peer-node/progress.ts'
import { type ControlValue, crossing } from './control-value.ts'
import type { CallMethod, StreamMethod } from './method.ts'
import type { OpenThings } from './open-things.ts'

/** What a handler knows of a request. */
export interface RequestContext {
  /** What the program has open. */
  readonly things: OpenThings
  /** Aborts when the program takes the request back, or is gone. */
  readonly signal: AbortSignal
  /** Tells the program of a step. */
  tell(step: Progress): void
}

/** A handler, behind the border: it reads its parameters itself. */
export type CallHandler = (params: ControlValue, context: RequestContext) => Promise<ControlValue>
export type StreamHandler = (params: ControlValue, context: RequestContext) => AsyncIterable<ControlValue>

/** The handlers of a node, by the names of their methods. */
export class Handlers {
  readonly #calls = new Map<string, CallHandler>()
  readonly #streams = new Map<string, StreamHandler>()

  call<Params, Result extends object | ControlValue>(
    { name, takes }: CallMethod<Params, Result>,
    handler: (params: Params, context: RequestContext) => Promise<Result>,
  ): void {
    this.#calls.set(name, async (params, context) => crossing(await handler(takes.read(params ?? {}, ''), context)))
  }

  /** A call that gives nothing. */
  command<Params>(
    { name, takes }: CallMethod<Params, undefined>,
    handler: (params: Params, context: RequestContext) => Promise<void> | void,
  ): void {
    this.#calls.set(name, async (params, context) => {
      await handler(takes.read(params ?? {}, ''), context)
      return undefined
    })
  }

  stream<Params, Item extends object | ControlValue>(
    { name, takes }: StreamMethod<Params, Item>,
    handler: (params: Params, context: RequestContext) => AsyncIterable<Item>,
  ): void {
    this.#streams.set(name, (params, context) => crossingItems(handler(takes.read(params ?? {}, ''), context)))
  }

  /** @returns undefined: there is no such call */
  callOf(name: string): CallHandler | undefined {
    return this.#calls.get(name)
  }

  /** @returns undefined: there is no such stream */
  streamOf(name: string): StreamHandler | undefined {
    return this.#streams.get(name)
  }

  /** The names of all. */
  names(): readonly string[] {
    return [...this.#calls.keys(), ...this.#streams.keys()]
  }
}

async function* crossingItems(items: AsyncIterable<object | ControlValue>): AsyncGenerator<ControlValue> {
  for await (const item of items) yield crossing(item)
}
