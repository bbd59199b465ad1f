import pg from 'pg';
import { createPool } from '../src/index.ts';
import type { Task } from './contenders.ts';
import { load } from './load.ts';

/** The program of one contender: `contender.ts <kind> <url>`. Told a task, it answers with the milliseconds that it took. */
const SIZE = 10;
const [, , kind, url] = process.argv as [string, string, string, string];

interface Subject {
  query(text: string): Promise<unknown>;
  end(): Promise<unknown>;
}

/** Connected clients, given to whoever comes first, and nothing else: no deadline, no watch, no cleaning. */
async function bareClients(): Promise<Subject> {
  const clients = Array.from({ length: SIZE }, () => new pg.Client({ connectionString: url }));
  for (const client of clients) await client.connect();
  const free = [...clients];
  const waiting: ((client: pg.Client) => void)[] = [];
  return {
    async query(text) {
      const client = free.pop() ?? (await new Promise<pg.Client>((resolve) => waiting.push(resolve)));
      try {
        return await client.query(text);
      } finally {
        const next = waiting.shift();
        if (next) next(client);
        else free.push(client);
      }
    },
    end: () => Promise.all(clients.map((client) => client.end())),
  };
}

function ours(pipeline: false | { depth: number }): Subject {
  const pool = createPool({ connection: url, size: SIZE, overflow: 0, acquireTimeoutMs: 60_000, pipeline });
  return { query: (text) => pool.query(text), end: () => pool.close() };
}

const subject = await {
  'db-pool': () => ours(false),
  'db-pool, pipelined': () => ours({ depth: 32 }),
  'pg.Pool': () => new pg.Pool({ connectionString: url, max: SIZE }),
  'bare clients': bareClients,
}[kind]!();

async function perform({ sql, failingPercent = 0, concurrency, operations }: Task): Promise<number> {
  const startedAt = performance.now();
  await load(concurrency, operations, (index) =>
    index % 100 < failingPercent ? subject.query('select 1 / 0').catch(() => undefined) : subject.query(sql),
  );
  return performance.now() - startedAt;
}

process.on('message', (task: Task) => void perform(task).then((ms) => process.send?.(ms)));
process.once('disconnect', () => void subject.end());
process.send?.(0);
