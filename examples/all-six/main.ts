// All six together: reads that stay off the database, writes that every process sees, limits that hold while Redis is away.
import { createPool } from '@corral/db-pool';
import { createRepresentation, type Representation } from '@corral/etag';
import { etagPlugin } from '@corral/etag/fastify';
import { createBus, createInvalidator, kind } from '@corral/pubsub-invalidate';
import { postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { createRateLimiter } from '@corral/rate-limit';
import { rateLimitPlugin } from '@corral/rate-limit/fastify';
import { createRedisStore } from '@corral/rate-limit/redis';
import { createSingleflight } from '@corral/singleflight';
import { createTtlCache } from '@corral/ttl-cache';
import Fastify from 'fastify';
import { Redis } from 'ioredis';

const { DATABASE_URL = 'postgres://localhost/app', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env;
const pool = createPool({ connection: DATABASE_URL });
const redis = new Redis(REDIS_URL);
const store = createRedisStore(redis, { prefix: 'all-six' });
const limiter = createRateLimiter({ rules: { limit: 4, windowMs: 60_000 }, store, workers: 1 });
const bus = createBus({ transport: postgresTransport({ listen: DATABASE_URL }), namespace: 'ducks' });
const changes = createInvalidator({ bus, topic: 'ducks', kinds: { duck: kind<{ id: string }>() } });
const ducks = createTtlCache<Representation>({ ttlMs: 60_000, staleIfErrorMs: 600_000 }); // kept, until it changes
const counts = createSingleflight<string>(); // shared, never kept
changes.bind(ducks, { keys: { duck: ({ id }) => [id] } });
await pool.query('create table if not exists ducks (id text primary key, name text)');
await Promise.all([bus.start(), limiter.ready()]);

const app = Fastify();
await app.register(etagPlugin);
await app.register(rateLimitPlugin, { limiter, key: (request) => String(request.headers['x-api-key']) });
app.get<{ Params: { id: string } }>('/ducks/:id', async ({ params: { id } }, reply) => {
  const duck = await ducks.getOrLoad(id, async ({ signal }) => {
    const { rows } = await pool.query('select * from ducks where id = $1', [id], { signal });
    return rows[0] && createRepresentation(JSON.stringify(rows[0]), { contentType: 'application/json' });
  });
  return duck === undefined ? reply.callNotFound() : reply.sendRepresentation(duck);
});
app.put<{ Params: { id: string; name: string } }>('/ducks/:id/:name', async ({ params: { id, name } }) =>
  changes.transaction(pool.asPgPool(), async (client, tx) => {
    await client.query('insert into ducks values ($1, $2) on conflict (id) do update set name = $2', [id, name]);
    tx.publish('duck', { id }); // leaves after the commit, never on rollback
    return { id, name };
  }),
);
app.get('/count', () =>
  counts.do('count', async () => JSON.stringify((await pool.query('select count(*) from ducks')).rows)),
);

// What a client sees.
const call = (method: 'GET' | 'PUT', url: string, headers = {}) =>
  app.inject({ method, url, headers: { 'x-api-key': `client-${process.pid}`, ...headers } });
console.log('write ', (await call('PUT', '/ducks/7/Ada')).body);
const { statusCode, headers, body } = await call('GET', '/ducks/7');
console.log('read  ', statusCode, body);
console.log('again ', (await call('GET', '/ducks/7', { 'if-none-match': headers['etag'] })).statusCode);
console.log('count ', (await call('GET', '/count')).body);
console.log('fifth ', (await call('GET', '/ducks/7')).statusCode);
for (const part of [app, bus, limiter, store, pool, ducks]) await part.close();
redis.disconnect();
