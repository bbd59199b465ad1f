import { until } from '@corral-internal/test-kit';
import { startNginx } from '@corral-internal/test-kit/servers';
import { request } from 'undici';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './pollers.ts';
import { challengesPath, type ResponseCacheSettings } from './routes.ts';

/** A cache counts the age from the Date field, which has whole seconds: of two there is always one left. */
const settings: ResponseCacheSettings = { ttlMs: 60_000, retryMs: 1_000, maxAgeSeconds: 2 };
const reads = 100;

interface Answer {
  statusCode: number;
  cache: string;
  etag: string;
  bytes: number;
}

/** A real nginx as a shared cache in front: within max-age it answers alone, after that it revalidates with the tag. */
export async function checkSharedCache(stage: Stage): Promise<Check> {
  return withReplicas('after', 1, settings, stage, async ({ replicas: [replica], ports: [port] }) => {
    const nginx = await startNginx(port!);
    const get = async (headers: Record<string, string> = {}): Promise<Answer> => {
      const answer = await request(`http://127.0.0.1:${nginx.port}${challengesPath}`, { headers });
      const { byteLength } = await answer.body.arrayBuffer();
      const { 'x-cache': cache, etag } = answer.headers;
      return { statusCode: answer.statusCode, cache: String(cache), etag: String(etag), bytes: byteLength };
    };
    const reached = async (): Promise<number> => {
      const { cache } = await replica!.ask<{ cache: { hits: number; misses: number } }>('stats');
      return cache.hits + cache.misses;
    };
    try {
      const first = await get();
      const fresh = await Promise.all(Array.from({ length: reads }, () => get()));
      const reachedWhileFresh = await reached();
      const notModified = await get({ 'if-none-match': first.etag });
      let stale = first;
      await until(async () => (stale = await get()).cache === 'REVALIDATED', { label: 'nginx asks again' });
      return {
        name: 'a shared cache agrees with the headers (nginx)',
        ok:
          [...fresh, stale].every(({ statusCode, bytes }) => statusCode === 200 && bytes === first.bytes) &&
          notModified.statusCode === 304 &&
          reachedWhileFresh <= 2, // a second may begin among so many reads
        detail: `${reads + 1} reads reached the app ${reachedWhileFresh} time; nginx answered If-None-Match with ${notModified.statusCode} by itself, and after max-age it revalidated its copy with the tag`,
      };
    } finally {
      await nginx.close();
    }
  });
}
