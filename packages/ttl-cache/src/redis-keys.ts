// oxlint-disable-next-line no-restricted-imports -- ioredis needs Node anyway; key names must be made synchronously, so that calls keep their order
import { createHash } from 'node:crypto';

/** The names of what is held for one key. All lie in one slot of a Redis Cluster. */
export interface KeyNames {
  /** Which of the generations, and so of the cluster's slots. */
  readonly shard: number;
  /** The key in messages: bounded, whatever the caller's key is. */
  readonly id: string;
  readonly entry: string;
  readonly lease: string;
  /** Exists while somebody waits for the holder of the lease. */
  readonly waited: string;
}

/** A cluster spreads the keys of a prefix over so many slots. One server needs one generation. */
export const clusterShards = 64;

const longestPlainKey = 100;

/** Pure: the same key has the same names in every process and version. */
export class KeySpace {
  readonly channel: string;
  readonly shards: number;
  readonly #prefix: string;

  constructor(prefix: string, shards: number) {
    this.#prefix = prefix;
    this.shards = shards;
    this.channel = `${prefix}{0}:filled`;
  }

  generation(shard: number): string {
    return `${this.#prefix}{${shard}}:generation`;
  }

  names(key: string): KeyNames {
    const shard = this.shards === 1 ? 0 : fnv1a(key) % this.shards;
    const id = keyId(key);
    const stem = `${this.#prefix}{${shard}}:`;
    return { shard, id, entry: `${stem}v:${id}`, lease: `${stem}l:${id}`, waited: `${stem}w:${id}` };
  }
}

/** Short keys are readable in Redis; long and ill-formed ones (which UTF-8 cannot tell apart) are hashed. */
function keyId(key: string): string {
  if (key.length <= longestPlainKey && key.isWellFormed()) return `=${key}`;
  return `#${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('base64url')}`;
}

/** Spreads well enough, and costs nothing. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
