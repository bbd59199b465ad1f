/**
 * What a limiter adds to a request: CPU time of the server process, over HTTP, against @fastify/rate-limit on the same Redis.
 * Three servers in processes of their own get the same requests in turns. What is added is the difference of two larger numbers,
 * so it is taken within a round, over many rounds, each with one server without a limiter before and one after.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { openHttpLoad } from './http-load.ts';

// As Fastify's own benchmarks: a server that has enough to do.
const [CONNECTIONS, PIPELINED, USERS] = [100, 10, 10_000];
const REQUESTS = 20_000;
const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
/** Code that is warm: rounds that do not count. */
const WARM_UP = 3;

const redis = await startRedis();
const serverFile = fileURLToPath(new URL('fastify-server.ts', import.meta.url));
const requestOf = (serial: number): string =>
  `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-user: user-${serial % USERS}\r\n\r\n`;

const start = async (kind: string) => {
  const execArgv = ['--conditions=@corral/source', '--no-warnings'];
  const child = fork(serverFile, [kind, redis.url], { execArgv });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const load = await openHttpLoad(port, CONNECTIONS, PIPELINED, requestOf);
  const cpuMs = async (): Promise<number> => {
    child.send('cpu');
    const [answer] = (await once(child, 'message')) as [{ cpuMs: number }];
    return answer.cpuMs;
  };
  /** Microseconds of CPU that a request took. */
  const measure = async (): Promise<number> => {
    const before = await cpuMs();
    await load.run(REQUESTS);
    return (((await cpuMs()) - before) / REQUESTS) * 1_000;
  };
  return { measure, close: () => (load.close(), child.kill()) };
};
const servers = { none: await start('none'), corral: await start('corral'), peer: await start('fastify') };

const bare: number[] = [];
const added = { corral: [] as number[], peer: [] as number[], none: [] as number[] };
for (let round = -WARM_UP; round < ROUNDS; round++) {
  const before = await servers.none.measure();
  const spent = { corral: 0, peer: 0 };
  for (const kind of round % 2 === 0 ? (['corral', 'peer'] as const) : (['peer', 'corral'] as const)) {
    spent[kind] = await servers[kind].measure();
  }
  const after = await servers.none.measure();
  if (round < 0) continue;
  const none = (before + after) / 2;
  bare.push(none);
  added.none.push(after - before);
  for (const kind of ['corral', 'peer'] as const) added[kind].push(spent[kind] - none);
}
for (const { close } of Object.values(servers)) close();
await redis.close();

const quartiles = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.round((sorted.length - 1) * part)]!.toFixed(1);
  return `${median(values).toFixed(1)} us (${at(0.25)} to ${at(0.75)})`;
};
const ratio = median(added.corral) / median(added.peer);
report(import.meta.url, [], {
  file: 'FASTIFY.md',
  versions: { fastify: '5.12.8', '@fastify/rate-limit': '11.2.0' },
  figures: [
    {
      name: 'added server CPU a request, against @fastify/rate-limit on Redis',
      value: `${ratio.toFixed(2)}x`,
      bound: '<= 0.3',
      ok: ratio <= 0.3,
    },
    {
      name: 'server CPU of a request without a limiter, median (quartiles)',
      value: quartiles(bare),
      bound: '',
      ok: true,
    },
    { name: 'added by this package', value: quartiles(added.corral), bound: '', ok: true },
    { name: 'added by @fastify/rate-limit', value: quartiles(added.peer), bound: '', ok: true },
    {
      name: 'the same server before and after, as a measure of the noise',
      value: quartiles(added.none),
      bound: '',
      ok: true,
    },
    {
      name: `load: ${CONNECTIONS} connections, ${PIPELINED} requests under way on each, ${USERS} users, requests a round x rounds`,
      value: `${REQUESTS} x ${ROUNDS}`,
      bound: '',
      ok: true,
    },
  ],
});
