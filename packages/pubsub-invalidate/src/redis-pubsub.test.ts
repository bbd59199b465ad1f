import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { OwnRedis } from './redis-client.ts';
import type { RedisLink } from './redis-link.ts';
import { openSharded } from './redis-pubsub.ts';

it('a sharded session ends every connection that it opened, also for a channel that was left and taken up again', async () => {
  const open = new Set<object>();
  const link: Pick<RedisLink, 'open' | 'group'> = {
    group: async (channels) => channels.map((channel) => [channel]),
    open: async () => {
      const redis = Object.assign(new EventEmitter(), {
        ssubscribe: async () => {},
        sunsubscribe: async () => {},
        disconnect: () => open.delete(redis),
      });
      open.add(redis);
      return redis as unknown as OwnRedis;
    },
  };
  const session = await openSharded(link as RedisLink, { message: () => {}, closed: () => {}, trimmed: () => {} });
  await session.subscribe(['beat', 'topic']);
  await session.unsubscribe(['topic']);
  await session.subscribe(['topic']);
  expect(open.size).toBe(2);

  session.close();
  await Promise.resolve();

  expect(open.size).toBe(0);
});
