export { redisTransport, type RedisTransportOptions } from './redis-transport.ts';
export type { RedisClient } from './redis-client.ts';
