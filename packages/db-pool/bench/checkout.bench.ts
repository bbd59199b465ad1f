import { compare, report, type Comparison } from '@corral-internal/bench-kit';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { MemorySocket } from '../tests/memory-server.ts';

/**
 * Figure 1: what a checkout costs, that is one awaited `acquire()` and one `release()`. Over an in-memory server, so that nothing
 * but the pools' own work is measured: in wall time, and in the CPU time of all threads, the garbage collector's too. An absolute
 * time is the machine's as well: of five blocks the one counts in which awaiting a resolved promise was fastest, that is when
 * nobody else used the core.
 */
const BLOCKS = 5;
const CHECKOUTS = 200_000;
let pid = 0;
const connection: ClientConfig = { stream: () => new MemorySocket((pid += 1)), host: 'memory', password: '' };
const ours = createPool({ connection, size: 10, overflow: 0 });
const theirs = new pg.Pool({ ...connection, max: 10 });
const done = Promise.resolve();

const YARDSTICK = 'a resolved promise';
const timeOf = ({ results }: Comparison, contender: string): number =>
  results.find(({ name }) => name === contender)!.nsPerOperation;

async function quietest(what: string, clock?: () => number): Promise<Comparison> {
  const blocks: Comparison[] = [];
  for (let block = 0; block < BLOCKS; block += 1) blocks.push(await measure(what, clock));
  return blocks.toSorted((a, b) => timeOf(a, YARDSTICK) - timeOf(b, YARDSTICK))[0]!;
}

const measure = (what: string, clock?: () => number): Promise<Comparison> =>
  compare({
    name: `checkout and release, no query, uncontended (${what})`,
    baseline: 'pg.Pool',
    operations: CHECKOUTS,
    rounds: 5,
    ...(clock && { clock }),
    contenders: {
      'db-pool': async () => {
        for (let left = CHECKOUTS; left > 0; left -= 1) (await ours.acquire()).release();
      },
      'pg.Pool': async () => {
        for (let left = CHECKOUTS; left > 0; left -= 1) (await theirs.connect()).release();
      },
      [YARDSTICK]: async () => {
        for (let left = CHECKOUTS; left > 0; left -= 1) await done;
      },
    },
  });
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const comparisons = [await quietest('wall time'), await quietest('CPU time', cpuMs)];
const figures = comparisons.flatMap(({ results }, index) => {
  const { nsPerOperation, ratio } = results.find(({ name }) => name === 'db-pool')!;
  const us = nsPerOperation / 1_000;
  const what = index === 0 ? 'wall time' : 'CPU time';
  return [
    { name: `checkout + release, ${what}`, value: `${us.toFixed(2)} us`, bound: '<= 0.5 us', ok: us <= 0.5 },
    {
      name: `checkout + release, ${what}, of pg.Pool`,
      value: `${ratio.toFixed(2)}x`,
      bound: '<= 0.4x',
      ok: ratio <= 0.4,
    },
  ];
});
report(import.meta.url, comparisons, {
  file: 'CHECKOUT.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0' },
  figures,
});
await ours.close();
await theirs.end();
