/**
 * The events of a graph as events of the group that it belongs to: all but that of the properties, since a group has its own.
 */
import type { EventSubscribers } from './event-subscribers.ts'
import type { GroupEvents } from './group.ts'
import type { GraphFollower } from './open-graph.ts'

/** What a graph raises, raised for a group. */
export function graphEventsOf(events: EventSubscribers<GroupEvents>): GraphFollower['raised'] {
  return {
    status: (status) => events.raise('status', status),
    neighbor: (neighbor) => events.raise('neighbor', neighbor),
    direct: (direct) => events.raise('direct', direct),
    node: (node) => events.raise('node', node),
    'connection-required': (detail) => events.raise('connection-required', detail),
    synchronized: (detail) => events.raise('synchronized', detail),
    attempt: (attempt) => events.raise('attempt', attempt),
    unreadable: (detail) => events.raise('unreadable', detail),
    lagged: (detail) => events.raise('lagged', detail),
    properties: () => undefined,
  }
}
