/**
 * The tags of the ASN.1 types that keys and certificates are made of (X.690 section 8).
 */
export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT_IDENTIFIER = 0x06
export const UTF8_STRING = 0x0c
export const UTC_TIME = 0x17
export const GENERALIZED_TIME = 0x18
export const SEQUENCE = 0x30
export const SET = 0x31

/** The tag [number] of a context, on a value that has parts (or, if explicit, a tag of its own). */
export function contextConstructed(number: number): number {
  return 0xa0 | number
}

/** The tag [number] of a context, in place of the tag of a value without parts. */
export function contextPrimitive(number: number): number {
  return 0x80 | number
}
