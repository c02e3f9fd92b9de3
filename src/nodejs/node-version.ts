/**
 * Which Node.js Peerage runs on: 22.14, 24, or newer. `better-sqlite3` needs Node-API 10, which 22.14 brought and
 * the short-lived 23 only half-way through its life; on an older one it crashes the process.
 */

const OLDEST_MAJOR = 22
const OLDEST_MINOR = 14
/** Out of support, and too old in its first releases. */
const UNSUPPORTED_MAJOR = 23

/**
 * One sentence that says which Node.js is needed, or undefined if this one will do.
 *
 * @param version Such as `22.14.0`.
 */
export function unsupportedNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR)
  if (isNewEnough && major !== UNSUPPORTED_MAJOR) return undefined
  return `Peerage needs Node.js 22.14, 24 or newer, and this is Node.js ${version}.`
}
