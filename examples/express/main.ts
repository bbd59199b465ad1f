// Express 5: a cache in front of the loader, 304s from a row's version before the row is loaded, and a limit.
import { versionEtag } from '@corral/etag';
import { checkPreconditions } from '@corral/etag/node';
import { createRateLimiter, ipKey, rateLimitHeaders, rateLimitProblem } from '@corral/rate-limit';
import { createTtlCache } from '@corral/ttl-cache';
import express from 'express';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

interface User {
  name: string;
  version: number;
}
const table = new Map<string, User>([['7', { name: 'Ada', version: 1 }]]);
let queries = 0;

const users = createTtlCache<User>({ ttlMs: 10_000, negativeTtlMs: 1_000 });
const userOf = (id: string) =>
  users.getOrLoad(id, async ({ key }) => {
    queries++;
    return table.get(key); // SELECT ... in real life; undefined is "not found"
  });

const limiter = createRateLimiter({ rules: { limit: 5, windowMs: 60_000 } });
const app = express();
app.disable('etag'); // its own tags cost a hash for each answer and know no If-Match

app.use(async (request, response, next) => {
  const decision = await limiter.consume(ipKey(request.socket.remoteAddress ?? ''));
  for (const [name, value] of Object.entries(rateLimitHeaders(decision, limiter.rules)))
    response.setHeader(name, value);
  if (decision.allowed) return next();
  response
    .status(429)
    .type('application/problem+json')
    .send(JSON.stringify(rateLimitProblem(decision)));
});

app.get('/users/:id', async (request, response) => {
  const user = await userOf(request.params.id);
  if (user === undefined) return void response.sendStatus(404);
  response.set('cache-control', 'private, no-cache');
  if (checkPreconditions(request, response, { etag: versionEtag(user.version) })) return;
  response.json(user);
});

app.put('/users/:id/:name', (request, response) => {
  const { id, name } = request.params;
  table.set(id, { name, version: (table.get(id)?.version ?? 0) + 1 });
  users.delete(id); // after the write; a load that runs now is not stored
  response.sendStatus(204);
});

// What a client sees.
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/users`;
const first = await fetch(`${url}/7`);
const headers = { 'if-none-match': first.headers.get('etag')! };
console.log(`first: ${first.status} ${await first.text()}, then: ${(await fetch(`${url}/7`, { headers })).status}`);
await fetch(`${url}/7/Bo`, { method: 'PUT' });
const changed = await fetch(`${url}/7`, { headers });
console.log(`after the write: ${changed.status} ${await changed.text()}, ${queries} queries`);
console.log(`nobody: ${(await fetch(`${url}/8`)).status}, too many: ${(await fetch(`${url}/8`)).status}`);
server.close();
users.close();
await limiter.close();
