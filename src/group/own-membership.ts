/**
 * The membership of this node's own identity.
 */

/** How the own membership stands. `not-let-in`: there is no chain yet, or it is one by a link that nobody has admitted. */
export type OwnStanding = 'not-let-in' | 'not-yet-valid' | 'in-force' | 'expired' | 'revoked'
