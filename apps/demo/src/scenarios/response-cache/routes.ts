import { cacheControl, createRepresentation, type Representation } from '@corral/etag';
import { etagPlugin } from '@corral/etag/fastify';
import { createTtlCache, type CacheStats } from '@corral/ttl-cache';
import type { FastifyInstance } from 'fastify';
import type { Bodies } from './bodies.ts';

export const challengesPath = '/api/cathedral/v1/synthetic-boolean/active-challenges';
export const leaderboardPath = '/v1/leaderboard/recent';
const contentType = 'application/json; charset=utf-8';

type Page = { Querystring: { cursor?: string } };

/** Before: each request builds its body, and sends all of it. */
export function addRebuildingRoutes(app: FastifyInstance, bodies: Bodies): void {
  app.get(challengesPath, async ({ signal }, reply) => {
    return reply.type(contentType).send(await bodies.activeChallenges(signal));
  });
  app.get<Page>(leaderboardPath, async ({ query, signal }, reply) => {
    return reply.type(contentType).send(await bodies.leaderboard(Number(query.cursor ?? 0), signal));
  });
}

export interface ResponseCacheSettings {
  ttlMs: number;
  /** The pause after a failed rebuild, milliseconds; doubles up to `ttlMs`. */
  retryMs: number;
  /** What clients and shared caches may keep without asking, whole seconds. */
  maxAgeSeconds: number;
}

export interface ResponseCache {
  /** The tag of the bytes that are served now, and their age. */
  held(): { seen: string; ageMs?: number; hits: number; loads: number };
  stats(): CacheStats & { warnings: number };
  close(): void;
}

/** Longer than any stall: the old bytes are served until the rebuild is through. */
const staleMs = 600_000;

/**
 * After: the serialised bytes with their tag are kept for `ttlMs`; then one rebuild runs while everybody gets the old
 * bytes at once, also when it fails. The leaderboard has a body for each cursor: it gets a tag, and no cache.
 */
export async function addCachedRoutes(
  app: FastifyInstance,
  bodies: Bodies,
  { ttlMs, retryMs, maxAgeSeconds }: ResponseCacheSettings,
): Promise<ResponseCache> {
  const policy = cacheControl({ visibility: 'public', maxAge: maxAgeSeconds });
  let warnings = 0;
  const responses = createTtlCache<Representation>({
    ttlMs,
    retryMs,
    staleWhileRevalidateMs: staleMs,
    staleIfErrorMs: staleMs,
    onEvent: (event) => {
      if (event.type === 'loadFailed' && event.covered) warnings++; // a service logs it here
    },
  });
  await app.register(etagPlugin, { cacheControl: policy });

  app.get(challengesPath, async ({ signal }, reply) => {
    const response = await responses.getOrLoad(
      'active-challenges',
      async (load) =>
        createRepresentation(await bodies.activeChallenges(load.signal), { contentType, cacheControl: policy }),
      { signal },
    );
    return reply.sendRepresentation(response!);
  });
  app.get<Page>(leaderboardPath, async ({ query, signal }, reply) => {
    return reply.type(contentType).send(await bodies.leaderboard(Number(query.cursor ?? 0), signal));
  });

  return {
    held: () => {
      const { value, ageMs } = responses.lookup('active-challenges');
      const { hits, staleHits, loads } = responses.stats();
      const figures = { hits: hits + staleHits, loads };
      return value === undefined ? { seen: 'nothing yet', ...figures } : { seen: value.etag, ageMs, ...figures };
    },
    stats: () => ({ ...responses.stats(), warnings }),
    close: () => responses.close(),
  };
}
