// The server of http.bench.ts: a process of its own, so that its CPU time is that of the requests alone.
import { createHash } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastifyEtag from '@fastify/etag';
import express from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import { H3, handleCacheHeaders } from 'h3';
import { toNodeHandler } from 'h3/node';
import { defineCachedHandler } from 'ocache';
import { etagPlugin } from '../src/fastify.ts';
import { computeEtag, createRepresentation, versionEtag } from '../src/index.ts';
import { sendRepresentation } from '../src/node.ts';
import { buildLarge, buildSmall } from './bodies.ts';

const cacheControl = 'public, max-age=15';
const contentType = 'application/json; charset=utf-8';
/** Each contender waits for its turn longer than the default of 5 s. */
const keepAliveTimeout = 600_000;
const ports: Record<string, number> = {};

for (const [size, build] of [
  ['32', buildSmall],
  ['458', buildLarge],
] as const) {
  const text = JSON.stringify(build());
  const bytes = Buffer.from(text);
  const made = await createRepresentation(text, { contentType, cacheControl });

  await serve(`bare ${size}`, (app) =>
    app.get('/', (_request, reply) => reply.header('cache-control', cacheControl).send(build())),
  );

  await serve(`@fastify/etag ${size}`, async (app) => {
    await app.register(fastifyEtag);
    app.get('/', (_request, reply) => reply.header('cache-control', cacheControl).send(build()));
  });

  // What a careful developer writes: bytes and tag made once, a list and W/ understood.
  const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
  await serve(`hand-made ${size}`, (app) =>
    app.get('/', (request, reply) => {
      reply.header('etag', tag).header('cache-control', cacheControl);
      const field = request.headers['if-none-match'];
      if (
        field !== undefined &&
        field.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*')
      ) {
        return reply.code(304).send();
      }
      return reply.header('content-type', contentType).send(bytes);
    }),
  );

  await serve(`corral representation ${size}`, async (app) => {
    await app.register(etagPlugin);
    app.get('/', (_request, reply) => reply.sendRepresentation(made));
  });

  await serve(`corral auto ${size}`, async (app) => {
    await app.register(etagPlugin, { cacheControl });
    app.get('/', () => build());
  });

  await serve(`corral version ${size}`, async (app) => {
    await app.register(etagPlugin);
    const version = () => ({ etag: versionEtag(7, size) });
    app.get('/', { config: { etag: { version, cacheControl } } }, () => build());
  });

  const web = express();
  web.get('/', (_request, response) => void response.set('cache-control', cacheControl).json(build()));
  await listen(`express ${size}`, web as RequestListener);

  const h3 = new H3();
  h3.get('/', (event) => {
    if (handleCacheHeaders(event, { etag: tag, cacheControls: [cacheControl] })) return '';
    event.res.headers.set('content-type', contentType);
    return bytes;
  });
  await listen(`h3 cached ${size}`, toNodeHandler(h3));

  const nitro = new H3();
  nitro.get(
    '/',
    defineCachedHandler(() => new Response(JSON.stringify(build()), { headers: { 'content-type': contentType } }), {
      maxAge: 3600,
    }) as never,
  );
  await listen(`ocache ${size}`, toNodeHandler(nitro));

  await listen(`corral node:http ${size}`, (req, res) => void sendRepresentation(req, res, made));
  if (computeEtag(text) !== made.etag) throw new Error('the representation has another tag than its bytes');
}

process.on('message', (message) => {
  if (message !== 'cpu') return process.exit(0);
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1_000 });
});
process.on('disconnect', () => process.exit(0));
process.send!({ ports });

async function serve(name: string, configure: (app: FastifyInstance) => unknown): Promise<void> {
  const app = Fastify({ keepAliveTimeout });
  await configure(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  ports[name] = (app.server.address() as AddressInfo).port;
}

async function listen(name: string, listener: RequestListener): Promise<void> {
  const server = createServer({ keepAliveTimeout }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ports[name] = (server.address() as AddressInfo).port;
}
