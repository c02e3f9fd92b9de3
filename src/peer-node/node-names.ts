/**
 * The {@link Names} of a node: one engine a cloud does the work, and this brings together what several of them find.
 */
import { authorityOf } from '../identity/authority.ts'
import type { IdentityStore } from '../identity/identity-store.ts'
import { authorityPart, isSecured, makePeerName, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { type NameRequest, NameResolution, type NameResult } from '../pnrp/name-resolution.ts'
import type { RegistrationRequest } from '../pnrp/publishing.ts'
import type { Registration } from '../pnrp/registration.ts'
import { serviceLocationPrefix } from '../pnrp/service-location.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import type { JoinedCloud } from './joined-cloud.ts'
import type {
  CloudChoice,
  NameRegistration,
  Names,
  RegisteredName,
  RegistrationUpdate,
  ResolvedName,
  ResolveOptions,
} from './names.ts'
import type { OpenClouds } from './open-clouds.ts'
import { changedContent, checkedHint, contentOn, NO_CONTENT, type WantedContent } from './registered-content.ts'
import { ResultQueue } from './result-queue.ts'

/** Results of one resolve. */
export const MOST_RESULTS = 256

/** What names stand on. */
export interface NodeNamesParts {
  readonly clouds: OpenClouds
  readonly store: IdentityStore
  readonly crypto: Crypto
  /** Throws if the node is closed. */
  readonly requireOpen: (operation: string) => void
}

/** Registers and resolves in the clouds of a node. */
export class NodeNames implements Names {
  readonly #parts: NodeNamesParts
  readonly #registered = new WeakMap<RegisteredName, readonly Registered[]>()
  #defaultsOpened: Promise<void> | undefined

  constructor(parts: NodeNamesParts) {
    this.#parts = parts
  }

  /** @param signal Ends the wait for clouds that are being entered or told: nothing is registered then. */
  async register(registration: NameRegistration, signal?: AbortSignal): Promise<RegisteredName> {
    this.#parts.requireOpen('names.register')
    const name = parsePeerName(registration.name)
    const content = changedContent(NO_CONTENT, registration)
    const serviceLocationPrefix = checkedHint(registration.hint)
    const clouds = await this.#cloudsFor(registration.cloud)
    const keyPair = this.#keyPairFor(name, registration)
    const request = { name, keyPair, certificateChain: registration.chain?.slice(), serviceLocationPrefix }
    const outcomes = await Promise.allSettled(
      clouds.map((joined) => this.#registerIn(joined, request, content, signal)),
    )
    const registered = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    if (signal?.aborted === true) {
      for (const { joined, registration: made } of registered) joined.node.unregister(made)
      throw signal.reason
    }
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (registered.length === 0 && failure !== undefined) throw failure.reason
    return this.#handle(name, registered, content)
  }

  /** @param leftOut Registrations of this node that are no results: a part of Peerage leaves its own out (N-108). */
  async *resolve(
    text: PeerName | string,
    options: ResolveOptions = {},
    leftOut: readonly RegisteredName[] = [],
  ): AsyncGenerator<ResolvedName, void, undefined> {
    const { clouds, requireOpen } = this.#parts
    const { cloud, signal, limit = MOST_RESULTS } = options
    requireOpen('names.resolve')
    signal?.throwIfAborted()
    const name = parsePeerName(text)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_RESULTS) {
      throw new PeerageError('invalid-argument', {
        name: 'limit',
        value: String(limit),
        expected: `1 to ${MOST_RESULTS}`,
      })
    }
    const wanted = {
      ...{ name, criterion: options.criteria ?? 'any', limit, hint: checkedHint(options.hint) },
      leftOut: leftOut.flatMap((handle) => this.#registered.get(handle) ?? []),
    }
    const queue = new ResultQueue<ResolvedName>()
    const abort = (): void => queue.fail(signal?.reason)
    signal?.addEventListener('abort', abort)
    const searches: CloudSearch[] = []
    const endListening = clouds.listen(() => {
      if (clouds.isClosed) queue.end()
      else for (const search of searches) search.cloudChanged()
    })
    try {
      const among = await this.#cloudsFor(cloud)
      let searching = among.length
      let networks = among.length
      const ended = (hadNetwork: boolean): void => {
        searching--
        if (!hadNetwork) networks--
        if (networks === 0) queue.fail(new PeerageError('no-network', { cloud: among[0]?.cloud.name ?? '' }))
        else if (searching === 0) queue.end()
      }
      for (const joined of among) {
        const found = (result: NameResult): void => queue.push(this.#resolved(joined, result))
        searches.push(new CloudSearch(joined, wanted, { found, ended, refused: (error) => queue.fail(error) }))
      }
      for (const search of [...searches]) search.cloudChanged()
      for (let delivered = 0; delivered < limit; delivered++) {
        const result = await queue.next()
        if (result === undefined) return
        yield result
      }
    } finally {
      endListening()
      signal?.removeEventListener('abort', abort)
      for (const search of searches) search.cancel()
    }
  }

  #resolved({ cloud }: JoinedCloud, result: NameResult): ResolvedName {
    const { name: peerName, secured, endpoints, comment, payload, publicKey } = result
    return {
      ...{ peerName, secured, comment, cloud: cloud.name },
      endpoints: endpoints.map(({ host, port, protocol }) => ({ host, port, protocol })),
      ...(payload !== undefined && { payload: typeof payload === 'string' ? payload : new Uint8Array(payload) }),
      publisher: makePeerName(authorityOf(this.#parts.crypto, publicKey), ''),
    }
  }

  async #registerIn(
    joined: JoinedCloud,
    request: NameKey,
    content: WantedContent,
    signal: AbortSignal | undefined,
  ): Promise<Registered> {
    const { clouds } = this.#parts
    // Announced before anybody is found, it would be announced to nobody.
    await clouds.until(() => joined.node.status().state !== 'synchronizing', signal)
    this.#parts.requireOpen('names.register')
    let isAnnounced = false
    const registration = joined.node.register({ ...request, ...contentIn(joined, content) }, () => {
      isAnnounced = true
      clouds.noteChange()
    })
    try {
      await clouds.until(() => isAnnounced || joined.node.status().state === 'suspended', signal)
    } catch (error) {
      joined.node.unregister(registration)
      throw error
    }
    return { joined, registration }
  }

  #handle(name: PeerName, registered: readonly Registered[], registeredContent: WantedContent): RegisteredName {
    const { clouds, requireOpen } = this.#parts
    let content = registeredContent
    let isOpen = true
    const replace = (next: WantedContent): void => {
      for (const { joined, registration } of registered) joined.node.update(registration, contentIn(joined, next))
      content = next
    }
    const endListening = clouds.listen(() => {
      // Endpoints without a host follow the addresses of the node.
      for (const { joined, registration } of registered) {
        const current = contentIn(joined, content)
        if (current.endpoints.length > 0 || current.payload !== undefined) joined.node.update(registration, current)
      }
    })
    const close = async (): Promise<void> => {
      if (!isOpen) return
      isOpen = false
      endListening()
      for (const { joined, registration } of registered) joined.node.unregister(registration)
    }
    const handle: RegisteredName = {
      update: async (change: RegistrationUpdate) => {
        requireOpen('update')
        if (!isOpen) throw new PeerageError('registration-closed', { name })
        refuseFixed(change)
        replace(changedContent(content, change))
      },
      close,
      [Symbol.asyncDispose]: close,
    }
    this.#registered.set(handle, registered)
    return handle
  }

  #keyPairFor(name: PeerName, { identity, chain }: NameRegistration): SigningKeyPair {
    const { store } = this.#parts
    if (identity !== undefined || !isSecured(name) || chain !== undefined) return store.keyPair(identity)
    try {
      return store.keyPair(name)
    } catch (error) {
      if (!PeerageError.is(error, 'identity-not-found')) throw error
      const problem = `there is no identity ${authorityPart(name)} here`
      throw new PeerageError('name-not-owned', { name, problem }, { cause: error })
    }
  }

  /** @throws PeerageError `cloud-not-found`, and what opening the default clouds throws */
  async #cloudsFor(choice: CloudChoice | undefined): Promise<readonly JoinedCloud[]> {
    const { clouds } = this.#parts
    if (typeof choice !== 'string') await this.openDefaults()
    const open = clouds.open()
    const chosen = open.filter(({ cloud: { name, scope } }) =>
      typeof choice === 'object' ? scope === choice.scope : choice === undefined || name === choice,
    )
    if (chosen.length > 0) return chosen
    const name = typeof choice === 'object' ? choice.scope : (choice ?? 'any')
    throw new PeerageError('cloud-not-found', { name, open: open.map(({ cloud }) => cloud.name) })
  }

  /** Opens the usual clouds, if none is open. @throws PeerageError what {@link Clouds.open} throws */
  async openDefaults(): Promise<void> {
    if (this.#parts.clouds.open().length > 0) return
    this.#defaultsOpened ??= this.#openDefaults()
    try {
      await this.#defaultsOpened
    } finally {
      this.#defaultsOpened = undefined
    }
  }

  async #openDefaults(): Promise<void> {
    const { clouds } = this.#parts
    let problem: PeerageError = clouds.usesLinks
      ? new PeerageError('no-network', { cloud: 'LinkLocal_' })
      : new PeerageError('cloud-not-found', { name: 'any', open: [] })
    for (const name of clouds.usualNames()) {
      try {
        await clouds.join(name, {})
      } catch (error) {
        if (!(error instanceof PeerageError) || !PASSED_OVER.includes(error.code)) throw error
        problem = error
      }
    }
    if (clouds.open().length === 0) throw problem
  }
}

