/** A check in one process: CPU time against an awaited Map counter, and memory of a key. */
import { compare, type Comparison, report } from '@corral-internal/bench-kit';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { createRateLimiter } from '../src/index.ts';
import { ownCpuMs } from './load.ts';

// A round must last: the collection of garbage before it goes on in the background for a while, and code comes back from it cold.
const CHECKS = 400_000;
const keys = Array.from({ length: 10_000 }, (_, index) => `session-${String(index).padStart(8, '0')}`);
let serial = 0;
const anyKey = () => keys[(serial = (serial + 7_919) % keys.length)]!;

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
// A short window, as on a busy server: entries come and go.
const limiter = createRateLimiter({ rules: { limit: 100, windowMs: 1_000 } });
const rlf = new RateLimiterMemory({ points: 100, duration: 1 });

// Each has a loop of its own, made once: one that all share is compiled for none of them.
const loops = {
  async 'awaited Map counter'(keyOf: () => string) {
    for (let index = 0; index < CHECKS; index++) await counter(keyOf());
  },
  async 'the same, reading the clock'(keyOf: () => string) {
    for (let index = 0; index < CHECKS; index++) await datedCounter(keyOf());
  },
  async corral(keyOf: () => string) {
    for (let index = 0; index < CHECKS; index++) await limiter.consume(keyOf());
  },
  async 'rate-limiter-flexible'(keyOf: () => string) {
    for (let index = 0; index < CHECKS; index++) await rlf.consume(keyOf()).catch((denial: unknown) => denial);
  },
};
const speedOf = (name: string, keyOf: () => string): Promise<Comparison> =>
  compare({
    name,
    baseline: 'awaited Map counter',
    operations: CHECKS,
    rounds: Number(process.env['ROUNDS'] ?? 15),
    clock: ownCpuMs,
    contenders: Object.fromEntries(Object.entries(loops).map(([id, loop]) => [id, () => loop(keyOf)])),
  });

/** Bytes in use, those of buffers too. */
const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;

/** Bytes for each of 100,000 keys after one check. */
async function bytesPerKey(): Promise<number> {
  const names = Array.from({ length: 100_000 }, (_, index) => `key-${index}`);
  const fresh = createRateLimiter({ rules: { limit: 100, windowMs: 3_600_000 }, maxKeys: 200_000 });
  globalThis.gc?.();
  const before = held();
  for (const name of names) await fresh.consume(name);
  globalThis.gc?.();
  const bytes = (held() - before) / names.length;
  return fresh.stats().keys === names.length ? bytes : Number.NaN;
}

const many = await speedOf('a check in this process, 10,000 keys', anyKey);
const hot = await speedOf('a check in this process, one hot key', () => 'hot');
const ratioOf = ({ results }: Comparison): number => 1 / results.find(({ name }) => name === 'corral')!.ratio;
const bytes = await bytesPerKey();
const speed = (name: string, comparison: Comparison) => ({
  name: `${name}: checks for the CPU time of an awaited Map counter`,
  value: `${ratioOf(comparison).toFixed(2)}x`,
  bound: '>= 0.8',
  ok: ratioOf(comparison) >= 0.8,
});
report(import.meta.url, [many, hot], {
  file: 'MEMORY.md',
  versions: { 'rate-limiter-flexible': '11.4.0' },
  figures: [
    speed('10,000 keys', many),
    speed('one hot key', hot),
    { name: 'memory of a key after one check', value: `${bytes.toFixed(0)} B`, bound: '<= 400 B', ok: bytes <= 400 },
  ],
});
await limiter.close();
// The peer's timers, one for each key, would hold the process for a second more.
process.exit();
