// oxlint-disable-next-line eslint/no-restricted-imports -- names of scripts and of long keys are hashes; this door is for Node.
import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from './redis/connection.ts';
import { createStore, type RedisStoreOptions } from './redis/store.ts';
import type { Store } from './store.ts';

export type { RedisClient } from './redis/connection.ts';
export type { RedisStoreOptions } from './redis/store.ts';

/**
 * A store in Redis or Valkey for `createRateLimiter`: one script call carries all checks of an event-loop turn.
 * `client` is an ioredis client (version 5 or 6, alone or of a cluster); it is duplicated, never used, and stays yours. The
 * duplicate has no offline queue: what cannot be sent at once is answered without Redis. `close()` ends the duplicate.
 * @throws {TypeError | RangeError} An option is wrong; the message names it and its value.
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  if (typeof (client as Partial<RedisClient> | undefined)?.duplicate !== 'function') {
    throw new TypeError('client: expected an ioredis client, got something without duplicate()');
  }
  return createStore(client, options, {
    sha1: (text) => createHash('sha1').update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).digest('base64url'),
    randomId: () => randomBytes(9).toString('base64url'),
  });
}
