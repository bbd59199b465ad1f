// CPU time of the server process for one request, user and system, over real sockets. The load comes from this process.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compare, type Comparison, type Figure, report } from '@corral-internal/bench-kit';
import { versions } from './versions.ts';
import { type Client, openClient } from './load.ts';

const baseline = 'bare Fastify, rebuilt, 200';
const made = 'corral, representation';

/** What the report calls a contender, and what the server does. */
interface Named {
  readonly label: string;
  readonly name: string;
}

interface Contender {
  readonly process: ChildProcess;
  readonly port: number;
}

async function start(name: string, size: string): Promise<Contender> {
  const child = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), [name, size]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { process: child, port };
}

async function cpuMs({ process: child }: Contender): Promise<number> {
  child.send('cpu');
  const [message] = (await once(child, 'message')) as [{ cpuMs: number }];
  return message.cpuMs;
}

const operations = 1_000;
const connections = 50;
/** Turns before the measurement: Node has compiled the path of a request after some 15,000 of them. */
const WARM_UP = 6;
/** Processes of each side of a duel. */
const TWINS = 9;
const clients: Client[] = [];
let spentMs = 0;

/** A contender's turn: `count` requests, counted by the CPU time that its server spent on them, as if they were `operations`. */
async function requests(
  server: Contender,
  count: number,
  headers: Record<string, string>,
  status: number,
): Promise<() => Promise<void>> {
  const client = await openClient(server.port, connections);
  clients.push(client);
  await client.run(WARM_UP * count, headers, status);
  return async () => {
    // Steady state: after its pause the process finds its caches cold.
    await client.run(Math.ceil(count / 4), headers, status);
    const before = await cpuMs(server);
    await client.run(count, headers, status);
    spentMs += ((await cpuMs(server)) - before) * (operations / count);
  };
}

async function tagOf({ port }: Contender): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.arrayBuffer();
  return response.headers.get('etag') ?? '';
}

async function end(servers: Contender[]): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(
    servers.map(({ process: child }) => {
      child.send('end');
      return once(child, 'exit');
    }),
  );
}

/** Both answers of every contender in one interleaved run; what rebuilds its body gets fewer requests. */
async function run(
  size: '32' | '458',
  counts: { rebuilt: number; kept: number; notModified: number },
): Promise<Comparison> {
  const contenders: Record<string, () => Promise<void>> = {};
  const bare = await start('bare', size);
  const servers = [bare];
  contenders[baseline] = await requests(bare, counts.rebuilt, {}, 200);
  for (const [label, name, full, notModified] of [
    ['@fastify/etag', '@fastify/etag', 'rebuilt', 'rebuilt'],
    ['express', 'express', 'rebuilt', 'rebuilt'],
    ['hono', 'hono', 'rebuilt', 'rebuilt'],
    ['hand-made cached route', 'hand-made', 'kept', 'notModified'],
    ['h3, cached bytes', 'h3 cached', 'kept', 'notModified'],
    ['ocache in h3', 'ocache', 'kept', 'notModified'],
    ['corral, automatic tag', 'corral auto', 'rebuilt', 'rebuilt'],
    ['corral, version', 'corral version', 'rebuilt', 'notModified'],
    ['corral, representation', 'corral representation', 'kept', 'notModified'],
    ['corral, representation, node:http', 'corral node:http', 'kept', 'notModified'],
  ] as const) {
    // One for each answer: an endpoint that is polled answers nearly always the same.
    const [first, second] = [await start(name, size), await start(name, size)];
    servers.push(first, second);
    const conditions = { 'if-none-match': await tagOf(second) };
    contenders[`${label}, 200`] = await requests(first, counts[full], {}, 200);
    contenders[`${label}, 304`] = await requests(second, counts[notModified], conditions, 304);
  }
  const name = `${size} KB of JSON over HTTP, CPU time of the server`;
  const comparison = await compare({ name, baseline, contenders, operations, rounds: 9, clock: () => spentMs });
  await end(servers);
  return comparison;
}

