/**
 * The clouds of a node, as applications see them: data and promises. Which ones there are, which are open, and what
 * changes (MS-PNRP 3.1.4.1, 3.1.4.5). The work is done by {@link OpenClouds}.
 */
import type { CloudScope } from '../pnrp/cloud.ts'
import type { Closing } from './closing.ts'
import type { CloudChange, CloudInfo, CloudInspection, OpenCloudOptions } from './cloud-info.ts'
import { changesBetween, type OpenClouds } from './open-clouds.ts'

/** The clouds of a node. */
export interface Clouds {
  /**
   * All clouds: those that are started, and the standard ones that could be.
   *
   * @param options Only clouds of this scope.
   */
  list(options?: { scope?: CloudScope | undefined }): Promise<readonly CloudInfo[]>
  /**
   * Every cloud as `added`, and then what changes, each once, until the signal aborts or the node closes.
   *
   * @param options Only clouds of this scope.
   */
  watch(options?: { scope?: CloudScope | undefined; signal?: AbortSignal | undefined }): AsyncIterable<CloudChange>
  /** The inside of a cloud that is started. @throws PeerageError `cloud-not-found` */
  inspect(name: string): Promise<CloudInspection>
  /**
   * Opens a cloud, or opens it once more: it stays open until each of the handles is closed. It resolves when the
   * node listens; whether others are found shows in {@link Clouds.list}.
   *
   * @param name `Global_`, `SiteLocal_1`, `LinkLocal_<interface>`, or any other name for a private cloud.
   * @throws PeerageError `invalid-cloud`, `invalid-argument` (a seed or a range), `no-network`, `port-in-use` (a port
   *   that was asked for), `address-not-available`, `network-failed`
   */
  open(name: string, options?: OpenCloudOptions): Promise<Closing>
}

/**
 * The clouds of a node.
 *
 * @param requireOpen Called with the name of each operation before it begins; throws if the node is closed.
 */
export function cloudsOf(clouds: OpenClouds, requireOpen: (operation: string) => void): Clouds {
  return {
    list: async ({ scope } = {}) => {
      requireOpen('clouds.list')
      return clouds.list(scope)
    },
    watch: ({ scope, signal } = {}) => {
      requireOpen('clouds.watch')
      return watch(clouds, scope, signal)
    },
    inspect: async (name) => {
      requireOpen('clouds.inspect')
      return clouds.inspect(name)
    },
    open: async (name, options = {}) => {
      requireOpen('clouds.open')
      return clouds.join(name, options)
    },
  }
}

/** Compares what there is with what was told last, so that a slow reader costs nothing and is told nothing twice. */
async function* watch(
  clouds: OpenClouds,
  scope: CloudScope | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<CloudChange, void, undefined> {
  let told: readonly CloudInfo[] = []
  while (!clouds.isClosed) {
    signal?.throwIfAborted()
    const current = clouds.list(scope)
    const changes = changesBetween(told, current)
    told = current
    yield* changes
    if (changes.length === 0) await clouds.nextChange(signal)
  }
}
