/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startProxy } from '@corral-internal/faults';
import { seededRandom } from '@corral-internal/test-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import type { RedisTier } from '../src/redis.ts';
import { freshPrefix, Opened, request } from './redis-kit.ts';

const opened = new Opened();
afterEach(() => opened.end());

const keys = ['a', 'b', 'c'];
const ttlMs = 60_000;

/** A source whose values only grow, and what readers may at least expect of it. */
class Source {
  readonly versions = new Map(keys.map((key) => [key, 0]));
  /** The newest version that a finished invalidation has made binding for whoever comes later. */
  readonly floors = new Map(keys.map((key) => [key, 0]));

  write(key: string): number {
    const version = this.versions.get(key)! + 1;
    this.versions.set(key, version);
    return version;
  }

  bind(key: string, version: number): void {
    this.floors.set(key, Math.max(this.floors.get(key)!, version));
  }
}

describe.each([{ lease: { ttlMs: 400 } }, {}])(
  'readers and writers of three processes at once, with %o,',
  (options) => {
    it.each([
      ['a healthy Redis', false],
      ['one whose connections are cut and stall', true],
    ])('never meet a value older than a finished invalidation: %s', async (_, faulty) => {
      const server = await startRedis();
      opened.defer(() => server.close());
      const random = seededRandom(7);
      const prefix = freshPrefix();
      const source = new Source();
      const stale: string[] = [];
      const seen = { hits: 0, loads: 0, invalidations: 0 };
      const proxies = await Promise.all([0, 1, 2].map(() => startProxy(server)));
      opened.defer(() => Promise.all(proxies.map((proxy) => proxy.close())));
      const tiers = proxies.map(({ port }) => {
        const client = opened.client(port, { maxRetriesPerRequest: null, retryStrategy: () => 10 });
        return opened.tier<number>(client, { prefix, timeoutMs: faulty ? 60 : 5_000, ...options });
      });

      const read = async (tier: RedisTier<number>, key: string) => {
        const floor = source.floors.get(key)!;
        const answer = await tier.get(key, request());
        if (answer.kind === 'hit') {
          seen.hits++;
          if (answer.value! < floor) stale.push(`${key}: ${answer.value} < ${floor}`);
          return;
        }
        seen.loads++;
        const version = source.versions.get(key)!;
        await delay(random.int(4));
        await (random.int(8) === 0 ? answer.release() : answer.fill({ value: version, ttlMs }));
      };
      const invalidate = async (tier: RedisTier<number>, key: string) => {
        const version = source.write(key);
        // No `set`: it writes what its caller knows, and another process may know better by then.
        await (random.int(6) === 0 ? tier.clear() : tier.delete([key]));
        source.bind(key, version);
        seen.invalidations++;
      };
      const stop = new AbortController();
      const worker = async () => {
        while (!stop.signal.aborted) {
          const act = random.int(5) === 0 ? invalidate : read;
          // Away is no news here; what was given up must not come back later.
          await act(random.pick(tiers), random.pick(keys)).catch(() => delay(5));
        }
      };
      const workers = Array.from({ length: 9 }, worker);
      for (let turn = 0; turn < 25; turn++) {
        await delay(60);
        const proxy = random.pick(proxies);
        if (!faulty) continue;
        const fault = random.int(3);
        if (fault === 0) proxy.cut();
        else if (fault === 1) proxy.blackhole(random.pick(['both', 'toServer', 'toClient']));
        else server.pause();
        await delay(80);
        server.resume();
        await proxy.heal();
      }
      stop.abort();
      await Promise.all(workers);

      expect(stale).toEqual([]);
      expect(Math.min(seen.hits, seen.loads, seen.invalidations)).toBeGreaterThan(20);
    });
  },
);
