import { createPool } from '@corral/db-pool';
import { createBus, createInvalidator, kind } from '@corral/pubsub-invalidate';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { createTtlCache } from '@corral/ttl-cache';
import { Redis } from 'ioredis';

export type Question = { read: string } | { write: [id: string, name: string] };

/** One process of the service: reads through its cache, writes to Postgres, tells the others. */
export async function runReplica(): Promise<void> {
  const pool = createPool({ connection: process.env['DATABASE_URL'] ?? 'postgres://localhost/app', size: 2 });
  const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
  const bus = createBus({ transport: redisTransport({ client: redis }), namespace: `ducks-${process.ppid}` });
  const changes = createInvalidator({ bus, topic: 'ducks', kinds: { duck: kind<{ id: string }>() } });

  let queries = 0;
  const ducks = createTtlCache<string>({ ttlMs: 600_000 });
  changes.bind(ducks, { keys: { duck: ({ id }) => [id] } });

  const read = (id: string) =>
    ducks.getOrLoad(id, async () => {
      queries++;
      const { rows } = await pool.query('select name from ducks where id = $1', [id]);
      return rows[0]?.name;
    });

  async function write(id: string, name: string): Promise<void> {
    await pool.query('create table if not exists ducks (id text primary key, name text)');
    await pool.query('insert into ducks values ($1, $2) on conflict (id) do update set name = $2', [id, name]);
    await changes.publish('duck', { id }); // after the commit: this process at once, the others in milliseconds
  }

  async function answer(question: Question): Promise<void> {
    if ('read' in question) process.send!(`${await read(question.read)} (queries here: ${queries})`);
    else process.send!(String(await write(...question.write)));
  }
  async function close(): Promise<void> {
    await bus.close();
    redis.disconnect();
    ducks.close();
    await pool.close();
    process.disconnect();
  }
  process.on('message', (message: Question | 'close') => void (message === 'close' ? close() : answer(message)));
  await bus.start();
  process.send!('live');
}
