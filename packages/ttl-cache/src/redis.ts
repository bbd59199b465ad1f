export { createRedisTier, type RedisTier } from './redis-tier.ts';
export type { RedisTierOptions } from './redis-options.ts';
export type { RedisTierEvent, RedisTierStats } from './redis-stats.ts';
export type { Codec } from './redis-envelope.ts';
export type { RedisClient, RedisSubscriber } from './redis-client.ts';
export { RedisTierError, type RedisTierErrorReason } from './redis-errors.ts';
