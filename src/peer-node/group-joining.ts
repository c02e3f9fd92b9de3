/**
 * Joining a group with an invitation (MS-PPSEC 3.1.4.3; P-041): what the invitation brings is what this node gets in with; then
 * members are looked for until one has let it in and all records are here.
 */
import type { GroupEntry } from '../group/group-security.ts'
import type { IdentityInvitation, InvitationContent, LinkInvitation, PasswordInvitation } from '../group/invitation.ts'
import { completeChain, invitedLink, invitedMembership } from '../group/invitation-use.ts'
import { joinWithLink } from '../group/link-key.ts'
import type { MemberChain } from '../group/member-chain.ts'
import type { PasswordVerifier } from '../group/password-verifier.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { graphKeys } from '../records/graph-id.ts'
import { type Crypto, RISTRETTO255_LENGTH, RISTRETTO255_UNIFORM_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { OpenGroup } from './open-group.ts'
import { type DerivingPorts, passwordVerifier } from './password-deriving.ts'
import type { Dialing } from './progress.ts'
import { abortable } from './waiting.ts'

/** With what somebody joins. */
export interface JoiningEntry {
  readonly entry: GroupEntry
  /** Resolves when somebody can be dialled with it: at once, or when the verifier of the password has been derived. */
  readonly ready: Promise<void>
}

/**
 * With what an invitation lets an identity in. Deriving the verifier of a password begins here, and takes as long as preparing everything
 * else.
 *
 * @throws PeerageError `invalid-invitation`, `empty-password`, `password-too-short`, `chain-too-long`, `circular-chain`
 */
export function joiningEntry(
  parts: DerivingPorts & { readonly random: Random; readonly now: number },
  invitation: InvitationContent,
  publicKey: Uint8Array,
  password: string | undefined,
): JoiningEntry {
  if (invitation.kind !== 'password') return { entry: entryOf(parts, invitation, publicKey), ready: Promise.resolve() }
  return passwordEntry(parts, invitation, password)
}

function entryOf(
  { crypto, random, now }: { readonly crypto: Crypto; readonly random: Random; readonly now: number },
  invitation: IdentityInvitation | LinkInvitation,
  publicKey: Uint8Array,
): GroupEntry {
  switch (invitation.kind) {
    case 'identity': {
      const chain = completeChain(crypto, invitation)
      if (chain !== undefined) {
        return { kind: 'chain', chain: invitedMembership(crypto, invitation, chain, publicKey, now) }
      }
      if ('named' in invitation.chain) return { kind: 'fetched', digest: invitation.chain.named }
      throw wholeOrNamed()
    }
    case 'link': {
      const chainUnder = (chain: Chain): MemberChain =>
        joinWithLink(crypto, random, invitedLink(crypto, invitation, chain, now), publicKey, now)
      const chain = completeChain(crypto, invitation)
      if (chain !== undefined) return { kind: 'chain', chain: chainUnder(chain) }
      if (!('named' in invitation.chain)) throw wholeOrNamed()
      const join = (above: Uint8Array): MemberChain => {
        const complete = completeChain(crypto, invitation, above)
        if (complete === undefined) throw wholeOrNamed()
        return chainUnder(complete)
      }
      return { kind: 'link', digest: invitation.chain.named, join }
    }
  }
}

function passwordEntry(
  ports: DerivingPorts,
  { graphId }: PasswordInvitation,
  password: string | undefined,
): JoiningEntry {
  if (password === undefined || password === '') {
    throw new PeerageError('empty-password', { use: 'joining with this invitation' })
  }
  let verifier: PasswordVerifier | undefined
  const ready = passwordVerifier(ports, graphKeys(ports.crypto, graphId), password).then((derived) => {
    verifier = derived
  })
  // If something else fails before, nobody waits for it any more.
  ready.catch(() => undefined)
  rehearse(ports.crypto)
  const entry: GroupEntry = {
    kind: 'password',
    get verifier() {
      if (verifier === undefined) throw new TypeError('nobody is dialled before the verifier has been derived')
      return verifier
    },
  }
  return { entry, ready }
}

/** Has the arithmetic of the proof loaded and compiled while the verifier is derived: the first time it takes longer than the exchange. */
function rehearse(crypto: Crypto): void {
  const element = crypto.ristretto255Element(new Uint8Array(RISTRETTO255_UNIFORM_LENGTH).fill(1))
  crypto.ristretto255Multiply(new Uint8Array(RISTRETTO255_LENGTH).fill(1), element)
}

function wholeOrNamed(): TypeError {
  return new TypeError('a chain is whole or named')
}

/**
 * Resolves when this identity is a member and all records are here.
 *
 * @param ready Of the {@link JoiningEntry} with which the group was opened
 * @param needsNobody Its membership is complete: if no member can be reached it resolves, too
 * @throws PeerageError why the search has failed: `no-members-found`, `no-member-reachable`, `not-let-in`, `cloud-not-found`
 */
export async function joinGroup(
  group: OpenGroup,
  ready: Promise<void>,
  options: Dialing,
  needsNobody: boolean,
): Promise<void> {
  const over = new AbortController()
  const abort = (): void => over.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    options.signal?.throwIfAborted()
    await Promise.race([ready, aborted(over.signal)])
    group.graph.requireOpen()
    await group.goOnline()
    await Promise.race([isMember(group, { ...options, signal: over.signal }), findsNobody(group, over.signal)])
  } catch (error) {
    const isNobodyThere = PeerageError.is(error, 'no-members-found') || PeerageError.is(error, 'no-member-reachable')
    if (!needsNobody || !isNobodyThere) throw error
  } finally {
    options.signal?.removeEventListener('abort', abort)
    over.abort()
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return abortable<never>(signal, () => () => undefined)
}

async function isMember(group: OpenGroup, options: Dialing): Promise<void> {
  await group.synchronized(options)
  await group.changes.until(() => group.isClosed || group.engine.standing() === 'in-force', options.signal)
  group.graph.requireOpen()
}

async function findsNobody(group: OpenGroup, signal: AbortSignal): Promise<never> {
  await group.changes.until(() => group.failure !== undefined, signal)
  throw group.failure
}
