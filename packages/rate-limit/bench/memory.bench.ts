/**
 * A check in one process: time against an awaited Map counter, and memory of a key. Where objects lie and what was compiled when
 * is luck that a process keeps as long as it lives: each case is measured in several.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Comparison, mediansOf, report } from '@corral-internal/bench-kit';
import { createRateLimiter } from '../src/index.ts';
import type { MemoryCase } from './memory-slices.ts';

const PROCESSES = Number(process.env['PROCESSES'] ?? 7);
const slicesFile = fileURLToPath(new URL('memory-slices.ts', import.meta.url));

interface Measured {
  comparison: Comparison;
  allowed: number;
  denied: number;
}
async function measureOnce(name: MemoryCase): Promise<Measured> {
  const execArgv = ['--conditions=@corral/source', '--no-warnings', '--expose-gc'];
  const child = fork(slicesFile, [name], { execArgv });
  const [measured] = (await once(child, 'message')) as [Measured];
  await once(child, 'exit');
  return measured;
}
/** Medians over the processes. */
async function measure(name: MemoryCase) {
  const runs: Measured[] = [];
  for (let index = 0; index < PROCESSES; index++) runs.push(await measureOnce(name));
  const comparison = mediansOf(runs.map((run) => run.comparison));
  const [allowed, denied] = (['allowed', 'denied'] as const).map((key) => runs.reduce((sum, run) => sum + run[key], 0));
  return {
    comparison: { ...comparison, name: `${name}; ${PROCESSES} processes` },
    share: allowed! / (allowed! + denied!),
  };
}

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

const many = await measure('10,000 keys, allowed');
const rejected = await measure('one hot key, rejected');
const allowed = await measure('one hot key, allowed');
const bytes = await bytesPerKey();
type Case = typeof many;
const ratioOf = ({ comparison }: Case, contender = 'corral'): number =>
  1 / comparison.results.find(({ name }) => name === contender)!.ratio;
const speed = (name: string, measured: Case, bound: '>= 0.8' | '') => ({
  name: `${name}: checks for the time of an awaited Map counter (${(measured.share * 100).toFixed(0)}% allowed)`,
  value: `${ratioOf(measured).toFixed(2)}x`,
  bound,
  ok: bound === '' || ratioOf(measured) >= 0.8,
});
const beside = (name: string, contender: string) => ({
  name: `the same, ${name}: 10,000 keys; hot key, rejected`,
  value: `${ratioOf(many, contender).toFixed(2)}x; ${ratioOf(rejected, contender).toFixed(2)}x`,
  bound: '',
  ok: true,
});
report(import.meta.url, [many.comparison, rejected.comparison, allowed.comparison], {
  file: 'MEMORY.md',
  versions: { 'rate-limiter-flexible': '11.4.0', '@fastify/rate-limit': '11.2.0' },
  figures: [
    speed('10,000 keys', many, '>= 0.8'),
    speed('one hot key, rejected', rejected, '>= 0.8'),
    speed('one hot key, allowed', allowed, ''),
    beside('a Map counter that reads the clock', 'the same, reading the clock'),
    beside(
      'the store of @fastify/rate-limit (0.78x; 0.69x in the research that set the bound)',
      'the store of @fastify/rate-limit',
    ),
    { name: 'memory of a key after one check', value: `${bytes.toFixed(0)} B`, bound: '<= 400 B', ok: bytes <= 400 },
  ],
});
