/**
 * Which Node.js Peerage runs on: the oldest that its dependencies support.
 */

const OLDEST_MAJOR = 22
const OLDEST_MINOR = 13

/**
 * One sentence that says which Node.js is needed, or undefined if this one will do.
 *
 * @param version Such as `22.13.0`.
 */
export function unsupportedNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR)) return undefined
  return `Peerage needs Node.js ${OLDEST_MAJOR}.${OLDEST_MINOR} or newer, and this is Node.js ${version}.`
}
