import type { AddressInfo } from 'node:net';
import cors from '@fastify/cors';
import { Redis } from 'ioredis';
import type { BuildReplica } from '../../../replica/contract.ts';
import { commandsOf } from './commands.ts';
import { naiveLimit } from './limits.ts';
import { partsAfter, partsBefore, poolReleased, type Parts, type PartsStart } from './parts.ts';
import { addTurnRoutes } from './turns.ts';
import type { UpstreamAddresses } from './upstreams.ts';

export interface WorkerSettings {
  addresses: UpstreamAddresses;
  workers: number;
  /** How long the language model takes, and how long a turn waits for a connection, milliseconds. */
  answerMs: number;
  waitMs: number;
}

/** `released` is `after` with the 15 connections of `before`, of which a turn holds none while the language model thinks. */
export type Composition = 'before' | 'after' | 'released';

const compositions: Record<Composition, (start: PartsStart) => Promise<Parts>> = {
  before: partsBefore,
  after: partsAfter,
  released: (start) => partsAfter(start, poolReleased),
};

export const buildWorker: BuildReplica<WorkerSettings> = async (app, start) => {
  const { composition, settings, databaseUrl, redisUrl } = start;
  const { answerMs, waitMs, workers, addresses } = settings;
  const name = `worker-${process.pid}`; // for Postgres and Redis, which list their connections by name
  const make = compositions[composition as Composition];
  const parts = await make({ databaseUrl, redisUrl, addresses, waitMs, workers, name });
  let peers: number[] = [];
  const resultUrl = (): string =>
    `http://127.0.0.1:${nextPeer(peers, (app.server.address() as AddressInfo).port)}/tool-results`;

  await app.register(cors, { origin: parts.allowedOrigins, methods: ['GET', 'POST'] });
  const sessions = addTurnRoutes(app, parts, { answerMs, resultUrl });
  const naive = composition === 'before' && redisUrl !== undefined ? new Redis(redisUrl) : undefined;
  naive?.on('error', () => {});
  if (naive !== undefined) {
    app.get('/sdk/naive', async ({ headers }, reply) => {
      if (!(await naiveLimit(naive, String(headers['x-sdk-token'])))) return reply.code(429).send();
      return { models: [] };
    });
  }
  // What is shared opens and closes with the app.
  app.addHook('onClose', async () => {
    naive?.disconnect();
    await parts.close();
  });

  return {
    counts: parts.counts,
    held: () => ({ seen: `${sessions.open} sessions, ${parts.pool.stats().busy} connections at work` }),
    stats: () => ({
      pool: parts.pool.stats(),
      limiter: parts.limit.limiter.stats(),
      upstreams: parts.upstreams.stats(),
      tools: parts.tools.stats(),
      organisations: parts.organisations.stats(),
    }),
    commands: {
      ...commandsOf(app, parts),
      sessions: () => ({ open: sessions.open, most: sessions.most }),
      peers: (ports: number[]) => void (peers = ports),
    },
    close: async () => {},
  };
};

/** The device's next request reaches any worker: here always another one than the turn's own, where there is one. */
function nextPeer(peers: readonly number[], own: number): number {
  return peers[(peers.indexOf(own) + 1) % peers.length] ?? own;
}
