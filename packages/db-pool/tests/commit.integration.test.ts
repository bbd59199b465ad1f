import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { recorder } from './harness.ts';
import { useNotes } from './notes.ts';

const notes = useNotes();
const { insert, ids } = notes;

describe('COMMIT', () => {
  it('answered by ROLLBACK is an error with the first failure as its cause', async () => {
    const refused = notes.pool.tx(async (tx) => {
      await insert(tx, 1);
      await insert(tx, 1).catch(() => undefined);
    });

    await expect(refused).rejects.toMatchObject({ code: 'ERR_TX_ABORTED', cause: { code: '23505' } });
  });

  it('that fails in the server is that error', async () => {
    await notes.pool.query('create table if not exists late (id int unique deferrable initially deferred)');

    const refused = notes.pool.tx((tx) => tx.query('insert into late values (1), (1)'));

    await expect(refused).rejects.toMatchObject({ code: '23505' });
  });

  it('runs what waits for it, and not what was undone', async () => {
    const ran: string[] = [];
    const seen = recorder();
    const watched = notes.open(notes.url, { onEvent: seen.onEvent });

    await watched.tx(async (tx) => {
      tx.afterCommit(() => void ran.push('outer'));
      await tx.savepoint(async (inner) => inner.afterCommit(() => void ran.push('inner')));
      await tx
        .savepoint(async (inner) => {
          inner.afterCommit(() => void ran.push('undone'));
          throw new Error('no');
        })
        .catch(() => undefined);
      tx.afterCommit(() => {
        throw new Error('its own trouble');
      });
      expect(ran).toEqual([]);
    });
    await watched
      .tx(async (tx) => {
        tx.afterCommit(() => void ran.push('never'));
        throw new Error('no');
      })
      .catch(() => undefined);

    expect(ran).toEqual(['outer', 'inner']);
    expect(seen.of('hook-error')).toHaveLength(1);
  });

  it('whose answer is lost is unknown, and can be resolved', async () => {
    const proxy = await startProxy({ port: Number(new URL(notes.url).port) });
    const url = new URL(notes.url);
    url.port = String(proxy.port);
    const far = notes.open(url.href, { size: 2, overflow: 0, backoff: { minMs: 1, maxMs: 5 } });
    await far.ready();
    const losing = (resolveCommit: boolean, id: number) =>
      far.tx(
        async (tx) => {
          await insert(tx, id);
          // A deferred trigger holds COMMIT back long enough to lose its answer.
          await tx.query('create temporary table if not exists slow (id int) on commit drop');
          await tx.query(
            `create function pg_temp.nap() returns trigger language plpgsql as $f$ begin perform pg_sleep(0.3); return null; end $f$`,
          );
          await tx.query(
            'create constraint trigger nap after insert on slow deferrable initially deferred for each row execute function pg_temp.nap()',
          );
          await tx.query('insert into slow values (1)');
        },
        { resolveCommit },
      );
    const cutDuringCommit = async (id: number): Promise<void> => {
      await until(
        async () => {
          const { rowCount } = await notes.pool.query(
            "select 1 from pg_stat_activity where query = 'COMMIT' and state = 'active'",
          );
          return rowCount === 1;
        },
        { label: `COMMIT of ${id} runs` },
      );
      proxy.blackhole('toClient');
      await until(async () => (await ids()).includes(id));
      proxy.cut();
      await proxy.heal();
    };

    const unknown = losing(false, 1).catch((error: unknown) => error);
    await cutDuringCommit(1);
    expect(await unknown).toMatchObject({ code: 'ERR_COMMIT_UNKNOWN', cause: { code: 'ERR_CONNECTION_LOST' } });

    const resolved = losing(true, 2);
    await cutDuringCommit(2);
    await expect(resolved).resolves.toBeUndefined();
    await far.close();
    await proxy.close();
  });
});
