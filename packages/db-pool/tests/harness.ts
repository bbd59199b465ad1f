import { startPostgres, type PostgresServer } from '@corral-internal/test-kit/servers';
import { createPool, type Pool, type PoolEvent, type PoolOptions } from '../src/index.ts';

/** Pools of one test file: closed together, however the test ended. */
export interface Pools {
  open(connection: PoolOptions['connection'], options?: Partial<PoolOptions>): Pool;
  closeAll(): Promise<void>;
}

export function trackPools(): Pools {
  const pools: Pool[] = [];
  return {
    open(connection, options = {}) {
      const pool = createPool({ connection, ...options });
      pools.push(pool);
      return pool;
    },
    async closeAll() {
      await Promise.all(pools.splice(0).map((pool) => pool.close({ timeoutMs: 0 })));
    },
  };
}

/** Collects events by type. */
export function recorder(): {
  events: PoolEvent[];
  onEvent(event: PoolEvent): void;
  of(type: PoolEvent['type']): PoolEvent[];
} {
  const events: PoolEvent[] = [];
  return {
    events,
    onEvent: (event) => void events.push(event),
    of: (type) => events.filter((event) => event.type === type),
  };
}

/** Asks from outside the pool. */
export async function killBackends(admin: Pool, name: string): Promise<number> {
  const { rowCount } = await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()',
    [name],
  );
  return rowCount ?? 0;
}

/** Runs `workers` loops of `work` until `stop()`; counts what failed and remembers the last few errors. */
export function workers(
  count: number,
  work: () => Promise<unknown>,
): { done: number; errors: unknown[]; stop(): Promise<void> } {
  const stopping = new AbortController();
  const state = { done: 0, errors: [] as unknown[], stop };
  const loops = Array.from({ length: count }, async () => {
    while (!stopping.signal.aborted) {
      try {
        await work();
        state.done += 1;
      } catch (error) {
        state.errors.push(error);
      }
    }
  });
  async function stop(): Promise<void> {
    stopping.abort();
    await Promise.all(loops);
  }
  return state;
}

export { startPostgres, type PostgresServer };
