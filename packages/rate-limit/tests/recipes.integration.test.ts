import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { createRateLimiter, ipKey, rateLimitHeaders, rateLimitProblem } from '../src/index.ts';

const limiterOf = () => createRateLimiter({ rules: { limit: 1, windowMs: 60_000 } });

/** The README's recipe for Express and plain http. */
function limitHttp() {
  const limiter = limiterOf();
  return async (req: IncomingMessage, res: ServerResponse, next: () => unknown): Promise<unknown> => {
    const decision = await limiter.consume(ipKey(req.socket.remoteAddress ?? ''));
    for (const [name, value] of Object.entries(rateLimitHeaders(decision, limiter.rules))) res.setHeader(name, value);
    if (decision.allowed) return next();
    return res
      .writeHead(429, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify(rateLimitProblem(decision)));
  };
}

async function checkTwice(get: () => Response | Promise<Response>): Promise<void> {
  const first = await get();
  expect({ status: first.status, quota: first.headers.get('ratelimit') }).toEqual({
    status: 200,
    quota: '"default";r=0;t=60',
  });
  const second = await get();
  expect(second.status).toBe(429);
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
  expect(await second.json()).toMatchObject({ status: 429, 'violated-policies': ['default'] });
}

it.each([
  [
    'express',
    () =>
      createServer(
        express()
          .use(limitHttp())
          .get('/', (_request, response) => void response.send('hello')),
      ),
  ],
  [
    'plain http',
    () => {
      const limit = limitHttp();
      return createServer((req, res) => void limit(req, res, () => res.end('hello')));
    },
  ],
])('the recipe for %s', async (_, create) => {
  const server = create();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await checkTwice(() => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it('the recipe for Hono', async () => {
  const limiter = limiterOf();
  const app = new Hono();
  app.use(async (c, next) => {
    const decision = await limiter.consume(ipKey(c.req.header('x-address') ?? ''));
    for (const [name, value] of Object.entries(rateLimitHeaders(decision, limiter.rules))) c.header(name, value);
    if (decision.allowed) return next();
    return c.body(JSON.stringify(rateLimitProblem(decision)), 429, { 'content-type': 'application/problem+json' });
  });
  app.get('/', (c) => c.text('hello'));

  await checkTwice(() => app.request('/', { headers: { 'x-address': '192.0.2.1' } }));
});
