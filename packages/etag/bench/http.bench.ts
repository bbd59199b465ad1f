// CPU time of the server process for one request, user and system, over real sockets. The load comes from this process.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compare, type Comparison, type Figure, report } from '@corral-internal/bench-kit';
import { versions } from './versions.ts';
import { type Client, openClient } from './load.ts';

const server: ChildProcess = fork(fileURLToPath(new URL('./server.ts', import.meta.url)));
const [{ ports }] = (await once(server, 'message')) as [{ ports: Record<string, number> }];

async function cpuMs(): Promise<number> {
  server.send('cpu');
  const [message] = (await once(server, 'message')) as [{ cpuMs: number }];
  return message.cpuMs;
}

const operations = 1_000;
const clients: Client[] = [];
let spentMs = 0;

/** A contender: `count` requests, counted by the CPU time that the server spent on them, as if they were `operations`. */
async function requests(
  name: string,
  count: number,
  headers: Record<string, string>,
  status: number,
): Promise<() => Promise<void>> {
  const client = await openClient(ports[name]!, 25);
  clients.push(client);
  return async () => {
    const before = await cpuMs();
    await client.run(count, headers, status);
    spentMs += ((await cpuMs()) - before) * (operations / count);
  };
}

async function tagOf(name: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports[name]}/`);
  await response.arrayBuffer();
  return response.headers.get('etag') ?? '';
}

/** Both answers of every contender in one interleaved run; what rebuilds its body gets fewer requests. */
async function run(size: '32' | '458', counts: { rebuilt: number; kept: number }): Promise<Comparison> {
  const contenders: Record<string, () => Promise<void>> = {};
  const baseline = 'bare Fastify, rebuilt, 200';
  contenders[baseline] = await requests(`bare ${size}`, counts.rebuilt, {}, 200);
  for (const [label, name, full, notModified] of [
    ['@fastify/etag', '@fastify/etag', 'rebuilt', 'rebuilt'],
    ['express', 'express', 'rebuilt', 'rebuilt'],
    ['hand-made cached route', 'hand-made', 'kept', 'kept'],
    ['h3, cached bytes', 'h3 cached', 'kept', 'kept'],
    ['ocache in h3', 'ocache', 'kept', 'kept'],
    ['corral, automatic tag', 'corral auto', 'rebuilt', 'rebuilt'],
    ['corral, version', 'corral version', 'rebuilt', 'kept'],
    ['corral, representation', 'corral representation', 'kept', 'kept'],
    ['corral, representation, node:http', 'corral node:http', 'kept', 'kept'],
  ] as const) {
    const server = `${name} ${size}`;
    const conditions = { 'if-none-match': await tagOf(server) };
    contenders[`${label}, 200`] = await requests(server, counts[full], {}, 200);
    contenders[`${label}, 304`] = await requests(server, counts[notModified], conditions, 304);
  }
  const name = `${size} KB of JSON over HTTP, CPU time of the server`;
  const comparison = await compare({ name, baseline, contenders, operations, rounds: 9, clock: () => spentMs });
  for (const client of clients.splice(0)) client.close();
  return comparison;
}

/** Two contenders alone, so that each ratio is taken within one short round. */
async function duel(status: 200 | 304): Promise<Comparison> {
  const contenders: Record<string, () => Promise<void>> = {};
  for (const [label, name] of [
    ['hand-made cached route', 'hand-made 32'],
    ['corral, representation', 'corral representation 32'],
  ] as const) {
    const headers: Record<string, string> = status === 304 ? { 'if-none-match': await tagOf(name) } : {};
    contenders[label] = await requests(name, operations, headers, status);
  }
  const name = `32 KB, ${status}, against the hand-made route, CPU time of the server`;
  const baseline = 'hand-made cached route';
  const comparison = await compare({ name, baseline, contenders, operations, rounds: 25, clock: () => spentMs });
  for (const client of clients.splice(0)) client.close();
  return comparison;
}

const duel200 = await duel(200);
const duel304 = await duel(304);
const small = await run('32', { rebuilt: 200, kept: 1_000 });
const large = await run('458', { rebuilt: 25, kept: 500 });
server.send('end');
await once(server, 'exit');

const ratio = (comparison: Comparison, one: string, other: string): number => {
  const of = (name: string) => comparison.results.find((result) => result.name === name)!.nsPerOperation;
  return of(one) / of(other);
};
const atMost = (name: string, value: number, bound: number): Figure => ({
  name,
  value: value.toFixed(2),
  bound: `<= ${bound}`,
  ok: value <= bound,
});
const atLeast = (name: string, value: number, bound: number): Figure => ({
  name,
  value: `${value.toFixed(1)}x`,
  bound: `>= ${bound}x`,
  ok: value >= bound,
});
const bare = 'bare Fastify, rebuilt, 200';
const made = 'corral, representation';
/** The median of the ratios within the rounds. */
const within = ({ results }: Comparison): number => results.find(({ name }) => name === made)!.ratio;

report(import.meta.url, [small, large, duel200, duel304], {
  file: 'RESULTS-http.md',
  versions: versions('fastify', '@fastify/etag', 'express', 'h3', 'ocache'),
  figures: [
    atMost('32 KB, cached 200 against the hand-made route', within(duel200), 1.1),
    atMost('32 KB, 304 against the hand-made route', within(duel304), 1.1),
    atLeast('32 KB, cached 200 cheaper than rebuilding', ratio(small, bare, `${made}, 200`), 5),
    atLeast("32 KB, 304 cheaper than @fastify/etag's 304", ratio(small, '@fastify/etag, 304', `${made}, 304`), 8),
    atLeast('32 KB, version 304 cheaper than rebuilding', ratio(small, bare, 'corral, version, 304'), 6),
    atLeast('458 KB, cached 200 cheaper than rebuilding', ratio(large, bare, `${made}, 200`), 20),
    atLeast('458 KB, 304 cheaper than rebuilding', ratio(large, bare, `${made}, 304`), 120),
    atLeast('458 KB, version 304 cheaper than rebuilding', ratio(large, bare, 'corral, version, 304'), 100),
    atMost(
      '32 KB, automatic tag 200 against @fastify/etag',
      ratio(small, 'corral, automatic tag, 200', '@fastify/etag, 200'),
      1.05,
    ),
  ],
});
