/** A server of the Fastify bench: `none`, `corral` or `fastify`, on the Redis of the second argument; `users`: a key for each user. */
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { rateLimitPlugin } from '../src/fastify.ts';
import { createRateLimiter } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';

const [kind, url, keys] = process.argv.slice(2) as [string, string, string];
const redis = new Redis(url);
const app = Fastify();
const byUser = keys === 'users';
// Nobody is denied: what is measured is a request that goes through.
const [limit, windowMs] = [byUser ? 1_000 : 1e9, 60_000];
const userOf = (request: { headers: Record<string, unknown> }): string => String(request.headers['x-user']);

if (kind === 'corral') {
  const limiter = createRateLimiter({
    rules: { limit, windowMs },
    store: createRedisStore(redis),
    timeoutMs: 5_000,
    workers: 1,
  });
  await limiter.ready();
  await app.register(rateLimitPlugin, { limiter, key: byUser ? userOf : undefined });
} else if (kind === 'fastify') {
  await app.register(fastifyRateLimit, {
    redis,
    max: limit,
    timeWindow: windowMs,
    ...(byUser ? { keyGenerator: userOf } : {}),
  });
}
app.get('/', () => Promise.resolve({ hello: 'world' }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
await app.listen({ port: 0, host: '127.0.0.1' });
process.send!({ port: (app.server.address() as { port: number }).port });
