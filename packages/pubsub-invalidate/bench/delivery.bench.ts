/** Publish to delivery, and publishes a second: against the bare drivers and the peers, interleaved. */
import { compare, report, type Comparison } from '@corral-internal/bench-kit';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { postgresTransport } from '../src/postgres.ts';
import { redisTransport } from '../src/redis.ts';
import { boringnode, corral, flood, latencies, pgListen, rawPostgres, rawRedis, type Link } from './peers.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
const PINGS = 200;
const FLOOD = 1_000;

const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
const client = new Redis(redis.url);
const connect = async (): Promise<Client> => {
  const made = new Client({ connectionString: postgres.url });
  await made.connect();
  return made;
};
const overRedis: Record<string, Link> = {
  'raw ioredis': await rawRedis(client),
  corral: await corral(() => redisTransport({ client })),
  'corral stream': await corral(() => redisTransport({ client, mode: 'stream' })),
  '@boringnode/bus': await boringnode(client),
};
const overPostgres: Record<string, Link> = {
  'raw pg': await rawPostgres(connect),
  corral: await corral(() => postgresTransport({ listen: postgres.url })),
  'pg-listen': await pgListen(postgres.url),
};

/** Medians of single deliveries: the time of a contender is its p50, not its sum. */
async function compareP50(name: string, baseline: string, links: Record<string, Link>): Promise<Comparison> {
  let clockMs = 0;
  const contenders = Object.fromEntries(
    Object.entries(links).map(([contender, link]) => [
      contender,
      async () => {
        const times = (await latencies(link, PINGS)).toSorted((a, b) => a - b);
        clockMs += times[PINGS >> 1]!;
      },
    ]),
  );
  return compare({ name, baseline, contenders, operations: 1, rounds: ROUNDS, clock: () => clockMs });
}

function compareFlood(
  name: string,
  baseline: string,
  links: Record<string, Link>,
  widths: Record<string, number>,
): Promise<Comparison> {
  const contenders = Object.fromEntries(
    Object.entries(links).map(([contender, link]) => [contender, () => flood(link, FLOOD, widths[contender] ?? 1)]),
  );
  return compare({ name, baseline, contenders, operations: FLOOD, rounds: Math.min(ROUNDS, 9) });
}

const latencyRedis = await compareP50('Redis: publish to delivery, p50, one after the other', 'raw ioredis', overRedis);
const latencyPostgres = await compareP50(
  'Postgres: publish to delivery, p50, one after the other',
  'raw pg',
  overPostgres,
);
const throughput = await compareFlood(
  'Postgres: publishes until the last delivery; raw pg and pg-listen one by one',
  'raw pg',
  overPostgres,
  { corral: FLOOD },
);
const throughputRedis = await compareFlood(
  'Redis: publishes until the last delivery, 1,000 at once',
  'raw ioredis',
  overRedis,
  {
    'raw ioredis': FLOOD,
    corral: FLOOD,
    'corral stream': FLOOD,
    '@boringnode/bus': FLOOD,
  },
);

const ratio = ({ results }: Comparison): number => results.find(({ name }) => name === 'corral')!.ratio;
const [p50Redis, p50Postgres, faster] = [ratio(latencyRedis), ratio(latencyPostgres), 1 / ratio(throughput)];
report(import.meta.url, [latencyRedis, latencyPostgres, throughput, throughputRedis], {
  file: 'DELIVERY.md',
  versions: { ioredis: '6.0.0', pg: '8.23.1', '@boringnode/bus': '0.9.2', 'pg-listen': '1.7.0' },
  figures: [
    {
      name: 'publish to delivery p50 over Redis / raw ioredis',
      value: p50Redis.toFixed(2),
      bound: '<= 1.5',
      ok: p50Redis <= 1.5,
    },
    {
      name: 'publish to delivery p50 over Postgres / raw pg',
      value: p50Postgres.toFixed(2),
      bound: '<= 1.5',
      ok: p50Postgres <= 1.5,
    },
    {
      name: 'batched publishes over Postgres / raw NOTIFY one by one',
      value: faster.toFixed(1),
      bound: '>= 5',
      ok: faster >= 5,
    },
  ],
});
await Promise.all([...Object.values(overRedis), ...Object.values(overPostgres)].map((link) => link.close()));
client.disconnect();
await Promise.all([redis.close(), postgres.close()]);
// The peer's own connections would keep this process alive.
process.exit();
