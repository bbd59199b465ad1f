// One contender of http.bench.ts in a process of its own: its CPU time, its compiled code and its garbage are its own.
import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastifyEtag from '@fastify/etag';
import express from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { etag as honoEtag } from 'hono/etag';
import { H3, handleCacheHeaders } from 'h3';
import { toNodeHandler } from 'h3/node';
import { defineCachedHandler } from 'ocache';
import { etagPlugin } from '../src/fastify.ts';
import { createRepresentation, versionEtag } from '../src/index.ts';
import { sendRepresentation } from '../src/node.ts';
import { buildLarge, buildSmall } from './bodies.ts';

const cacheControl = 'public, max-age=15';
const contentType = 'application/json; charset=utf-8';
/** Each contender waits for its turn longer than the default of 5 s. */
const keepAliveTimeout = 600_000;

const [contender = '', size = ''] = process.argv.slice(2);
const build = size === '32' ? buildSmall : buildLarge;
const text = JSON.stringify(build());
const bytes = Buffer.from(text);
const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;

const contenders: Record<string, () => Promise<Server>> = {
  bare: () =>
    fastify((app) => app.get('/', (_request, reply) => reply.header('cache-control', cacheControl).send(build()))),

  '@fastify/etag': () =>
    fastify(async (app) => {
      await app.register(fastifyEtag);
      app.get('/', (_request, reply) => reply.header('cache-control', cacheControl).send(build()));
    }),

  // What a careful developer writes: bytes and tag made once, a list and W/ understood.
  'hand-made': () =>
    fastify((app) =>
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
    ),

  'corral representation': async () => {
    const made = await createRepresentation(text, { contentType, cacheControl });
    return fastify(async (app) => {
      await app.register(etagPlugin);
      app.get('/', (_request, reply) => reply.sendRepresentation(made));
    });
  },

  'corral auto': () =>
    fastify(async (app) => {
      await app.register(etagPlugin, { cacheControl });
      app.get('/', () => build());
    }),

  'corral version': () =>
    fastify(async (app) => {
      await app.register(etagPlugin);
      const version = () => ({ etag: versionEtag(7, size) });
      app.get('/', { config: { etag: { version, cacheControl } } }, () => build());
    }),

  'corral node:http': async () => {
    const made = await createRepresentation(text, { contentType, cacheControl });
    return listen((req, res) => void sendRepresentation(req, res, made));
  },

  express: () => {
    const app = express();
    app.get('/', (_request, response) => void response.set('cache-control', cacheControl).json(build()));
    return listen(app as RequestListener);
  },

  hono: () => {
    const app = new Hono();
    app.use(honoEtag());
    app.get('/', (context) => context.json(build() as object, 200, { 'cache-control': cacheControl }));
    const listener = getRequestListener(app.fetch);
    return listen((req, res) => void listener(req, res));
  },

  'h3 cached': () => {
    const app = new H3();
    app.get('/', (event) => {
      if (handleCacheHeaders(event, { etag: tag, cacheControls: [cacheControl] })) return '';
      event.res.headers.set('content-type', contentType);
      return bytes;
    });
    return listen(toNodeHandler(app));
  },

  ocache: () => {
    const app = new H3();
    app.get(
      '/',
      defineCachedHandler(() => new Response(JSON.stringify(build()), { headers: { 'content-type': contentType } }), {
        maxAge: 3600,
      }) as never,
    );
    return listen(toNodeHandler(app));
  },
};

process.on('message', (message) => {
  if (message !== 'cpu') return process.exit(0);
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1_000 });
});
process.on('disconnect', () => process.exit(0));
const server = await contenders[contender]!();
process.send!({ port: (server.address() as AddressInfo).port });

async function fastify(configure: (app: FastifyInstance) => unknown): Promise<Server> {
  const app = Fastify({ keepAliveTimeout });
  await configure(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server;
}

async function listen(listener: RequestListener): Promise<Server> {
  const server = createServer({ keepAliveTimeout }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
