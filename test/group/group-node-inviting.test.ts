/** Invitations that members make, and those who come in by them. */
import { expect, test } from 'vitest'
import type { LinkIdentity } from '../../src/graph/security-provider.ts'
import { LONGEST_INVITATION, MOST_HINTS } from '../../src/group/invitation.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { DEFAULT_INVITATION_LIFE } from '../../src/group/inviting.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { DAY, MINUTE, NodeGroup, type NodeMember, someVerifier } from './simulated-group-nodes.ts'

const nothing = (): void => undefined

function identity(value: number): LinkIdentity {
  const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(value))
  return { name: makePeerName(authorityOf(crypto, keyPair.publicKey), 'peer'), keyPair }
}

/** The text for an identity that a member invites while nobody waits. */
function invited(by: NodeMember, { name, keyPair }: LinkIdentity, friendlyName: string): string {
  const text = { is: '' }
  const request = {
    peerName: name,
    friendlyName,
    publicKey: keyPair.publicKey,
    role: 'inviting-member',
    hints: [],
  } as const
  by.node.inviteIdentity(request, (outcome) => {
    if (outcome instanceof PeerageError) throw outcome
    text.is = outcome
  })
  by.member.node.store.commit()
  return text.is
}

test('P-036: an invitation says of which group it is, by whom, for what, until when, and where members may be', () => {
  const group = new NodeGroup('said', { properties: { cloud: 'Private_books', friendlyName: 'Book club' } })
  const { creator } = group
  const hints = [1, 2, 3, 4, 5].map((last) => ({ host: creator.member.host.ipv4, port: 3000 + last }))
  const cloudPorts = [1, 2, 3, 4, 5]
  group.done<void>((done) => creator.node.setPassword(someVerifier(1), 'inviting-member', done))
  const now = group.now()
  const expires = now + DAY
  const { name, keyPair } = identity(7)
  const texts = [
    creator.node.inviteByLink({ role: 'administrator', hints, cloudPorts, expires }),
    creator.node.inviteByPassword({ hints, cloudPorts, expires }),
    group.done<string>((done) =>
      creator.node.inviteIdentity(
        { peerName: name, friendlyName: 'Bob', publicKey: keyPair.publicKey, hints, cloudPorts, expires },
        done,
      ),
    ),
  ]
  const read = texts.map((text) => readInvitation(crypto, text))
  for (const invitation of read) {
    expect(invitation).toMatchObject({
      ...{ group: group.name, friendlyName: 'Book club', cloud: 'Private_books', inviter: creator.name },
      ...{ hints: hints.slice(0, MOST_HINTS), cloudPorts: cloudPorts.slice(0, MOST_HINTS) },
    })
    expect(Math.abs(invitation.expires - expires)).toBeLessThan(1000)
  }
  expect(read.map(({ kind }) => kind)).toEqual(['link', 'password', 'identity'])
  expect(read.map(({ role }) => role)).toEqual(['administrator', 'inviting-member', 'member'])
  expect(read[2]).toMatchObject({ invited: authorityPart(name) })
  // By default for seven days.
  const usual = readInvitation(crypto, creator.node.inviteByLink({ hints: [] })).expires
  expect(Math.abs(usual - now - DEFAULT_INVITATION_LIFE)).toBeLessThan(2000)
})

test('what cannot be invited to is an error, and nothing is published', () => {
  const group = new NodeGroup('not invited')
  const { creator } = group
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob')
  group.untilEqual()
  group.runFor(MINUTE)
  const records = [...creator.member.node.store.database.leaves()].length
  const { name, keyPair } = identity(7)
  const request = { peerName: name, friendlyName: 'Carol', publicKey: keyPair.publicKey, hints: [] }
  const past = group.now() - 1
  const calls: (readonly [() => unknown, string])[] = [
    [() => bob.node.inviteByLink({ hints: [] }), 'not-authorized'],
    [() => bob.node.inviteIdentity(request, nothing), 'not-authorized'],
    [() => emil.node.inviteByLink({ role: 'administrator', hints: [] }), 'not-authorized'],
    [() => emil.node.inviteIdentity({ ...request, role: 'administrator' }, nothing), 'not-authorized'],
    [() => emil.node.inviteByLink({ expires: past, hints: [] }), 'invalid-time-period'],
    [() => emil.node.inviteIdentity({ ...request, expires: past }, nothing), 'invalid-time-period'],
    [() => emil.node.inviteByLink({ uses: 0, hints: [] }), 'invalid-argument'],
    [() => emil.node.inviteIdentity({ ...request, peerName: bob.name }, nothing), 'key-of-another-name'],
    [
      () => emil.node.inviteIdentity({ ...request, validUntil: group.now() + 2000 * 365 * DAY }, nothing),
      'invalid-time-period',
    ],
    [() => emil.node.inviteByPassword({ hints: [] }), 'no-password'],
    [
      () =>
        emil.node.issue(
          { ...request, publicKey: emil.member.identity.keyPair.publicKey, peerName: emil.name },
          nothing,
        ),
      'circular-chain',
    ],
    [() => emil.node.renew({ peerName: creator.name, roles: ['member'] }, nothing), 'circular-chain'],
  ]
  expect(calls.map(([call]) => codeOf(call))).toEqual(calls.map(([, code]) => code))
  group.runFor(MINUTE)
  expect([...creator.member.node.store.database.leaves()]).toHaveLength(records)
})

