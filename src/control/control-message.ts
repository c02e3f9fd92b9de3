/**
 * The messages on the control socket. A program begins with a greeting, which the node answers; then it makes requests, each under
 * a number of its own choosing:
 *
 * - a *call* is answered once, and may tell of its steps before;
 * - a *stream* gives items, never more than the program has asked for (its *credit*), and then an end.
 *
 * Either can be cancelled. When the socket closes, all that the program had under way or open ends.
 */

import { errorCatalog } from '../runtime/error-catalog.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ControlValue } from './control-value.ts'
import { anything, count, dictionary, object, oneOf, optional, type Shape, text } from './shape.ts'

/** The version of this protocol: another one is refused. What only adds to it is a method or an optional field. */
export const CONTROL_VERSION = 1
/** What a program and a node greet each other with. */
export const CONTROL_PROTOCOL = 'peerage-control'

/** What both sides say first. */
export interface Greeting {
  readonly protocol: string
  readonly version: number
  /** Of the package: for people. */
  readonly release: string
}

/** An error that crosses. */
export type CrossingError = {
  /** A code of {@link PeerageError}, or `unexpected`. */
  readonly code: string
  readonly message: string
  readonly advice?: string
  readonly details?: { readonly [name: string]: ControlValue }
}

/** From a program. */
export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params?: ControlValue }
  | {
      readonly kind: 'stream'
      readonly id: number
      readonly method: string
      readonly params?: ControlValue
      readonly credit: number
    }
  | { readonly kind: 'credit'; readonly id: number; readonly credit: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** From a node. */
export type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly result?: ControlValue }
  | { readonly kind: 'progress'; readonly id: number; readonly step?: ControlValue }
  | { readonly kind: 'item'; readonly id: number; readonly item?: ControlValue }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: CrossingError }

export const greetingShape: Shape<Greeting> = object({ protocol: text, version: count, release: text })

const errorShape: Shape<CrossingError> = object({
  ...{ code: text, message: text, advice: optional(text), details: optional(dictionary(anything)) },
})

const requestKind = object({ kind: oneOf('call', 'stream', 'credit', 'cancel') })
const call = object({ id: count, method: text, params: optional(anything) })
const stream = object({ id: count, method: text, params: optional(anything), credit: count })
const credit = object({ id: count, credit: count })
const cancel = object({ id: count })

/** Reads a request. @throws PeerageError `invalid-argument` */
export function readRequest(message: ControlValue): Request {
  const { kind } = requestKind.read(message, 'request')
  switch (kind) {
    case 'call':
      return { kind, ...call.read(message, 'request') }
    case 'stream':
      return { kind, ...stream.read(message, 'request') }
    case 'credit':
      return { kind, ...credit.read(message, 'request') }
    case 'cancel':
      return { kind, ...cancel.read(message, 'request') }
  }
}

const answerKind = object({ kind: oneOf('result', 'progress', 'item', 'end', 'error') })
const result = object({ id: count, result: optional(anything) })
const progress = object({ id: count, step: optional(anything) })
const item = object({ id: count, item: optional(anything) })
const end = object({ id: count })
const failure = object({ id: count, error: errorShape })

/** Reads an answer. @throws PeerageError `invalid-argument` */
export function readAnswer(message: ControlValue): Answer {
  const { kind } = answerKind.read(message, 'answer')
  switch (kind) {
    case 'result':
      return { kind, ...result.read(message, 'answer') }
    case 'progress':
      return { kind, ...progress.read(message, 'answer') }
    case 'item':
      return { kind, ...item.read(message, 'answer') }
    case 'end':
      return { kind, ...end.read(message, 'answer') }
    case 'error':
      return { kind, ...failure.read(message, 'answer') }
  }
}

/** An error as it crosses. What is no error of Peerage is one of the node's program: it is named and nothing more is said. */
export function crossingError(error: unknown): CrossingError {
  if (error instanceof PeerageError) {
    const { code, message, advice, details } = error
    return { code, message, advice, details: { ...details } }
  }
  return { code: 'unexpected', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}

/** The error that came: the same code, message, advice and details as at the node. */
export function errorFromNode({ code, message, advice, details }: CrossingError): Error {
  if (!isErrorCode(code)) return new Error(`the node failed: ${message}`)
  return new NodeError(code, message, advice ?? errorCatalog[code].advice, details ?? {})
}

/** An error of a running node. {@link PeerageError.is} knows it by its code, as any other. */
class NodeError extends Error {
  readonly code: ErrorCode
  readonly advice: string
  readonly details: Readonly<Record<string, ControlValue>>

  constructor(code: ErrorCode, message: string, advice: string, details: Readonly<Record<string, ControlValue>>) {
    super(message)
    this.name = 'PeerageError'
    this.code = code
    this.advice = advice
    this.details = details
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalog, code)
}
