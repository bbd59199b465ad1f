// A hot answer is built once in 15 seconds, whoever asks; clients that have it get a 304; and nobody may ask too often.
import { createRepresentation, type Representation } from '@corral/etag';
import { etagPlugin } from '@corral/etag/fastify';
import { createRateLimiter } from '@corral/rate-limit';
import { rateLimitPlugin } from '@corral/rate-limit/fastify';
import { createTtlCache } from '@corral/ttl-cache';
import Fastify from 'fastify';

let built = 0;
async function buildScoreboard(): Promise<string> {
  built++;
  return JSON.stringify({ leader: 'Ada', points: 42 }); // a slow query in real life
}

const limiter = createRateLimiter({ rules: { limit: 100, windowMs: 60_000 } });
const answers = createTtlCache<Representation>({
  ttlMs: 15_000,
  staleWhileRevalidateMs: 15_000, // one caller rebuilds, the others get the old bytes at once
  staleIfErrorMs: 600_000, // the database is away: the old bytes answer
});

const app = Fastify();
await app.register(etagPlugin);
await app.register(rateLimitPlugin, { limiter });
app.addHook('onClose', async () => {
  answers.close();
  await limiter.close();
});

app.get('/scoreboard', async (_request, reply) => {
  const answer = await answers.getOrLoad('scoreboard', async () =>
    createRepresentation(await buildScoreboard(), {
      contentType: 'application/json',
      cacheControl: { visibility: 'public', maxAge: 5 },
    }),
  );
  return reply.sendRepresentation(answer!);
});

// What a client sees.
const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/scoreboard`;
const crowd = await Promise.all(Array.from({ length: 50 }, () => fetch(url)));
const again = await fetch(url, { headers: { 'if-none-match': crowd[0]!.headers.get('etag')! } });
const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await fetch(url)).status));
console.log(`50 clients: ${crowd[0]!.status}, built ${built} time(s)`);
console.log(`the same client again: ${again.status}, ${(await again.text()).length} bytes`);
console.log(`the limit: ${statuses.filter((status) => status === 429).length} of 111 refused`);
await app.close();
