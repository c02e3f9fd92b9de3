/**
 * Whether this node takes part in its cloud or only resolves (N-15, N-21, N-113), and what follows from it.
 *
 * A full participant has one ID of its own, even if no application registers anything. A node that finds that others
 * cannot reach it takes back all that it has registered, since its IDs would only lead others astray, and tries
 * again when its addresses change and from time to time: first with an ID of its own alone, and with what was
 * taken back once others have reached it. What was revoked never comes back under the same ID, so it
 * is registered again under a new one; whoever registered it notices nothing.
 */
import type { Clock } from '../runtime/clock.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { Publishing, RegistrationRequest } from './publishing.ts'
import { LONGEST_WAIT_FOR_QUESTION, type Reachability, type UnreachableReason } from './reachability.ts'
import type { Registration, RegistrationContent } from './registration.ts'

/** How long a node that others cannot reach waits before it tries again, in milliseconds. */
export const REACHABILITY_RETRY = 60 * 60_000

/** What a participation works with. */
export interface ParticipationParts {
  readonly parts: CloudParts
  readonly publishing: Publishing
  readonly reachability: Reachability
  /** Whether it was asked for that the node only resolves. */
  readonly isResolveOnly: boolean
  /** A new registration of the node's own ID; undefined while it has no address. */
  drawOwn(): Registration | undefined
  /** Whether the node takes part has changed. */
  changed(): void
}

/** The part that one node takes in its cloud. */
export class Participation {
  readonly #owned: ParticipationParts
  readonly #clock: Clock
  /** What applications have registered, with what stands for it now; undefined before the first. */
  #registered: Map<Registration, Registration> | undefined
  #takenBack: readonly Registration[] = []
  #ownRegistration: Registration | undefined
  #retryDue: number | undefined
  /** Since when it is being tried whether others reach this node again. */
  #tryingSince: number | undefined

  constructor(owned: ParticipationParts) {
    this.#owned = owned
    this.#clock = owned.parts.clock
  }

  /** Why the node only resolves; undefined if it takes part. */
  get resolveOnly(): UnreachableReason | undefined {
    const { isResolveOnly, parts, reachability } = this.#owned
    const { addresses, port, pathEndpoint } = parts.own
    if (isResolveOnly) return 'configured'
    if (addresses.length === 0) return pathEndpoint === undefined ? undefined : 'no-address'
    return reachability.problem(addresses, port, parts.cache.size)
  }

  /** Begins. @param ownRegistration Around which the cache is centred. */
  start(ownRegistration: Registration | undefined): void {
    if (ownRegistration === undefined || this.resolveOnly !== undefined) return
    this.#ownRegistration = ownRegistration
    this.#owned.publishing.adopt(ownRegistration)
  }

  /** @throws PeerageError `resolve-only`, and as {@link Publishing.register} */
  register(request: RegistrationRequest, announced: () => void): Registration {
    const reason = this.resolveOnly
    if (reason !== undefined) throw new PeerageError('resolve-only', { cloud: this.#owned.parts.cloud.name, reason })
    const registration = this.#owned.publishing.register(request, announced)
    this.#registered ??= new Map()
    this.#registered.set(registration, registration)
    return registration
  }

  /** @throws PeerageError as {@link Publishing.update} */
  update(registration: Registration, content: RegistrationContent): void {
    const { publishing } = this.#owned
    publishing.update(registration, content)
    const present = this.#registered?.get(registration)
    if (present !== undefined) present.content = content
  }

  /** Twice does nothing. */
  unregister(registration: Registration): void {
    const present = this.#registered?.get(registration)
    this.#registered?.delete(registration)
    this.#takenBack = this.#takenBack.filter((one) => one !== registration)
    if (present !== undefined) this.#owned.publishing.unregister(present)
  }

  /** The ID that stands for a registration now; undefined once it has ended. */
  idOf(registration: Registration): PnrpId | undefined {
    return this.#registered?.get(registration)?.id
  }

  /** The addresses changed, or the machine woke: what was found out holds no more. */
  reset(): void {
    this.#owned.reachability.reset()
    this.#retryDue = undefined
    this.tick()
  }

  /** Draws the consequences of what was found out meanwhile. */
  tick(): void {
    const now = this.#clock.monotonic()
    const reason = this.resolveOnly
    if (reason === undefined) {
      this.#takePart(now)
      return
    }
    this.#tryingSince = undefined
    if (this.#ownRegistration !== undefined) this.#takeBack()
    this.#retryDue ??= now + REACHABILITY_RETRY
    if (now < this.#retryDue || reason === 'configured' || reason === 'no-address') return
    this.#retryDue = undefined
    this.#owned.reachability.reset()
    this.#takePart(now)
  }

  #takePart(now: number): void {
    const { publishing, reachability } = this.#owned
    if (this.#ownRegistration === undefined) {
      this.#ownRegistration = this.#owned.drawOwn()
      if (this.#ownRegistration === undefined) return
      this.#tryingSince = now
      publishing.adopt(this.#ownRegistration)
      this.#owned.changed()
    }
    if (this.#tryingSince === undefined) return
    if (!reachability.isShown && now - this.#tryingSince < LONGEST_WAIT_FOR_QUESTION) return
    this.#tryingSince = undefined
    for (const registration of this.#takenBack) {
      this.#registered?.set(registration, publishing.registerAgain(registration))
    }
    this.#takenBack = []
  }

  #takeBack(): void {
    const { parts, publishing } = this.#owned
    this.#ownRegistration = undefined
    this.#takenBack = [...(this.#registered?.keys() ?? [])]
    for (const registration of parts.registrations.all()) publishing.unregister(registration)
    this.#owned.changed()
  }
}
