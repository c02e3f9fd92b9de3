/**
 * Why somebody is not let in, or does not want to be: told to both sides, counted, and shown to whoever joins (P-070). The numbers on
 * the wire are the places in {@link admissionRefusals}, from 1 up.
 */

/** The reasons, in the order of their numbers: new ones come last. */
export const admissionRefusals = [
  'malformed',
  'unexpected',
  'other-version',
  'no-membership',
  'expired',
  'not-yet-valid',
  'revoked',
  'other-group',
  'forged',
  'other-key',
  'not-a-member',
  'not-let-in',
  'link-expired',
  'link-used-up',
  'link-cancelled',
  'link-of-another-admitter',
  'link-admits-itself',
  'no-password',
  'password-locked',
  'may-not-admit',
  'wrong-password',
  'other-password-cost',
  'too-many-attempts',
  'chain-not-known',
] as const

export type AdmissionRefusal = (typeof admissionRefusals)[number]

/** What it means, as the end of a sentence about who was refused. */
export const refusalTexts: Readonly<Record<AdmissionRefusal, string>> = {
  malformed: 'a message was malformed',
  unexpected: 'a message came out of order',
  'other-version': 'the version of the exchange is another one',
  'no-membership': 'there is no membership to get in with',
  expired: 'the membership has expired',
  'not-yet-valid': 'the membership has not begun',
  revoked: 'the membership was revoked',
  'other-group': 'the membership is of another group',
  forged: 'the chain of certificates is not valid',
  'other-key': 'the chain of certificates is of another identity',
  'not-a-member': 'no membership of this identity is known there',
  'not-let-in': 'whoever is above it in the chain was not let in, as far as is known there',
  'link-expired': 'the link has expired',
  'link-used-up': 'the link is used up',
  'link-cancelled': 'the link was cancelled',
  'link-of-another-admitter': 'the link names another member who lets in',
  'link-admits-itself': 'nobody lets itself in by a link',
  'no-password': 'the group has no password',
  'password-locked': 'the password is locked, because somebody who knew it was revoked',
  'may-not-admit': 'that member may not let in by password',
  'wrong-password': 'the password is wrong',
  'other-password-cost': 'the password has to be derived at another cost',
  'too-many-attempts': 'there were too many attempts; try again later',
  'chain-not-known': 'the chain of certificates above the link is not known there',
}