/**
 * Two contenders alone, so that each ratio is taken within one short round. Each has several processes that take turns: one
 * process may be 15 % faster than its twin for as long as it lives.
 */
async function duel(
  title: string,
  [against, other]: readonly [Named, Named],
  options: { status: 200 | 304; count: number },
): Promise<Comparison> {
  const { status, count } = options;
  const contenders: Record<string, () => Promise<void>> = {};
  const servers: Contender[] = [];
  for (const { label, name } of [against, other]) {
    const turns: (() => Promise<void>)[] = [];
    for (let twin = 0; twin < TWINS; twin++) {
      const server = await start(name, '32');
      servers.push(server);
      const headers: Record<string, string> = status === 304 ? { 'if-none-match': await tagOf(server) } : {};
      turns.push(await requests(server, count, headers, status));
    }
    let turn = 0;
    contenders[label] = () => turns[turn++ % TWINS]!();
  }
  const name = `32 KB, ${status}, ${title}, CPU time of the server`;
  const comparison = await compare({
    name,
    baseline: against.label,
    contenders,
    operations,
    rounds: 4 * TWINS - 2, // with the two of the warm-up each twin has had the same number of turns
    clock: () => spentMs,
  });
  await end(servers);
  return comparison;
}

const handMade = { label: 'hand-made cached route', name: 'hand-made' };
const representation = { label: made, name: 'corral representation' };
const peer = { label: '@fastify/etag', name: '@fastify/etag' };
const automatic = { label: 'corral, automatic tag', name: 'corral auto' };
const duel200 = await duel('against the hand-made route', [handMade, representation], { status: 200, count: 2_000 });
const duel304 = await duel('against the hand-made route', [handMade, representation], { status: 304, count: 2_000 });
const duelAuto = await duel('the tag made of every answer', [peer, automatic], { status: 200, count: 300 });
const small = await run('32', { rebuilt: 300, kept: 2_000, notModified: 4_000 });
const large = await run('458', { rebuilt: 40, kept: 1_000, notModified: 4_000 });

const nsOf = ({ results }: Comparison, name: string): number =>
  results.find((result) => result.name === name)!.nsPerOperation;
/** How much cheaper than rebuilding: the median of the ratios within the rounds. */
const saving = ({ results }: Comparison, name: string): number =>
  1 / results.find((result) => result.name === name)!.ratio;
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
/** The median of the ratios within the rounds. */
const within = ({ results, baseline }: Comparison): number => results.find(({ name }) => name !== baseline)!.ratio;

report(import.meta.url, [small, large, duel200, duel304, duelAuto], {
  file: 'RESULTS-http.md',
  versions: versions('fastify', '@fastify/etag', 'express', 'hono', '@hono/node-server', 'h3', 'ocache'),
  figures: [
    atMost('32 KB, cached 200 against the hand-made route', within(duel200), 1.1),
    atMost('32 KB, 304 against the hand-made route', within(duel304), 1.1),
    atLeast('32 KB, cached 200 cheaper than rebuilding', saving(small, `${made}, 200`), 5),
    atLeast(
      "32 KB, 304 cheaper than @fastify/etag's 304",
      nsOf(small, '@fastify/etag, 304') / nsOf(small, `${made}, 304`),
      8,
    ),
    atLeast('32 KB, version 304 cheaper than rebuilding', saving(small, 'corral, version, 304'), 6),
    atLeast('458 KB, cached 200 cheaper than rebuilding', saving(large, `${made}, 200`), 20),
    atLeast('458 KB, 304 cheaper than rebuilding', saving(large, `${made}, 304`), 120),
    atLeast('458 KB, version 304 cheaper than rebuilding', saving(large, 'corral, version, 304'), 100),
    atMost('32 KB, automatic tag 200 against @fastify/etag', within(duelAuto), 1.05),
  ],
});
