import type { OwnCluster, OwnRedis } from './redis-client.ts';

/** The hash slot of a channel or key: CRC16 of it, or of what stands in its first braces. See the Redis Cluster specification, "Key distribution model". */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of new TextEncoder().encode(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0x3fff;
}

/** The node that owns a slot; the map is asked for anew, since a session that ended may have ended because it changed. */
export async function ownerOf(cluster: OwnCluster, slot: number): Promise<OwnRedis> {
  await new Promise<void>((resolve) => cluster.refreshSlotsCache(() => resolve()));
  const key = cluster.slots[slot]?.[0];
  const owner = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === key);
  if (!owner) throw new Error(`no node of the cluster owns slot ${slot}`);
  return owner;
}

/** Any node: PUBLISH reaches the subscribers of all of them. */
export function anyNode(cluster: OwnCluster, random: () => number = Math.random): OwnRedis {
  const nodes = cluster.nodes('master');
  const node = nodes[Math.floor(random() * nodes.length)];
  if (!node) throw new Error('no node of the cluster is known');
  return node;
}
