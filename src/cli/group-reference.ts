/**
 * How people name a group or one of its members: by its peer name, by its authority, by as many of the first digits of that (four at
 * least) as no other begins with, or by its friendly name if it is the only one of that name.
 */
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Group } from '../peer-node/group.ts'
import type { GroupInfo } from '../peer-node/groups.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { CommandContext } from './command-context.ts'
import { findIdentity } from './identity-reference.ts'

/** Fewer digits are too easily those of another. */
const FIRST_DIGITS = /^[0-9a-f]{4,}$/

/** The option of every command that takes a group. */
export const WHOSE_OPTION = [
  '--identity <identity>',
  'whose membership, if several identities are in the group',
] as const

/**
 * The group that somebody means, of those in the data directory.
 *
 * @param identity Whose membership is meant, as people name an identity. Without it that of the only identity in the group,
 *   or of the default one
 * @throws PeerageError `group-not-found`, `ambiguous`, and as {@link findIdentity}
 */
export async function findGroup(
  { groups, identities }: Pick<PeerNode, 'groups' | 'identities'>,
  reference: string,
  identity?: string,
): Promise<GroupInfo> {
  const whose = identity === undefined ? undefined : (await findIdentity(identities, identity)).peerName
  const meant = matching(await groups.list({ identity: whose }), reference)
  const names = [...new Set(meant.map(({ peerName }) => peerName))]
  if (names.length > 1) throw new PeerageError('ambiguous', { what: 'group', reference, matches: names })
  const [match, ...others] = meant
  if (match === undefined) throw new PeerageError('group-not-found', { group: reference })
  if (others.length === 0) return match
  const authority = authorityPart((await identities.get()).peerName)
  const own = meant.find((group) => authorityPart(group.identity) === authority)
  if (own !== undefined) return own
  const matches = meant.map((group) => group.identity)
  throw new PeerageError('ambiguous', { what: 'identity in the group', reference, matches })
}

/**
 * Runs a body with a group of the node that runs; or, if none does, with the group offline: what is here can be read and changed,
 * and others learn of changes when a node is up again.
 *
 * @param identity As {@link findGroup} takes it
 */
export async function useGroup(
  { useNode }: CommandContext,
  { reference, identity }: { readonly reference: string; readonly identity?: string | undefined },
  body: (group: Group, isRunning: boolean) => Promise<void>,
): Promise<void> {
  await useNode(async (node, isRunning) => {
    const found = await findGroup(node, reference, identity)
    const group = await node.groups.open(found.peerName, { identity: found.identity, offline: !isRunning })
    try {
      await body(group, isRunning)
    } finally {
      await group.close()
    }
  })
}

/**
 * The member that somebody means.
 *
 * @throws PeerageError `member-not-found`, `ambiguous`
 */
export async function findMember<One extends Nameable>(
  group: { members(): Promise<readonly One[]> },
  reference: string,
): Promise<One> {
  const meant = matching(await group.members(), reference)
  const [match, ...others] = meant
  if (match === undefined) throw new PeerageError('member-not-found', { peer: reference })
  if (others.length === 0) return match
  throw new PeerageError('ambiguous', { what: 'member', reference, matches: meant.map(({ peerName }) => peerName) })
}

interface Nameable {
  readonly peerName: PeerName
  readonly friendlyName: string
}

/** Those whose name is written so; without any, those whose friendly name or first digits it is. */
function matching<One extends Nameable>(all: readonly One[], reference: string): readonly One[] {
  const named = all.filter(({ peerName }) => peerName === reference || authorityPart(peerName) === reference)
  if (named.length > 0) return named
  return all.filter(
    ({ peerName, friendlyName }) =>
      friendlyName === reference || (FIRST_DIGITS.test(reference) && peerName.startsWith(reference)),
  )
}
