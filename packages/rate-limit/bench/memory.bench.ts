/** A check in one process: speed against an awaited Map counter, and memory of a key. */
import { compare, report } from '@corral-internal/bench-kit';
import { createRateLimiter } from '../src/index.ts';
import { RateLimiterMemory } from 'rate-limiter-flexible';

const CHECKS = 100_000;
const keys = Array.from({ length: 10_000 }, (_, index) => `session-${String(index).padStart(8, '0')}`);
let serial = 0;
const anyKey = () => keys[(serial = (serial + 7_919) % keys.length)]!;

const counts = new Map<string, number>();
async function counter(key: string): Promise<boolean> {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count <= 1e9;
}
// A window as of a busy server: entries come and go.
const limiter = createRateLimiter({ rules: { limit: 100, windowMs: 1_000 } });
const rlf = new RateLimiterMemory({ points: 100, duration: 1 });

const times = async (check: () => Promise<unknown>): Promise<void> => {
  for (let index = 0; index < CHECKS; index++) await check();
};
const speed = await compare({
  name: 'a check in this process, 10,000 keys',
  baseline: 'awaited Map counter',
  operations: CHECKS,
  rounds: Number(process.env['ROUNDS'] ?? 15),
  contenders: {
    'awaited Map counter': () => times(() => counter(anyKey())),
    corral: () => times(() => limiter.consume(anyKey())),
    'rate-limiter-flexible': () => times(() => rlf.consume(anyKey()).catch((denial: unknown) => denial)),
  },
});

/** Bytes of heap for each of 100,000 keys after one check. */
async function bytesPerKey(): Promise<number> {
  const names = Array.from({ length: 100_000 }, (_, index) => `key-${index}`);
  const fresh = createRateLimiter({ rules: { limit: 100, windowMs: 3_600_000 }, maxKeys: 200_000 });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (const name of names) await fresh.consume(name);
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / names.length;
  return fresh.stats().keys === names.length ? bytes : Number.NaN;
}

const ratio = 1 / speed.results.find(({ name }) => name === 'corral')!.ratio;
const bytes = await bytesPerKey();
report(import.meta.url, [speed], {
  file: 'MEMORY.md',
  versions: { 'rate-limiter-flexible': '11.4.0' },
  figures: [
    {
      name: 'checks/s in process against an awaited Map counter',
      value: `${ratio.toFixed(2)}x`,
      bound: '>= 0.8',
      ok: ratio >= 0.8,
    },
    { name: 'heap of a key after one check', value: `${bytes.toFixed(0)} B`, bound: '<= 400 B', ok: bytes <= 400 },
  ],
});
await limiter.close();
// The peer's timers, one for each key, would hold the process for a second more.
process.exit();
