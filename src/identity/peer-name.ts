/**
 * Peer names: `authority.classifier`, split at the first dot (MS-PNRP 2.2.4).
 *
 * The authority is the hash of a key, for a **secured** name, or `0` for an **unsecured** one, which
 * anybody may use. The classifier is free text that tells the names of one authority apart. Names
 * are compared by code unit: nothing is trimmed, folded or normalized.
 */
import type { Branded } from '../runtime/branded.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { isSecuredAuthority } from './authority.ts'

/** A legal peer name, secured or not. */
export type PeerName = Branded<string, 'PeerName'>

/** The authority of every unsecured name. */
export const UNSECURED_AUTHORITY = '0'
/** In UTF-16 code units. The 150 that is found elsewhere counts a terminator. */
export const LONGEST_CLASSIFIER = 149
/** In UTF-16 code units: 40 digits, a dot, and the longest classifier. */
export const LONGEST_PEER_NAME = 190

/**
 * Checks that a text is a peer name.
 *
 * @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`
 */
export function parsePeerName(text: string): PeerName {
  const dot = text.indexOf('.')
  if (dot < 0) throw new PeerageError('invalid-peer-name', { value: text, problem: 'there is no dot in it' })
  return makePeerName(text.slice(0, dot), text.slice(dot + 1))
}

/**
 * The peer name of an authority and a classifier.
 *
 * @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`
 */
export function makePeerName(authority: string, classifier: string): PeerName {
  const name = `${authority}.${classifier}`
  if (authority !== UNSECURED_AUTHORITY && !isSecuredAuthority(authority)) {
    throw new PeerageError('invalid-peer-name', { value: name, problem: authorityProblem(authority) })
  }
  checkClassifier(classifier)
  if (classifier === '' && authority === UNSECURED_AUTHORITY) {
    throw new PeerageError('invalid-classifier', {
      value: classifier,
      problem: 'an unsecured name cannot have an empty one',
    })
  }
  return name as PeerName
}

/** What stands before the first dot: 40 hexadecimal digits, or `0`. */
export function authorityPart(name: PeerName): string {
  return name.slice(0, name.indexOf('.'))
}

/** What stands after the first dot; it may be empty and may hold dots. */
export function classifierPart(name: PeerName): string {
  return name.slice(name.indexOf('.') + 1)
}

/** Whether a key stands behind the name. */
export function isSecured(name: PeerName): boolean {
  return authorityPart(name) !== UNSECURED_AUTHORITY
}

/**
 * The name itself, if it is secured. Identities, groups, and whoever signs anything need that.
 *
 * @throws PeerageError `unsecured-peer-name`
 */
export function requireSecured(name: PeerName): PeerName {
  if (!isSecured(name)) throw new PeerageError('unsecured-peer-name', { value: name })
  return name
}

/**
 * Checks that a text can be a classifier: 0 to {@link LONGEST_CLASSIFIER} code units, no U+0000, no
 * unpaired surrogate.
 *
 * @throws PeerageError `invalid-classifier`, `classifier-too-long`
 */
export function checkClassifier(classifier: string): void {
  if (classifier.length > LONGEST_CLASSIFIER) {
    throw new PeerageError('classifier-too-long', { length: classifier.length, limit: LONGEST_CLASSIFIER })
  }
  if (classifier.includes('\0')) {
    throw new PeerageError('invalid-classifier', { value: classifier, problem: 'it contains U+0000' })
  }
  if (!classifier.isWellFormed()) {
    throw new PeerageError('invalid-classifier', { value: classifier, problem: 'it contains an unpaired surrogate' })
  }
}

function authorityProblem(authority: string): string {
  if (/^[0-9a-fA-F]{40}$/.test(authority)) return 'its authority has upper-case digits'
  if (/^[0-9a-fA-F]*$/.test(authority)) return `its authority has ${authority.length} digits instead of 40`
  return "its authority is neither '0' nor 40 hexadecimal digits"
}
