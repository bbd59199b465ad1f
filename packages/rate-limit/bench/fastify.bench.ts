/** What a limiter adds to a request: CPU of the server process a request, over HTTP, against @fastify/rate-limit on the same Redis. */
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compare, median, report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { run } from './load.ts';

const REQUESTS = 4_000;
const redis = await startRedis();
const serverFile = fileURLToPath(new URL('fastify-server.ts', import.meta.url));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const start = async (kind: string) => {
  const child = fork(serverFile, [kind, redis.url], { execArgv: ['--conditions=@corral/source', '--no-warnings'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const cpuMs = async (): Promise<number> => {
    child.send('cpu');
    const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }];
    return cpu;
  };
  const get = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      request(
        { port, host: '127.0.0.1', path: '/', agent, headers: { 'x-user': `user-${index % 10_000}` } },
        (response) => {
          if (response.statusCode !== 200) reject(new Error(`${kind}: ${response.statusCode}`));
          response.resume().on('end', () => resolve());
        },
      )
        .on('error', reject)
        .end();
    });
  return { child, cpuMs, get };
};
const servers = { none: await start('none'), corral: await start('corral'), fastify: await start('fastify') };

const spent: Record<string, number[]> = { none: [], corral: [], fastify: [] };
const comparison = await compare({
  name: 'GET / over HTTP, 64 connections, 10,000 users',
  baseline: 'no limiter',
  operations: REQUESTS,
  rounds: Number(process.env['ROUNDS'] ?? 9),
  contenders: Object.fromEntries(
    Object.entries(servers).map(([kind, { cpuMs, get }]) => [
      { none: 'no limiter', corral: 'corral', fastify: '@fastify/rate-limit' }[kind]!,
      async () => {
        const before = await cpuMs();
        await run(64, REQUESTS, get);
        spent[kind]!.push(((await cpuMs()) - before) / REQUESTS);
      },
    ]),
  ),
});
// What is added is taken within a round: the rounds differ by more than that.
const added = (kind: string): number => median(spent[kind]!.map((cpu, round) => cpu - spent['none']![round]!)) * 1000;
const none = median(spent['none']!) * 1000;
const [corral, fastify] = [added('corral'), added('fastify')];
const ratio = corral / fastify;
console.log(
  `server CPU a request: none ${none.toFixed(1)} us, corral +${corral.toFixed(1)} us, @fastify/rate-limit +${fastify.toFixed(1)} us`,
);
report(import.meta.url, [comparison], {
  file: 'FASTIFY.md',
  versions: { fastify: '5.12.8', '@fastify/rate-limit': '11.2.0' },
  figures: [
    {
      name: 'added server CPU a request, against @fastify/rate-limit on Redis',
      value: `${ratio.toFixed(2)}x`,
      bound: '<= 0.3',
      ok: ratio <= 0.3,
    },
  ],
});
for (const { child } of Object.values(servers)) child.kill();
agent.destroy();
await redis.close();
