import { createPool, type Pool } from '@corral/db-pool';
import { startPostgres } from '@corral-internal/test-kit/servers';
import { poolAfter } from '../app/parts.ts';
import type { Part } from '../part.ts';
import { workersOf } from '../plan.ts';

type Capacity = Awaited<ReturnType<Pool['validate']>>;

interface Validated {
  asked: Capacity;
  /** The same question with the sizes that the answer suggests. */
  suggested: Capacity;
}

/** Four workers ask a Postgres with its own default of 100 connections whether 150 each will fit. */
export const capacity: Part<Validated | undefined> = {
  name: 'the size of the pool',
  look: async ({ name }) => {
    if (name === 'before') return undefined; // 4 x 15 would fit
    const server = await startPostgres({ settings: { max_connections: 100 } });
    try {
      const asked = await validate(server.url, poolAfter);
      return { asked, suggested: await validate(server.url, asked.suggested) };
    } finally {
      await server.close();
    }
  },
  check: ({ after }) =>
    after && {
      name: 'the pool says at start that 600 connections do not fit',
      ok: !after.asked.ok && after.asked.requested === 600 && after.suggested.ok,
      detail: `validate: "${after.asked.warnings[0]}"; with these sizes it says ${after.suggested.ok ? 'ok' : 'NOT ok'}`,
    },
};

async function validate(connection: string, { size, overflow }: { size: number; overflow: number }): Promise<Capacity> {
  const pool = createPool({ connection, size, overflow });
  try {
    return await pool.validate({ processes: workersOf.after });
  } finally {
    await pool.close();
  }
}
