import type { Pool, Tx } from '@corral/db-pool';
import { Client } from 'pg';

/**
 * Task A writes two notes in a transaction; between them task B, which got hold of its connection, makes a mistake.
 * Resolves with what each of them was told.
 */
export type TwoTasks = (note: string) => Promise<{ a: string; b: string }>;

const insert = 'INSERT INTO notes VALUES ($1)';
const mistake = 'SELECT no_such_column';

/** Before: B's mistake aborts A's transaction, and COMMIT rolls back without a word. */
export const onOneConnection =
  (connectionString: string): TwoTasks =>
  async (note) => {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(insert, [note]);
      const b = await told(client.query(mistake));
      const a = await told(client.query(insert, [note]));
      await client.query('COMMIT');
      return { a, b };
    } finally {
      await client.end();
    }
  };

/** After: a transaction belongs to its callback; B is refused, and A does not notice. */
export const inATransaction =
  (pool: Pool): TwoTasks =>
  async (note) => {
    const handed = Promise.withResolvers<Tx>();
    const taskB = handed.promise.then((tx) => told(tx.query(mistake)));
    const taskA = pool.tx(async (tx) => {
      await tx.query(insert, [note]);
      handed.resolve(tx);
      await taskB;
      await tx.query(insert, [note]);
    });
    return { a: await told(taskA), b: await taskB };
  };

const told = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => String((error as { code?: unknown }).code ?? error),
  );
