/** One process of the bench in memory: compares the contenders of one case, and sends the comparison to its parent. */
import { createRequire } from 'node:module';
import type { Comparison } from '@corral-internal/bench-kit';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { createRateLimiter } from '../src/index.ts';
import { compareSlices } from './slices.ts';

export type MemoryCase = '10,000 keys, allowed' | 'one hot key, rejected' | 'one hot key, allowed';

const name = process.argv[2] as MemoryCase;
const keys = Array.from(
  { length: name === '10,000 keys, allowed' ? 10_000 : 1 },
  (_, index) => `session-${String(index).padStart(8, '0')}`,
);
const SEQUENCE = 2 ** 17;
const sequence = Array.from({ length: SEQUENCE }, (_, index) => keys[(index * 7_919) % keys.length]!);
// A short window, as on a busy server: entries come and go. Nobody's 10,000 keys get to 100 a second each.
const [limit, windowMs] = name === 'one hot key, allowed' ? [1e9, 60_000] : [100, 1_000];

const counts = new Map<string, number>();
async function counter(key: string): Promise<boolean> {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count <= 1e9;
}
/** What of the difference is the clock: no window can be counted without reading it. */
async function datedCounter(key: string): Promise<boolean> {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return performance.now() < 1e15 && count <= 1e9;
}
const limiter = createRateLimiter({ rules: { limit, windowMs } });
const rlf = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });

interface LocalStore {
  incr(key: string, done: (error: null, result: { current: number }) => void, windowMs: number, max: number): void;
}
// Not exported by name: what @fastify/rate-limit counts with where there is no Redis. It calls back at once.
const LocalStore = createRequire(import.meta.url)('@fastify/rate-limit/store/LocalStore.js') as new (
  continueExceeding: boolean,
  exponentialBackoff: boolean,
  size: number,
) => LocalStore;
const localStore = new LocalStore(false, false, 20_000);
async function localCheck(key: string): Promise<boolean> {
  let current = 0;
  localStore.incr(key, (_error, result) => (current = result.current), windowMs, limit);
  return current <= limit;
}

const keyAt = (index: number): string => sequence[index & (SEQUENCE - 1)]!;
// Each has a loop of its own: one that all share is compiled for none of them.
const loops = {
  async 'awaited Map counter'(from: number, to: number) {
    for (let index = from; index < to; index++) await counter(keyAt(index));
  },
  async 'the same, reading the clock'(from: number, to: number) {
    for (let index = from; index < to; index++) await datedCounter(keyAt(index));
  },
  async corral(from: number, to: number) {
    for (let index = from; index < to; index++) await limiter.consume(keyAt(index));
  },
  async 'the store of @fastify/rate-limit'(from: number, to: number) {
    for (let index = from; index < to; index++) await localCheck(keyAt(index));
  },
  async 'rate-limiter-flexible'(from: number, to: number) {
    for (let index = from; index < to; index++) await rlf.consume(keyAt(index)).catch((denial: unknown) => denial);
  },
};
/** Goes on with the keys where it was. */
const goingOn = (loop: (from: number, to: number) => Promise<void>): ((total: number) => Promise<void>) => {
  let at = 0;
  return (total) => loop(at, (at += total));
};
const contenders = Object.fromEntries(Object.entries(loops).map(([id, loop]) => [id, goingOn(loop)]));
const comparison: Comparison = await compareSlices({
  name,
  baseline: 'awaited Map counter',
  contenders,
  operations: 40_000,
  rounds: Number(process.env['ROUNDS'] ?? 30),
});
const { allowed, denied } = limiter.stats();
await new Promise((sent) => process.send!({ comparison, allowed, denied }, sent));
// The peer's timers, one for each key, would hold the process for a second more.
process.exit();
