import { expect, it } from 'vitest';
import { broken } from './broken-on-purpose.ts';

const settings = { bus: 'postgres', ttlMs: 1_000, promptTtlMs: 500, negative: true, clone: true } as const;

it('leaves out the guard of the cache, and nothing of what has no cache', () => {
  expect(broken('guard', 'after', settings)).toEqual({ composition: 'unguarded', settings });
  expect(broken('guard', 'before', settings)).toEqual({ composition: 'before', settings });
});

it('makes the cache keep nothing', () => {
  expect(broken('store', 'after', settings)).toMatchObject({ settings: { ttlMs: 0, promptTtlMs: 0 } });
});

it('breaks nothing unless it is told to', () => {
  expect(broken(undefined, 'after', settings)).toEqual({ composition: 'after', settings });
});
