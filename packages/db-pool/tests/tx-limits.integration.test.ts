import { gate, until } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { useNotes } from './notes.ts';

const notes = useNotes();
const { insert, ids } = notes;

describe('retries', () => {
  it('run the callback again after a serialization failure', async () => {
    await insert(notes.pool, 1);
    let attempts = 0;
    const read = gate();

    const first = notes.pool.tx(
      async (tx) => {
        attempts += 1;
        await tx.query('select * from notes');
        if (attempts === 1) {
          read.open();
          await until(async () => (await notes.pool.query("select 1 from notes where body = 'other'")).rowCount === 1);
        }
        await tx.query("update notes set body = coalesce(body, '') || ' first' where id = 1");
      },
      { isolation: 'serializable', retries: 3 },
    );
    await read.promise;
    await notes.pool.query("update notes set body = 'other' where id = 1");
    await first;

    expect(attempts).toBe(2);
    expect(notes.pool.stats().retries).toBe(1);
    expect((await notes.pool.query('select body from notes')).rows).toEqual([{ body: 'other first' }]);
  });

  it('are not made for other errors, or unasked', async () => {
    let attempts = 0;
    const refused = notes.pool.tx(
      async (tx) => {
        attempts += 1;
        await tx.query('select 1 / 0');
      },
      { retries: 5 },
    );

    await expect(refused).rejects.toMatchObject({ code: '22012' });
    expect(attempts).toBe(1);
  });
});

describe('limits', () => {
  it('ends a transaction at its deadline: rolled back, cancelled, its signal aborted', async () => {
    let signal: AbortSignal | undefined;
    const overdue = notes.pool.tx(
      async (tx) => {
        signal = tx.signal;
        await insert(tx, 1);
        await tx.query('select pg_sleep(60)');
      },
      { timeoutMs: 100 },
    );

    await expect(overdue).rejects.toMatchObject({ code: 'ERR_TX_TIMEOUT', timeoutMs: 100 });
    expect(signal?.aborted).toBe(true);
    expect(await ids()).toEqual([]);
    await until(() => notes.pool.stats().busy === 0);
  });

  it('rolls back at the caller’s abort and rejects with its reason', async () => {
    const controller = new AbortController();
    const started = gate();
    const aborted = notes.pool.tx(
      async (tx) => {
        await insert(tx, 1);
        started.open();
        await tx.query('select pg_sleep(60)');
      },
      { signal: controller.signal },
    );
    await started.promise;

    controller.abort(new Error('the user left'));

    await expect(aborted).rejects.toThrow('the user left');
    expect(await ids()).toEqual([]);
  });

  it('sends isolation and access mode with BEGIN', async () => {
    const mode = await notes.pool.tx(
      async (tx) =>
        (
          await tx.query(
            "select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only",
          )
        ).rows,
      { isolation: 'repeatable read', readOnly: true },
    );

    expect(mode).toEqual([{ isolation: 'repeatable read', read_only: 'on' }]);
    await expect(notes.pool.tx((tx) => tx.query('select 1'), { isolation: 'snapshot' as never })).rejects.toThrow(
      'isolation',
    );
  });
});
