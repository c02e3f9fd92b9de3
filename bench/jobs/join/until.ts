/**
 * Waits for what nothing tells of: it asks again and again. Only outside of what is measured.
 */
import { setTimeout as pause } from 'node:timers/promises'

const PERIOD = 20

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(PERIOD)
}
