/**
 * Where a node keeps its data when nobody says where: the place that the platform sets aside for it.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'

const APPLICATION = 'peerage'

/**
 * The data directory by default: `$XDG_DATA_HOME/peerage` or `~/.local/share/peerage`; on macOS
 * `~/Library/Application Support/peerage`; on Windows `%LOCALAPPDATA%\peerage`.
 */
export function defaultDataDirectory(
  platform: NodeJS.Platform = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const { LOCALAPPDATA: local, XDG_DATA_HOME: xdg } = environment
  if (platform === 'win32') return join(local ?? join(home, 'AppData', 'Local'), APPLICATION)
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', APPLICATION)
  // The XDG specification says to ignore a relative path.
  return join(xdg?.startsWith('/') ? xdg : join(home, '.local', 'share'), APPLICATION)
}
