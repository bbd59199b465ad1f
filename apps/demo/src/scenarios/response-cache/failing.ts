import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { bringColumnBack, takeColumnAway } from './break-rebuild.ts';
import { withReplicas } from './pollers.ts';
import { challengesPath, type ResponseCacheSettings } from './routes.ts';

const settings: ResponseCacheSettings = { ttlMs: 400, retryMs: 200, maxAgeSeconds: 1 };
/** How long the column is away, milliseconds. */
const brokenMs = 2_000;

interface CacheStats {
  loadErrors: number;
  warnings: number;
}

/** A column is renamed, so that a rebuild fails as it fails in production: with an error of the database. */
export async function checkFailingRebuild(stage: Stage): Promise<Check> {
  return withReplicas('after', 2, settings, stage, async ({ replicas: [warm], ports }) => {
    const stats = async (): Promise<CacheStats> => (await warm!.ask<{ cache: CacheStats }>('stats')).cache;
    const get = async (port: number): Promise<{ statusCode: number; etag: string }> => {
      const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${challengesPath}`);
      await body.dump();
      return { statusCode, etag: String(headers['etag']) };
    };
    const first = await get(ports[0]!);
    await stage.admin.query(takeColumnAway);
    let served = 0;
    let other = 0;
    let cold = 0;
    const startMs = performance.now();
    try {
      cold = (await get(ports[1]!)).statusCode;
      while (performance.now() - startMs < brokenMs) {
        const { statusCode, etag } = await get(ports[0]!);
        if (statusCode === 200 && etag === first.etag) served++;
        else other++;
        await delay(5);
      }
    } finally {
      await stage.admin.query(bringColumnBack);
    }
    const { loadErrors, warnings } = await stats();
    // The first failure comes at once after expiry; each further one after the pause at the earliest.
    const bound = 1 + Math.ceil((performance.now() - startMs) / settings.retryMs);
    return {
      name: 'a failing rebuild serves the old bytes',
      ok:
        other === 0 &&
        served > bound &&
        loadErrors >= 2 &&
        loadErrors <= bound &&
        warnings === loadErrors &&
        cold === 500,
      detail:
        `${served} requests in ${brokenMs / 1_000} s while the rebuild fails: all got the old bytes, ${loadErrors} rebuilds were tried ` +
        `(at most one in ${settings.retryMs} ms, then ${settings.ttlMs} ms: bound ${bound}), ${warnings} warnings; a cold replica answered ${cold}`,
    };
  });
}
