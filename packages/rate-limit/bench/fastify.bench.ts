/**
 * What a limiter adds to a request: CPU time of the server process, over HTTP, against @fastify/rate-limit on the same Redis.
 * Three servers in processes of their own get the same requests in turns. What is added is the difference of two larger numbers,
 * so it is taken within a round, over many rounds, each with one server without a limiter before and one after. Most of a
 * request is the kernel's work, and how much of that depends on who wakes whom: the servers have a core for themselves, cores do
 * not halt, and all servers are started anew several times.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { keepAwake, pin } from './awake.ts';
import { openHttpLoad } from './http-load.ts';

// As Fastify's own benchmarks: a server that has enough to do.
const [CONNECTIONS, PIPELINED, USERS] = [100, 10, 10_000];
// Short rounds: the machine changes its speed within seconds.
const REQUESTS = 6_000;
const STARTS = Number(process.env['STARTS'] ?? 5);
const ROUNDS = Number(process.env['ROUNDS'] ?? 6);
/** Code that is warm: rounds after a start that do not count. */
const WARM_UP = 4;

const redis = await startRedis();
pin(redis.pid, 1);
pin(process.pid, 1);
const serverFile = fileURLToPath(new URL('fastify-server.ts', import.meta.url));
const requestOf = (serial: number): string =>
  `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-user: user-${serial % USERS}\r\n\r\n`;

const start = async (kind: string, keys: string) => {
  const execArgv = ['--conditions=@corral/source', '--no-warnings'];
  const child = fork(serverFile, [kind, redis.url, keys], { execArgv });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  pin(child.pid!, 0);
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

const fresh = () => ({ bare: [] as number[], corral: [] as number[], peer: [] as number[], none: [] as number[] });

/** What the limiters add to a request, from one start of the servers on. */
async function measureServers(keys: 'address' | 'users', added: ReturnType<typeof fresh>): Promise<void> {
  const servers = {
    none: await start('none', keys),
    corral: await start('corral', keys),
    peer: await start('fastify', keys),
  };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const before = await servers.none.measure();
    const spent = { corral: 0, peer: 0 };
    for (const kind of round % 2 === 0 ? (['corral', 'peer'] as const) : (['peer', 'corral'] as const)) {
      spent[kind] = await servers[kind].measure();
    }
    const after = await servers.none.measure();
    if (round < 0) continue;
    const none = (before + after) / 2;
    added.bare.push(none);
    added.none.push(after - before);
    for (const kind of ['corral', 'peer'] as const) added[kind].push(spent[kind] - none);
  }
  for (const { close } of Object.values(servers)) close();
}
const [address, users] = [fresh(), fresh()];
const letHalt = keepAwake();
for (let turn = 0; turn < STARTS; turn++) {
  await measureServers('address', address);
  await measureServers('users', users);
}
letHalt();
await redis.close();

const quartiles = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.round((sorted.length - 1) * part)]!.toFixed(1);
  return `${median(values).toFixed(1)} us (${at(0.25)} to ${at(0.75)})`;
};
const row = (name: string, value: string) => ({ name, value, bound: '', ok: true });
const ratioOf = ({ corral, peer }: typeof address): number => median(corral) / median(peer);
const rows = (name: string, added: typeof address) => [
  row(`${name}: server CPU of a request without a limiter, median (quartiles)`, quartiles(added.bare)),
  row(`${name}: added by this package`, quartiles(added.corral)),
  row(`${name}: added by @fastify/rate-limit`, quartiles(added.peer)),
  row(`${name}: the same server before and after, as a measure of the noise`, quartiles(added.none)),
];
report(import.meta.url, [], {
  file: 'FASTIFY.md',
  versions: { fastify: '5.12.8', '@fastify/rate-limit': '11.2.0' },
  figures: [
    {
      name: 'default key, one address: added server CPU a request, against @fastify/rate-limit on Redis',
      value: `${ratioOf(address).toFixed(2)}x`,
      bound: '<= 0.3',
      ok: ratioOf(address) <= 0.3,
    },
    row(`${USERS} users in turn: the same`, `${ratioOf(users).toFixed(2)}x`),
    ...rows('one address', address),
    ...rows(`${USERS} users`, users),
    row(
      `load: ${CONNECTIONS} connections, ${PIPELINED} requests under way on each; requests a round x rounds x starts`,
      `${REQUESTS} x ${ROUNDS} x ${STARTS}`,
    ),
  ],
});
