/**
 * What an application is told of a cloud, and what it says to open one.
 */
import type { CloudScope } from '../pnrp/cloud.ts'

/** A cloud, as this node sees it. */
export interface CloudInfo {
  /** As it is given to `clouds.open`. */
  readonly name: string
  /** How far it reaches. */
  readonly scope: CloudScope
  /** Of a site-local cloud. */
  readonly zone?: string
  /** Of a link-local cloud: the interface of this machine, as the platform calls it. */
  readonly interface?: string
  /**
   * The ranges from which its addresses come; undefined if it takes any unicast address, or, for `Global_`, any that is not
   * of a smaller scope.
   */
  readonly ranges?: readonly string[]
  /**
   * `not-started`: it is not open here. `synchronizing`: it is looked for. `active`: other nodes are known. `alone`:
   * nobody was found so far. `no-network`: this machine has no address for it. `disabled`: the node is suspended.
   */
  readonly state: 'not-started' | 'synchronizing' | 'active' | 'alone' | 'no-network' | 'disabled'
  /** How often it is open. A cloud that is no longer open is left after 15 minutes. */
  readonly openCount: number
  /** Why this node only resolves there; undefined if others can reach it, as far as is known. */
  readonly resolveOnly?: 'configured' | 'address-translated' | 'not-asked' | 'no-address'
  /** The UDP port of this node, while the cloud is started. */
  readonly port?: number
  /** The addresses that this node uses there. */
  readonly addresses: readonly string[]
  /** `host:port` where others see this node, once enough of them agree. */
  readonly observed?: string
  /** Whether it was opened with a secret. */
  readonly hasSecret: boolean
  /** About how many nodes it has. */
  readonly estimatedNodes: number
}

/** What became of a cloud. */
export interface CloudChange {
  /** `added`: it is listed now. `deleted`: it is listed no more. */
  readonly kind: 'added' | 'changed' | 'deleted'
  /** How it is now; of a deleted one, how it was last. */
  readonly cloud: CloudInfo
}

/** The inside of a cloud's node, for people who look for a fault. */
export interface CloudInspection {
  /** How it stands. */
  readonly cloud: CloudInfo
  /** The route entries that it has: PNRP IDs as 64 hexadecimal digits, and where they are. */
  readonly entries: readonly { readonly id: string; readonly endpoints: readonly string[] }[]
  /** What was sent, received and dropped, the latter by reason. */
  readonly counters: Readonly<Record<string, number>>
}

/** How a cloud is opened. */
export interface OpenCloudOptions {
  /**
   * Members to begin with: `host:port`, 3540 without a port, IPv6 in brackets. They come before those of the node. If
   * the cloud is open already, they take the place of those that it was opened with.
   */
  readonly seeds?: readonly string[] | undefined
  /** Of a private cloud: the ranges from which its addresses come, such as `10.0.0.0/8`. By default any unicast address. */
  readonly ranges?: readonly string[] | undefined
  /** Of a private cloud: at least 16 bytes that all of its nodes share. */
  readonly secret?: Uint8Array | undefined
  /** Only resolve, and be neither found nor asked by others. */
  readonly resolveOnly?: boolean | undefined
}
