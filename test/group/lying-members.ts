/** Members of a simulated group whose own checks are switched off: they sign and tell whatever a test wants. */
import type { Admission, LinkToJudge } from '../../src/graph/security-provider.ts'
import { AdmissionExchange, type AdmissionMember } from '../../src/group/admission.ts'
import { certificateDigest, chainDigest } from '../../src/group/digests.ts'
import { type Issuer, issueLinkUnder, issueMembershipUnder } from '../../src/group/issuer.ts'
import { linkTermsExtension } from '../../src/group/link-terms.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { PasswordAdmission } from '../../src/group/password-proof.ts'
import type { PasswordVerifier } from '../../src/group/password-verifier.ts'
import { encodeProofs, readProofs } from '../../src/group/record-proofs.ts'
import { type Chain, encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import type { Role } from '../../src/identity/role.ts'
import { graphKeys } from '../../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { SEED_LENGTH, type SigningKeyPair } from '../../src/runtime/crypto.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { SIMULATED_GRAPH_ID } from '../graph/simulated-graph.ts'
import { crypto } from '../identity/platform.ts'
import { DAY, type GroupMember, type SimulatedGroup } from './simulated-group.ts'

const keys = graphKeys(crypto, SIMULATED_GRAPH_ID)

/** From now on this member signs whatever it is asked to, stores it, and hands it on. */
export function withoutChecks(group: SimulatedGroup, liar: GroupMember): GroupMember {
  const security = liar.security()
  const { digest } = group.chainOf(liar.member)
  security.validate = () => 'valid'
  security.secure = (_draft, previous) => {
    const creator = previous && readProofs(previous.proofs)?.creator
    return encodeProofs({ creator: creator ?? digest, author: digest })
  }
  return liar
}

/** What is different in a record from one that this member could write now. */
export type Forging = Partial<RecordDraft> & {
  readonly text?: string
  /** Under which chains it is said to be written. */
  readonly chain?: Pick<MemberChain, 'digest'>
  /** Whose signature it bears; by default the member's. */
  readonly keyPair?: SigningKeyPair
}

/** A record that a member has signed, right or wrong. */
export function forged(
  group: SimulatedGroup,
  { member }: GroupMember,
  { text = 'forged', chain, keyPair = member.identity.keyPair, ...changes }: Forging = {},
  previous?: GraphRecord,
): GraphRecord {
  const author = { publicKey: keyPair.publicKey, classifier: '' }
  const now = member.node.now()
  const draft: RecordDraft = {
    ...{ id: previous?.id, type: previous?.type ?? 'test.note', creator: previous?.creator ?? author },
    ...{ created: previous?.created ?? now, version: (previous?.version ?? 0) + 1, author, modified: now },
    ...{ expires: previous?.expires ?? now + DAY, deleted: false, encoding: 'text', payload: toUtf8(text) },
    attributes: [],
    ...changes,
  }
  const { digest } = chain ?? group.chainOf(member)
  const creator = previous && readProofs(previous.proofs)?.creator
  const signing = { keyPair, proofs: encodeProofs({ creator: creator ?? digest, author: digest }) }
  if (previous !== undefined) return makeLaterVersion(crypto, keys, draft, previous, signing)
  return makeFirstVersion(crypto, keys, draft, randomBytes(group.random, 16), signing)
}

/** Puts records into the database of a member without checks, whose node hands them on. */
export function spread({ member }: GroupMember, ...records: readonly GraphRecord[]): void {
  for (const record of records) member.node.import(record.bytes, () => undefined)
}

/** Opens somebody with a certificate that a member has issued for a role, by right or not. */
export function openIssued(group: SimulatedGroup, by: GroupMember, role: Role, at: GroupMember): GroupMember {
  const one = group.open(
    ({ identity }) => {
      return { kind: 'chain', chain: issuedWithoutRight(group.issuer(by), identity.keyPair.publicKey, role, group) }
    },
    { at: [at.member.endpoint] },
  )
  group.others.push(one)
  return one
}

/** Opens somebody by a link that a member has made for a role, by right or not. */
export function openLinked(group: SimulatedGroup, by: GroupMember, role: Role, at: GroupMember): GroupMember {
  const { publicKey, secretKey } = crypto.signingKeyPair(randomBytes(group.random, SEED_LENGTH))
  const issuer = group.issuer(by)
  const { period } = issuance(issuer, publicKey, role, group)
  const terms = linkTermsExtension({ uses: undefined, admitter: undefined })
  const chain = issueLinkUnder(
    crypto,
    group.random,
    issuer,
    { publicKey, roles: [role], period },
    period.notAfter,
    terms,
  )
  const one = group.open(
    ({ identity }) => {
      const held = issuedWithoutRight({ chain, secretKey }, identity.keyPair.publicKey, role, group)
      return { kind: 'chain', chain: held }
    },
    { at: [at.member.endpoint] },
  )
  group.others.push(one)
  return one
}

/** A chain that somebody has issued, which may not hold: nothing is verified. */
export function issuedWithoutRight(
  issuer: Issuer,
  publicKey: Uint8Array,
  role: Role,
  group: Pick<SimulatedGroup, 'now' | 'random'>,
): MemberChain {
  const chain = issueMembershipUnder(crypto, group.random, issuer, issuance(issuer, publicKey, role, group))
  const leaf = chain.at(-1)
  if (leaf?.kind !== 'group-membership') throw new Error('a GMC was issued')
  const bytes = encodeChain(chain)
  return {
    ...{ chain, bytes, digest: chainDigest(crypto, bytes), leaf, key: toHex(publicKey), roles: [role] },
    certificateDigests: chain.map(({ der }) => certificateDigest(crypto, der)),
    depth: chain.length - 1,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
  }
}

/** From now on this member lets in whoever knows a password, and gives out what it is told to. */
export function admitting(
  group: SimulatedGroup,
  liar: GroupMember,
  verifier: PasswordVerifier,
  issue: (link: LinkToJudge) => MemberChain,
): void {
  const own = group.chainOf(liar.member)
  liar.security().admit = (link, send): Admission => {
    const admitter: AdmissionMember = {
      begin: () => own,
      ownChain: () => own,
      judge: () => own,
      isMember: () => true,
      prove: () => {
        throw new Error('it is a member already')
      },
      admitByPassword: () => {
        const ends = { admitterKey: liar.member.identity.keyPair.publicKey, joinerKey: link.peer.publicKey }
        const run = new PasswordAdmission(
          crypto,
          group.random,
          { group: group.name, ...ends, channelBinding: link.channelBinding },
          verifier,
        )
        return { run, issue: () => issue(link) }
      },
      chainNamed: () => undefined,
      chainCame: () => 'forged',
      joined: () => undefined,
      counted: () => undefined,
    }
    return new AdmissionExchange(admitter, link, send)
  }
}

function issuance({ chain }: Issuer, publicKey: Uint8Array, role: Role, group: Pick<SimulatedGroup, 'now'>) {
  const parent: Chain[number] = chain.at(-1) ?? chain[0]
  const now = group.now()
  return { publicKey, roles: [role], period: { notBefore: now - (now % 1000), notAfter: parent.notAfter } }
}
