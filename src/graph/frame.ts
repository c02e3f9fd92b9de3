/**
 * Frames: what the bytes of a link are cut into (MS-PPGRH 2.2.1.1), so that what is urgent waits for one frame of what is
 * not, and not for a whole first copy. docs/protocol/graph-links.md has the layout.
 *
 * A frame is its length, the priority that it belongs to, and that many bytes. The contents of all frames of one
 * priority, joined, are a row of messages (message-header.ts): a message may begin and end anywhere in a frame.
 */
import type { LinkPriority } from './link-port.ts'

/** The content of a frame that is sent, in bytes: with its header it fits into one record of TLS. */
export const LONGEST_FRAME = 16_379
/** The content of a frame that is taken, in bytes. */
export const LONGEST_FRAME_TAKEN = 32_768
/** Length and priority, in bytes. */
export const FRAME_HEADER_LENGTH = 3

/** By their numbers in frames. */
export const priorities: readonly [LinkPriority, LinkPriority, LinkPriority] = ['control', 'flood', 'bulk']

/** The number of a priority. */
export const priorityNumbers: Readonly<Record<LinkPriority, 0 | 1 | 2>> = { control: 0, flood: 1, bulk: 2 }
