import { startProxy, type Proxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { command, type Replica } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { configSeenBy, editModel, modelSeenBy, putPrompt } from './admin-client.ts';
import type { ConfigCacheReplica } from './replica.ts';
import { withReplica } from './replica-start.ts';
import { sourceTtls } from './staleness.ts';

type Settings = Omit<ConfigCacheReplica, 'queriesUrl'>;

/** Reads of a user without a prompt, with and without remembering that there is none. */
export async function checkNegativeCaching(stage: Stage, settings: Settings): Promise<Check> {
  const reads = 50;
  const queries = (negative: boolean): Promise<number> =>
    withReplica(stage, { ...settings, ...sourceTtls, negative }, async (replica, counts) => {
      for (let read = 0; read < reads; read++) await configSeenBy(replica, 999);
      return (await counts())['GetUserChatCustomPrompt'] ?? 0;
    });
  const [on, off] = [await queries(true), await queries(false)];
  return {
    name: 'negative caching',
    ok: on <= 2 && off === reads,
    detail: `${reads} reads of a prompt that does not exist: ${on} queries; with negative caching off ${off}`,
  };
}

/** A caller edits the options that it was given; the next one must not see that. */
export async function checkClone(stage: Stage, settings: Settings): Promise<Check> {
  const leaks = (clone: boolean): Promise<boolean> =>
    withReplica(stage, { ...settings, ...sourceTtls, clone }, async (replica) => {
      await command(replica, 'editInPlace');
      return (await configSeenBy(replica)).model?.options.temperature !== 0.7;
    });
  const [on, off] = [await leaks(true), await leaks(false)];
  return {
    name: 'clone on store and on read',
    ok: !on && off,
    detail: `a caller edits its options in place: ${on ? 'LEAKS' : 'nobody else sees it'}; with clone off ${off ? 'every later caller sees it' : 'nothing is seen'}`,
  };
}

/**
 * The stale fill: the database has answered, the answer is on its way (a proxy holds it back), meanwhile the value is
 * edited and invalidated. What does the cache hold afterwards?
 */
export async function checkGuard(stage: Stage, settings: Settings): Promise<Check> {
  const guarded = await revisionAfterRace(stage, settings, 'after', 201);
  const unguarded = await revisionAfterRace(stage, settings, 'unguarded', 202);
  return {
    name: 'generation guard',
    ok: guarded === 201 && unguarded === 201,
    detail:
      `an edit while a load is on its way: the next read gives ${guarded === 201 ? 'the new value' : `STALE revision ${guarded}`}; ` +
      `without the guard ${unguarded === 201 ? 'the old value returns, for a whole TTL' : `revision ${unguarded}`}`,
  };
}

/** Races an edit to `revision` against a load that is under way, and returns what is read after both. */
async function revisionAfterRace(
  stage: Stage,
  settings: Settings,
  composition: string,
  revision: number,
): Promise<number | undefined> {
  const proxy = await startProxy({ port: Number(new URL(stage.databaseUrl).port) });
  const slowName = `corral-demo-slow-${revision}`;
  const through = new URL(stage.databaseUrl);
  through.port = String(proxy.port);
  through.searchParams.set('application_name', slowName);
  const fresh = { ...settings, ...sourceTtls };
  const run = (slow: Replica, editor: Replica): Promise<number | undefined> =>
    race(stage, { proxy, slow, slowName, editor, revision });
  try {
    return await withReplica(stage, { ...fresh, composition, queriesUrl: through.href }, (slow) =>
      withReplica(stage, fresh, (editor) => run(slow, editor)),
    );
  } finally {
    await proxy.close();
  }
}

interface Race {
  proxy: Proxy;
  slow: Replica;
  slowName: string;
  editor: Replica;
  revision: number;
}

async function race(stage: Stage, { proxy, slow, slowName, editor, revision }: Race): Promise<number | undefined> {
  const changesSeen = (): Promise<number> => command<number>(slow, 'changesSeen');
  const answered = async (): Promise<boolean> => {
    const { rowCount } = await stage.admin.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle' AND query LIKE '%GetChatModelConfigByID%'`,
      [slowName],
    );
    return rowCount === 1;
  };
  await putPrompt(slow, 'warms the pool, reads no model');
  const seenBefore = await changesSeen();

  proxy.blackhole('toClient');
  const held = modelSeenBy(slow);
  let hasFailed = false;
  held.catch(() => (hasFailed = true)); // awaiting it says so
  await until(async () => hasFailed || (await answered()), {
    label: 'Postgres has answered, and the proxy holds the answer',
  });
  await editModel(editor, revision);
  await until(async () => (await changesSeen()) > seenBefore, { label: 'the edit has reached the slow replica' });
  await proxy.heal();
  await held;

  return (await modelSeenBy(slow)).options.revision;
}
