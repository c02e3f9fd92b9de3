/**
 * Own records that are marked for it are renewed before they expire, as long as their author is online (MS-PPGRH 3.1.7.22; G-059).
 */
import type { GraphRecord } from '../records/record.ts'
import { isReserved } from '../records/record-type.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import type { GraphParts } from './graph-parts.ts'
import { MINUTE } from './peer-time.ts'
import type { Publishing } from './publishing.ts'
import type { RecordStore } from './record-store.ts'

/** A record is renewed when less than this part of its life is left, or less than {@link REFRESH_LEAD} milliseconds. */
export const REFRESHED_PART = 0.25
export const REFRESH_LEAD = 2 * MINUTE

/**
 * Renews what is about to expire. What the security provider does not let be renewed expires.
 *
 * @param longestLife No record of an application may expire later than so long after its creation, in milliseconds.
 */
export function refreshRecords(
  parts: GraphParts,
  store: RecordStore,
  publishing: Publishing,
  longestLife: number,
): void {
  const now = parts.peerTime.now()
  for (const { record } of [...store.database.refreshed()]) {
    const { modified, expires } = record
    const life = expires - modified
    if (expires <= now || expires - now >= Math.max(life * REFRESHED_PART, REFRESH_LEAD)) continue
    try {
      refresh(record)
    } catch (error) {
      parts.counters.dropped('refresh-failed')
      parts.log.warn('a record could not be refreshed', { id: record.id, problem: String(error) })
    }
  }

  function refresh(record: GraphRecord): void {
    const { type, created, modified, expires, encoding, payload, creator } = record
    const right = parts.provider.rightEnds(creator.publicKey, record) ?? LATEST_UTC
    const latest = isReserved(type) ? LATEST_UTC : Math.min(created + longestLife, LATEST_UTC)
    const renewed = Math.min(now + expires - modified, latest, right)
    if (renewed <= expires) return
    const update = { content: { encoding, payload }, attributes: undefined, expires: renewed, refresh: undefined }
    publishing.updateInternal(record, update, () => {})
  }
}
