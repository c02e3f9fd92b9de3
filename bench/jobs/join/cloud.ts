/**
 * The cloud in which the members and those who join find each other: its nodes are on loopback, and one of them is the seed.
 */
import type { CloudInfo, PeerNode } from '../../../dist/index.js'
import { until } from './until.ts'

const CLOUD = 'measured'

/** @returns the port of this node there */
export async function beSeed(node: PeerNode): Promise<number> {
  await node.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'] })
  const { port } = await cloudOf(node)
  if (port === undefined) throw new Error('an open cloud has a port')
  return port
}

/** Ends when this node can be found there, and can find others. */
export async function enterCloud(node: PeerNode): Promise<string> {
  await node.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'] })
  await until(async () => (await cloudOf(node)).state === 'active')
  return CLOUD
}

async function cloudOf(node: PeerNode): Promise<CloudInfo> {
  const cloud = (await node.clouds.list()).find(({ name }) => name === CLOUD)
  if (cloud === undefined) throw new Error('it is open')
  return cloud
}
