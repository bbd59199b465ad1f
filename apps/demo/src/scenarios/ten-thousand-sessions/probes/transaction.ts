import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';

interface Shared {
  a: string;
  b: string;
  /** Of the two notes that A wrote, as Postgres has them. */
  kept: number;
}

/** Two queries at once on one transaction's connection. */
export const sharedTransaction: Part<Shared> = {
  name: 'two tasks on one transaction',
  look: async ({ name, workers: { replicas }, stage: { admin } }) => {
    const told = await command<{ a: string; b: string }>(replicas[0]!, 'twoTasks', name);
    const { rows } = await admin.query<{ kept: number }>('SELECT count(*)::int AS kept FROM notes WHERE task = $1', [
      name,
    ]);
    await admin.query('DELETE FROM notes');
    return { ...told, kept: rows[0]!.kept };
  },
  check: ({ before, after }) =>
    after && {
      name: 'a task cannot use the transaction of another one',
      ok: after.b === 'ERR_TX_FOREIGN_CONTEXT' && after.a === 'ok' && after.kept === 2,
      detail: `task B fails on the connection of A's transaction: ${before === undefined ? '' : `before ${said(before)}; `}after ${said(after)}`,
    },
};

const said = ({ a, b, kept }: Shared): string => `A is told ${a} and keeps ${kept} of 2 rows, B is told ${b}`;
