/** What the child process `changes-identities.ts` prints, a line of JSON each. */
import type { PeerName } from '../../src/identity/peer-name.ts'

export type Line =
  | { readonly kind: 'ready' }
  /** The call is about to be made. */
  | { readonly kind: 'begin'; readonly change: IdentityChange }
  /** The call has returned. */
  | { readonly kind: 'done'; readonly change: IdentityChange }
  /** There was no such identity any more. */
  | { readonly kind: 'gone'; readonly change: IdentityChange }

export type IdentityChange =
  /** The peer name is known when it is done. */
  | { readonly type: 'create'; readonly friendlyName: string; readonly peerName?: PeerName }
  | { readonly type: 'rename'; readonly friendlyName: string; readonly peerName: PeerName }
  | { readonly type: 'delete'; readonly peerName: PeerName }
