import { compare, report } from '@corral-internal/bench-kit';
import type { ClientConfig } from 'pg';
import pg from 'pg';
import { createPool } from '../src/index.ts';
import { MemorySocket } from '../tests/memory-server.ts';
import { load } from './load.ts';

/** Figure 1: what a checkout costs. CPU time, over an in-memory server: nothing but the pools' own work is measured. */
const CHECKOUTS = 20_000;
let pid = 0;
const connection: ClientConfig = { stream: () => new MemorySocket((pid += 1)), host: 'memory', password: '' };
const ours = createPool({ connection, size: 10, overflow: 0 });
const theirs = new pg.Pool({ ...connection, max: 10 });
const done = Promise.resolve();

const checkout = await compare({
  name: 'checkout and release, no query, uncontended (CPU time)',
  baseline: 'pg.Pool',
  operations: CHECKOUTS,
  clock: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  contenders: {
    'db-pool': () => load(1, CHECKOUTS, async () => (await ours.acquire()).release()),
    'pg.Pool': () => load(1, CHECKOUTS, async () => (await theirs.connect()).release()),
    'a resolved promise': () => load(1, CHECKOUTS, () => done),
  },
});
const { nsPerOperation, ratio } = checkout.results.find(({ name }) => name === 'db-pool')!;
const us = nsPerOperation / 1_000;
report(import.meta.url, [checkout], {
  file: 'CHECKOUT.md',
  versions: { pg: '8.23.1', 'pg-pool': '3.14.0' },
  figures: [
    { name: 'checkout + release', value: `${us.toFixed(2)} us`, bound: '<= 0.5 us', ok: us <= 0.5 },
    { name: 'checkout + release, of pg.Pool', value: `${ratio.toFixed(2)}x`, bound: '<= 0.4x', ok: ratio <= 0.4 },
  ],
});
await ours.close();
await theirs.end();
