import { gate, until } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import type { Tx } from '../src/index.ts';
import { useNotes } from './notes.ts';

const notes = useNotes();
const { insert, ids } = notes;

describe('one object for one callback', () => {
  it('runs Promise.all in the order in which it was written', async () => {
    await notes.pool.tx(async (tx) => {
      await Promise.all([
        insert(tx, 1),
        tx.query('select pg_sleep(0.01)'),
        tx.query('update notes set id = 2'),
        insert(tx, 3),
      ]);
    });

    expect(await ids()).toEqual([2, 3]);
  });

  it('refuses a call from another task, and names both places', async () => {
    const hold = gate();
    let leaked: Tx | undefined;
    const running = notes.pool.tx(async (tx) => {
      leaked = tx;
      await hold.promise;
    });
    await until(() => leaked !== undefined);

    const error = await leaked?.query('select 1').catch((error: unknown) => error);

    expect(error).toMatchObject({ name: 'TxForeignContextError', code: 'ERR_TX_FOREIGN_CONTEXT' });
    expect(error).toMatchObject({
      beganAt: expect.stringContaining('tx.integration'),
      usedAt: expect.stringContaining('tx.integration'),
    });
    hold.open();
    await running;
  });

  it('refuses a call after the end', async () => {
    let leaked: Tx | undefined;
    await notes.pool.tx(async (tx) => {
      leaked = tx;
    });

    await expect(leaked?.query('select 1')).rejects.toMatchObject({ code: 'ERR_TX_CLOSED' });
    expect(() => leaked?.afterCommit(() => undefined)).toThrow('has ended');
  });

  it('rolls back when a statement was not awaited, and says which', async () => {
    const error = await notes.pool
      .tx(async (tx) => {
        await insert(tx, 1);
        void insert(tx, 2);
      })
      .catch((error: unknown) => error);

    expect(error).toMatchObject({ code: 'ERR_TX_CLOSED', usedAt: expect.stringContaining('tx.integration') });
    expect(await ids()).toEqual([]);
    expect(notes.pool.stats().busy).toBe(0);
  });

  it('lets the error of a statement out unchanged', async () => {
    const refused = notes.pool.tx(async (tx) => {
      await Promise.all([insert(tx, 1), insert(tx, 1), insert(tx, 2)]);
    });

    await expect(refused).rejects.toMatchObject({ code: '23505', constraint: 'notes_pkey' });
    expect(await ids()).toEqual([]);
  });
});

describe('savepoints', () => {
  it('undo what they did and nothing else', async () => {
    await notes.pool.tx(async (tx) => {
      await insert(tx, 1);
      const refused = tx.savepoint(async (inner) => {
        await insert(inner, 2);
        await insert(inner, 1);
      });
      await expect(refused).rejects.toMatchObject({ code: '23505' });
      await insert(tx, 3);
    });

    expect(await ids()).toEqual([1, 3]);
  });

  it('take turns, also under Promise.all and beside other statements', async () => {
    await notes.pool.tx(async (tx) => {
      const undone = tx.savepoint(async (inner) => {
        await insert(inner, 1);
        await inner.savepoint((innermost) => insert(innermost, 2));
        throw new Error('no');
      });
      await Promise.allSettled([undone, tx.savepoint((inner) => insert(inner, 3)), insert(tx, 4)]);
    });

    expect(await ids()).toEqual([3, 4]);
  });

  it('take the outer object from inside as well', async () => {
    await notes.pool.tx((tx) => tx.savepoint(() => insert(tx, 1)));

    expect(await ids()).toEqual([1]);
  });

  it('refuse the inner object outside', async () => {
    const refused = notes.pool.tx(async (tx) => {
      let leaked: Tx | undefined;
      await tx.savepoint(async (inner) => {
        leaked = inner;
      });
      await leaked?.query('select 1');
    });

    await expect(refused).rejects.toMatchObject({ code: 'ERR_TX_CLOSED' });
  });
});
