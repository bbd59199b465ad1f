import { Agent, interceptors, request } from 'undici';
import { until } from '@corral-internal/test-kit';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './pollers.ts';
import { challengesPath, type ResponseCacheSettings } from './routes.ts';

/** A cache counts the age from the Date field, which has whole seconds: of two there is always one left. */
const settings: ResponseCacheSettings = { ttlMs: 60_000, retryMs: 1_000, maxAgeSeconds: 2 };

/** Every replica gives the same bytes the same tag, so that a client may be answered by another one next time. */
export async function checkTags(stage: Stage, replicas: number): Promise<Check> {
  return withReplicas('after', replicas, settings, stage, async ({ ports }) => {
    const tags = await Promise.all(
      ports.map(async (port) => {
        const { headers, body } = await request(`http://127.0.0.1:${port}${challengesPath}`);
        await body.dump();
        return String(headers['etag']);
      }),
    );
    const answers = await Promise.all(
      [tags[0]!, `W/${tags[0]}`, `"other", ${tags[0]}`, '*', '"other"'].map(async (field) => {
        const headers = { 'if-none-match': field };
        const { statusCode, body } = await request(`http://127.0.0.1:${ports[0]}${challengesPath}`, { headers });
        const { byteLength } = await body.arrayBuffer();
        return `${statusCode} ${byteLength > 0 ? 'with' : 'without'} a body`;
      }),
    );
    const expected = [...Array.from({ length: 4 }, () => '304 without a body'), '200 with a body'];
    return {
      name: 'one tag for the same bytes, on every replica',
      ok: new Set(tags).size === 1 && JSON.stringify(answers) === JSON.stringify(expected),
      detail: `${tags[0]} on ${replicas} replicas; If-None-Match with it, as W/, in a list and * gives 304, another tag 200`,
    };
  });
}

/** A client cache after RFC 9111 (undici's) in front: fresh answers never leave it, stale ones cost a 304. */
export async function checkClientCache(stage: Stage): Promise<Check> {
  return withReplicas('after', 1, settings, stage, async ({ replicas: [replica], ports: [port] }) => {
    const agent = new Agent();
    const dispatcher = agent.compose(interceptors.cache());
    const reached = async (): Promise<number> => {
      const { cache } = await replica!.ask<{ cache: { hits: number; misses: number } }>('stats');
      return cache.hits + cache.misses;
    };
    const get = async (): Promise<{ statusCode: number; bytes: number }> => {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}${challengesPath}`, { dispatcher });
      return { statusCode, bytes: (await body.arrayBuffer()).byteLength };
    };
    try {
      const first = await get();
      const fresh = await Promise.all(Array.from({ length: 10 }, get));
      const afterFresh = await reached();
      let stale = first;
      await until(async () => ((stale = await get()), (await reached()) > afterFresh), {
        label: 'the answer has become stale',
      });
      const same = [...fresh, stale].every(({ statusCode, bytes }) => statusCode === 200 && bytes === first.bytes);
      return {
        name: 'a client cache agrees with the headers (RFC 9111)',
        ok: same && afterFresh === 1,
        detail: `11 reads within max-age reached the server ${afterFresh} time; after max-age the tag was asked for again, and the client had its ${first.bytes} bytes each time`,
      };
    } finally {
      await agent.close();
    }
  });
}