/** A default cloud that cannot be opened for one of these reasons is left out. */
const PASSED_OVER: readonly ErrorCode[] = ['no-network', 'address-not-available', 'network-failed']

/** What stays the same in every cloud and for the life of a registration. */
type NameKey = Pick<RegistrationRequest, 'name' | 'keyPair' | 'certificateChain' | 'serviceLocationPrefix'>

/** What is sought, wherever it is. */
interface Wanted extends Pick<NameRequest, 'name' | 'criterion' | 'limit'> {
  readonly hint: Uint8Array | undefined
  readonly leftOut: readonly Registered[]
}

interface Registered {
  readonly joined: JoinedCloud
  readonly registration: Registration
}

function contentIn(joined: JoinedCloud, content: WantedContent): ReturnType<typeof contentOn> {
  return contentOn(
    joined.addresses.map(({ address }) => address),
    content,
  )
}

/** @throws PeerageError `invalid-argument` */
function refuseFixed(change: RegistrationUpdate): void {
  for (const fixed of ['name', 'cloud', 'identity', 'chain', 'hint']) {
    if (!(fixed in change)) continue
    const expected = 'left out: it is fixed, so close this registration and make another one'
    throw new PeerageError('invalid-argument', { name: fixed, value: 'given to an update', expected })
  }
}

