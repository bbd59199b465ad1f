import Fastify, { type FastifyInstance } from 'fastify';
import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { type RateLimitPluginOptions, rateLimitPlugin } from './fastify.ts';
import { createRateLimiter, type RateLimiter } from './index.ts';

const limiterOf = (limit: number, name = 'default'): RateLimiter =>
  createRateLimiter({ rules: { name, limit, windowMs: 60_000 }, now: fakeClock(1_000).now });

async function serve(options: RateLimitPluginOptions): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(rateLimitPlugin, options);
  app.get('/', (request) => Promise.resolve({ remaining: request.rateLimit?.remaining ?? null }));
  return app;
}

describe('rateLimitPlugin', () => {
  it('limits by address and tells the quota', async () => {
    const app = await serve({ limiter: limiterOf(2) });

    const first = await app.inject('/');
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({ remaining: 1 });
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"default";q=2;w=60', ratelimit: '"default";r=1;t=60' });
    expect(first.headers).not.toHaveProperty('retry-after');
    expect((await app.inject({ url: '/', remoteAddress: '2001:db8::1' })).json()).toEqual({ remaining: 1 });
    expect((await app.inject({ url: '/', remoteAddress: '2001:db8::2' })).json()).toEqual({ remaining: 0 });
  });

  it('denies with a problem document and a time to come back', async () => {
    const app = await serve({ limiter: limiterOf(1) });
    await app.inject('/');

    const denied = await app.inject('/');

    expect(denied.statusCode).toBe(429);
    expect(denied.headers['content-type']).toBe('application/problem+json');
    expect(denied.json()).toMatchObject({ status: 429, 'violated-policies': ['default'] });
    expect(Number(denied.headers['retry-after'])).toBeGreaterThanOrEqual(60);
    expect(Number(denied.headers['retry-after'])).toBeLessThanOrEqual(66);
  });

  it('leaves routes out, or gives them a limiter, a key or a cost of their own', async () => {
    const app = await serve({ limiter: limiterOf(10) });
    app.get('/free', { config: { rateLimit: false } }, () => Promise.resolve('free'));
    app.get(
      '/login',
      { config: { rateLimit: { limiter: limiterOf(1, 'login'), key: () => 'all' } } },
      async () => 'in',
    );
    app.get('/dear', { config: { rateLimit: { cost: 4, key: undefined } } }, () => Promise.resolve('paid'));

    expect((await app.inject('/free')).headers).not.toHaveProperty('ratelimit');
    expect((await app.inject('/login')).headers['ratelimit']).toBe('"login";r=0;t=60');
    expect((await app.inject({ url: '/login', remoteAddress: '192.0.2.1' })).statusCode).toBe(429);
    expect((await app.inject('/dear')).headers['ratelimit']).toBe('"default";r=6;t=60');
  });

  it('skips, and asks for keys and costs', async () => {
    const app = await serve({
      limiter: limiterOf(10),
      hook: 'preHandler',
      key: async (request) => String(request.headers['x-user']),
      cost: () => 3,
      skip: (request) => request.headers['x-user'] === 'root',
    });

    expect((await app.inject({ url: '/', headers: { 'x-user': 'ann' } })).json()).toEqual({ remaining: 7 });
    expect((await app.inject({ url: '/', headers: { 'x-user': 'root' } })).json()).toEqual({ remaining: null });
  });

  it('sends the fields that were asked for', async () => {
    const legacy = await serve({ limiter: limiterOf(3), headers: 'legacy' });
    const none = await serve({ limiter: limiterOf(3), headers: false });
    const own = await serve({ limiter: limiterOf(3), headers: { serialize: () => ({ ratelimit: 'own' }) } });

    expect((await legacy.inject('/')).headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
    });
    expect((await none.inject('/')).headers).not.toHaveProperty('ratelimit');
    expect((await own.inject('/')).headers['ratelimit']).toBe('own');
  });

  it('counts a request once, also where the plugin is registered twice', async () => {
    const limiter = limiterOf(10);
    const app = await serve({ limiter });
    await app.register(rateLimitPlugin, { limiter });
    app.get('/twice', (request) => Promise.resolve({ remaining: request.rateLimit?.remaining }));

    expect((await app.inject('/twice')).json()).toEqual({ remaining: 9 });
  });

  it('lets the application answer', async () => {
    const app = await serve({
      limiter: limiterOf(1),
      onDenied: (_request, reply, { rule }) => reply.code(418).send({ rule }),
    });
    await app.inject('/');

    const denied = await app.inject('/');

    expect(denied.statusCode).toBe(418);
    expect(denied.json()).toEqual({ rule: 'default' });
  });

  it('turns an error of a key function into an error answer, and does not hang', async () => {
    const app = await serve({
      limiter: limiterOf(1),
      key() {
        throw new Error('no user');
      },
    });
    expect((await app.inject('/')).statusCode).toBe(500);
  });

  it('limits unknown routes too', async () => {
    const app = await serve({ limiter: limiterOf(1) });
    expect((await app.inject('/nowhere')).statusCode).toBe(404);
    expect((await app.inject('/nowhere')).statusCode).toBe(429);
  });

  it('refuses bad options at registration', async () => {
    await expect(serve({ limiter: undefined as unknown as RateLimiter })).rejects.toThrow(
      'limiter: expected a limiter',
    );
    await expect(serve({ limiter: limiterOf(1), hook: 'onSend' as 'onRequest' })).rejects.toThrow(
      'hook: expected onRequest or preHandler',
    );
  });
});
