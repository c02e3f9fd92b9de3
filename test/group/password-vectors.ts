/** The published vectors of passwords, docs/protocol/vectors/group-password.json, as values of the program. */
import { readFileSync } from 'node:fs'
import type { PasswordLink } from '../../src/group/password-proof.ts'
import type { PasswordCost, PasswordVerifier } from '../../src/group/password-verifier.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import type { Role } from '../../src/identity/role.ts'
import { type GraphKeys, graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import type { ErrorCode } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'

interface ProofVector {
  readonly initiatorScalar: string
  readonly responderScalar: string
  readonly channel: string
  readonly challenge: string
  readonly proof: string
  readonly confirmation: string
}

/** A record as the vectors have it; who it is sealed to in the form of their seeds. */
export type RecordVector =
  | (Terms & Sealing & { readonly kind: 'setting' })
  | (Sealing & { readonly kind: 'addition'; readonly to: Terms; readonly password: string })
  | (Vector & { readonly kind: 'removal'; readonly generation: number })

interface Vector {
  readonly what: string
  readonly payload: string
}

interface Terms {
  readonly generation: number
  readonly role: Role
  readonly cost: PasswordCost
}

interface Sealing extends Vector {
  readonly verifier: string
  readonly sealingSeed: string
  readonly admitters: readonly { readonly certificate: string; readonly seed: string }[]
}

interface PasswordVectors {
  readonly graphId: string
  readonly salt: string
  readonly group: string
  readonly verifiers: readonly {
    readonly what: string
    readonly password: string
    readonly cost: PasswordCost
    readonly value: string
  }[]
  readonly link: {
    readonly admitterSeed: string
    readonly joinerSeed: string
    readonly channelBinding: string
    readonly cost: PasswordCost
    readonly verifier: string
  }
  readonly proof: ProofVector
  readonly laterChallenge: ProofVector
  readonly laterProof: ProofVector
  readonly refusedChallenges: readonly { readonly what: string; readonly body: string }[]
  readonly refusedProofs: readonly { readonly what: string; readonly body: string }[]
  readonly records: readonly RecordVector[]
  readonly laterRecords: readonly string[]
  readonly refusedRecords: readonly { readonly what: string; readonly payload: string; readonly code: ErrorCode }[]
}

export const passwordVectors: PasswordVectors = JSON.parse(
  readFileSync('docs/protocol/vectors/group-password.json', 'utf8'),
)
export const graph: GraphKeys = graphKeys(crypto, parseGraphId(passwordVectors.graphId))
export const group = parsePeerName(passwordVectors.group)
/** The cost of which tests derive what they do not fake. */
export const LEAST_COST: PasswordCost = passwordVectors.link.cost
/** Of the password of the first vector, at the least cost. */
export const verifier: PasswordVerifier = { cost: LEAST_COST, value: hex(passwordVectors.link.verifier) }
export const admitterKeyPair = crypto.signingKeyPair(hex(passwordVectors.link.admitterSeed))
export const joinerKeyPair = crypto.signingKeyPair(hex(passwordVectors.link.joinerSeed))
export const link: PasswordLink = {
  group,
  admitterKey: admitterKeyPair.publicKey,
  joinerKey: joinerKeyPair.publicKey,
  channelBinding: hex(passwordVectors.link.channelBinding),
}
