/**
 * Own records that are marked for it are renewed before they expire, as long as their author is online (MS-PPGRH 3.1.7.22; G-059).
 */
import { LATEST_UTC } from '../runtime/calendar.ts'
import type { GraphParts } from './graph-parts.ts'
import { MINUTE } from './peer-time.ts'
import type { Publishing } from './publishing.ts'
import type { RecordStore } from './record-store.ts'

/** A record is renewed when less than this part of its life is left, or less than {@link REFRESH_LEAD} milliseconds. */
export const REFRESHED_PART = 0.25
export const REFRESH_LEAD = 2 * MINUTE

/**
 * Renews what is about to expire.
 *
 * @param longestLife No record may expire later than so long after its creation, in milliseconds.
 */
export function refreshRecords(
  parts: GraphParts,
  store: RecordStore,
  publishing: Publishing,
  longestLife: number,
): void {
  const now = parts.peerTime.now()
  for (const { record } of [...store.database.refreshed()]) {
    const { created, modified, expires, encoding, payload, creator } = record
    const life = expires - modified
    if (expires <= now || expires - now >= Math.max(life * REFRESHED_PART, REFRESH_LEAD)) continue
    const right = parts.provider.rightEnds(creator.publicKey) ?? LATEST_UTC
    const renewed = Math.min(now + life, created + longestLife, right, LATEST_UTC)
    if (renewed <= expires) continue
    publishing.updateInternal(
      record,
      { content: { encoding, payload }, attributes: undefined, expires: renewed, refresh: undefined },
      () => {},
    )
  }
}