/** Told what comes of a search. */
interface SearchListener {
  found(result: NameResult): void
  /** It came to its end, or to that of the network. */
  ended(hadNetwork: boolean): void
  /** It could not begin. */
  refused(error: PeerageError): void
}

/** The part of a resolve that goes on in one cloud. It begins as soon as the cloud has been looked for. */
class CloudSearch {
  readonly #joined: JoinedCloud
  readonly #wanted: Wanted
  readonly #listener: SearchListener
  #resolution: NameResolution | undefined
  #isOver = false

  constructor(joined: JoinedCloud, wanted: Wanted, listener: SearchListener) {
    this.#joined = joined
    this.#wanted = wanted
    this.#listener = listener
  }

  /** Looks whether it can begin, or whether it has to end. */
  cloudChanged(): void {
    if (this.#isOver) return
    const { state } = this.#joined.node.status()
    // Whether the name is registered is not known then, however far the search has come.
    if (state === 'no-network' || state === 'suspended') this.#end(false)
    else if (state !== 'synchronizing') this.#begin()
  }

  cancel(): void {
    this.#isOver = true
    this.#resolution?.cancel()
  }

  #begin(): void {
    if (this.#resolution !== undefined) return
    const { name, criterion, limit, hint } = this.#wanted
    const leftOut = this.#wanted.leftOut.filter(({ joined }) => joined === this.#joined)
    const [own] = this.#joined.addresses
    if (own === undefined) return
    const prefix = hint ?? serviceLocationPrefix(own.address)
    const found = (result: NameResult): void => this.#listener.found(result)
    try {
      this.#resolution = new NameResolution(
        this.#joined.node,
        { name, criterion, limit, prefix, leftOut: leftOut.map(({ registration }) => registration) },
        { found, ended: () => this.#end(true) },
      )
    } catch (error) {
      if (!PeerageError.is(error, 'too-many-resolves')) throw error
      // Only the reader can be told: the engine may have brought this about.
      this.#isOver = true
      this.#listener.refused(error)
    }
  }

  #end(hadNetwork: boolean): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.ended(hadNetwork)
  }
}