test('P-130: whose invitation only names its chain fetches it from whoever lets in, which every member can serve', () => {
  const group = new NodeGroup('fetched')
  const { creator } = group
  const bob = group.add('Bob')
  group.untilEqual()
  // A chain too long for a text.
  let last = creator
  let text = ''
  const kept: LinkIdentity[] = []
  for (let depth = 2; depth < 12; depth++) {
    const by = last
    last = group.enter(`Number ${depth}`, (own) => {
      kept.push(own)
      text = invited(by, own, `Number ${depth}`)
      const invitation = readInvitation(crypto, text)
      if (invitation.kind !== 'identity') throw new Error('it is of another kind')
      if ('whole' in invitation.chain) return group.entryBy(text, own.keyPair.publicKey)
      return { kind: 'fetched', digest: invitation.chain.named }
    })
    const one = last
    group.until(() => one.node.standing() === 'in-force' && one.member.node.status().state === 'synchronized')
    group.until(() => bob.sees()[`Number ${depth}`] === 'inviting-member')
    if (by !== creator) by.close()
  }
  expect(text.length).toBeLessThanOrEqual(LONGEST_INVITATION)
  const invitation = readInvitation(crypto, text)
  expect(invitation.kind === 'identity' && 'named' in invitation.chain).toBe(true)
  const named = invitation.kind === 'identity' && 'named' in invitation.chain ? invitation.chain.named : undefined
  expect(last.kept?.digest).toBe(named)
  expect(last.kept?.depth).toBe(11)
  expect(last.events).toContain('standing in-force')
  expect(last.events).toContain('root')
  last.reopen()
  expect(last.node.standing()).toBe('in-force')
})

test('P-127: the number of uses is exact where one member lets in, and nobody is put out by it elsewhere', () => {
  const group = new NodeGroup('uses')
  const { creator } = group
  const bob = group.add('Bob')
  group.untilEqual()
  const exact = creator.node.inviteByLink({ uses: 1, admitter: creator.name, hints: [] })
  const at = (one: NodeMember) => ({ at: [one.member.endpoint] })
  const carol = group.join('Carol', exact, at(bob))
  group.runFor(20_000)
  expect(carol.node.standing()).toBe('not-let-in')
  carol.member.node.addAddresses([creator.member.endpoint])
  group.until(() => carol.node.standing() === 'in-force')
  const dave = group.join('Dave', exact, at(creator))
  group.runFor(20_000)
  expect(dave.node.standing()).toBe('not-let-in')
  expect(creator.node.counters()['refused-link-used-up']).toBeGreaterThan(0)
  dave.close()
  // Two members who cannot hear of each other let in one each.
  const open = creator.node.inviteByLink({ uses: 1, hints: [] })
  group.untilEqual()
  const hosts = [bob, carol].map(({ member }) => member.host.name)
  group.graph.world.network.partition([creator.member.host.name], hosts)
  const [emil, fay] = [group.join('Emil', open, at(bob)), group.join('Fay', open, at(creator))]
  group.graph.world.network.partition(
    [creator.member.host.name, fay.member.host.name],
    [...hosts, emil.member.host.name],
  )
  group.until(() => emil.node.standing() === 'in-force' && fay.node.standing() === 'in-force')
  group.graph.world.network.heal()
  creator.member.node.addAddresses([bob.member.endpoint])
  group.untilEqual()
  for (const one of [creator, bob, emil, fay]) {
    expect(Object.keys(one.sees()).sort()).toEqual(['Ann', 'Bob', 'Carol', 'Emil', 'Fay'])
  }
})
