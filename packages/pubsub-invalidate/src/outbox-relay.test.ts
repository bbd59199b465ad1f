import { until } from '@corral-internal/test-kit';
import { expect, it } from 'vitest';
import { createMemoryHub } from './memory.ts';
import { createOutboxRelay } from './outbox-relay.ts';
import { started } from './replica.fixture.ts';

/** A pool over one table of rows: answers what a relay asks, in the words that it uses. */
function tableOf(rows: { id: string; channel: string; hints: string | null }[]) {
  const left = new Map(rows.map((row) => [row.id, row]));
  const query = async (sql: string, values: unknown[] = []) => {
    if (sql.startsWith('DELETE')) for (const id of values[0] as string[]) left.delete(id);
    return { rows: sql.startsWith('SELECT') ? [...left.values()] : [] };
  };
  return { left, pool: { connect: async () => ({ query, release: () => {} }) } };
}

// Postgres refuses such a channel, and what the broker refuses is sent again for ever: nothing behind it would leave.
it.each(['', 'x'.repeat(64), 'é'.repeat(32)])(
  'a row for the impossible channel %j is reported and removed',
  async (channel) => {
    const { bus, cache, events } = await started(createMemoryHub());
    const hints = '[["providers",1]]';
    const { left, pool } = tableOf([
      { id: '1', channel, hints },
      { id: '2', channel: 'chat:config_change', hints },
    ]);
    const relay = createOutboxRelay({ bus, pool, intervalMs: 60_000 });
    await until(() => left.size === 0);
    await relay.close();

    expect(cache.has('providers')).toBe(false);
    expect(bus.stats()).toMatchObject({ published: 1, listenerErrors: 1 });
    expect(events).toContainEqual({
      type: 'listener-error',
      error: expect.objectContaining({ message: expect.stringContaining('"corral_outbox": row 1') }),
    });
  },
);
