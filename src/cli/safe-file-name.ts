/**
 * The name under which a received file is kept. Whoever sends a file chooses its name, so the name is taken as a wish: what comes out is one
 * plain name on every platform, which leads nowhere else, hides nothing and means no device.
 */

/** In bytes of UTF-8. File systems have 255 bytes, and what is put after the name while it is incomplete needs some of them. */
export const LONGEST_FILE_NAME = 200
/** The name of a file whose wish leaves nothing. */
const NAMELESS = 'file'

// What separates paths, what Windows has other uses for, and what is not seen.
const UNSAFE = /[/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i

/** A name that is safe, as near to the wish as possible. */
export function safeFileName(wish: string): string {
  const plain = wish
    .toWellFormed()
    .replace(UNSAFE, '_')
    .replace(/^[. ]+/, (dots) => '_'.repeat(dots.length))
  // Windows drops dots and spaces at the end, so that two names would be one.
  const name = shortened(plain).replace(/[. ]+$/, '')
  const [stem = ''] = name.split('.')
  if (name === '') return NAMELESS
  return DEVICE.test(stem.trimEnd()) ? `_${name}` : name
}

/** Cut in the middle of the name rather than at its extension, by which people and programs know what it is. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) < LONGEST_FILE_NAME) return name
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  const most = LONGEST_FILE_NAME - 1 - Buffer.byteLength(extension)
  let kept = ''
  let length = 0
  for (const character of name.slice(0, name.length - extension.length)) {
    length += Buffer.byteLength(character)
    if (length > most) break
    kept += character
  }
  return kept + extension
}
