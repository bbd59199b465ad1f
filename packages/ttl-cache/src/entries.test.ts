import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Entries } from './entries.ts';
import { createTtlCache } from './index.ts';
import { readOptions } from './options.ts';
import { createCounts } from './stats.ts';

it('what is held no more has no pause either', () => {
  const settings = readOptions<number, string>({ ttlMs: 10, staleIfErrorMs: 10, now: () => 0 });
  const entries = new Entries(settings, createCounts(), () => {});
  entries.keep('a', 1, 10);
  entries.keep('b', 2, 10);
  entries.noteFailure('a');
  entries.noteFailure('b');
  entries.drop('a', 'deleted');
  expect(entries.backoff.size).toBe(1);
  entries.drop('b', 'expired');
  expect(entries.backoff.size).toBe(0);
});

it('a cache that is printed shows nothing of what it holds', () => {
  const cache = createTtlCache<string>({ ttlMs: 1_000 });
  cache.set('user:1', 'secret');
  expect(inspect(cache, { depth: 9 })).not.toMatch(/user:1|secret/);
  expect(Object.keys(cache)).not.toContain('store');
  cache.close();
});
