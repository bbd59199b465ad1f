/** A server of the Fastify bench: `none`, `corral` or `fastify`, on the Redis of the second argument. */
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { rateLimitPlugin } from '../src/fastify.ts';
import { createRateLimiter } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';

const [kind, url] = process.argv.slice(2) as [string, string];
const redis = new Redis(url);
const app = Fastify();
const userOf = (request: { headers: Record<string, unknown> }): string => String(request.headers['x-user']);

if (kind === 'corral') {
  const limiter = createRateLimiter({
    rules: { limit: 1_000, windowMs: 60_000 },
    store: createRedisStore(redis),
    timeoutMs: 5_000,
    workers: 1,
  });
  await limiter.ready();
  await app.register(rateLimitPlugin, { limiter, key: userOf });
} else if (kind === 'fastify') {
  await app.register(fastifyRateLimit, { redis, max: 1_000, timeWindow: 60_000, keyGenerator: userOf });
}
app.get('/', () => Promise.resolve({ hello: 'world' }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
await app.listen({ port: 0, host: '127.0.0.1' });
process.send!({ port: (app.server.address() as { port: number }).port });
