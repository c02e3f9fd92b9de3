/** Writing DER by hand, right or wrong. */
import { derElement, derObjectIdentifier } from '../../../src/identity/der-writer.ts'
import { objectIdentifier } from '../../../src/identity/object-identifier.ts'
import { toUtf8 } from '../../../src/runtime/bytes.ts'

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => derElement(0x30, ...parts)
export const octets = (...bytes: readonly number[]): Uint8Array => derElement(0x04, Uint8Array.from(bytes))
export const utf8 = (text: string): Uint8Array => derElement(0x0c, toUtf8(text))
/** A string or time of any type, by its tag. */
export const ascii = (tag: number, text: string): Uint8Array => derElement(tag, toUtf8(text))
export const identifier = (dotted: string): Uint8Array => derObjectIdentifier(objectIdentifier(dotted))
