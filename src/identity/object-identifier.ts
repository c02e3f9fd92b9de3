/**
 * ASN.1 object identifiers (X.690 section 8.19), kept as the content of their DER form, since that is
 * what they are compared in.
 */

/** The DER content of an identifier in dotted decimal, such as `1.3.101.112`. For constants: it checks nothing. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80)
    bytes.push(...digits)
  }
  return Uint8Array.from(bytes)
}

/** Whether the content is that of an identifier: whole arcs, each in its shortest form. */
export function isObjectIdentifier(content: Uint8Array): boolean {
  let arcBegins = true
  for (let index = 0; index < content.length; index++) {
    const byte = content[index] ?? 0
    if (arcBegins && byte === 0x80) return false
    arcBegins = byte < 0x80
  }
  return arcBegins && content.length > 0
}

/** Dotted decimal, for people. */
export function formatObjectIdentifier(content: Uint8Array): string {
  const arcs: bigint[] = []
  let arc = 0n
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const [head = 0n, ...rest] = arcs
  const first = head < 80n ? head / 40n : 2n
  return [first, head - first * 40n, ...rest].join('.')
}
