import { findProgram } from '@corral-internal/test-kit/servers';
import type { Replica } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { editProvider } from './admin-client.ts';
import { providersTrigger, psql, setRevision } from './edits.ts';
import { withReplica } from './replica-start.ts';
import type { ConfigCacheReplica } from './replica.ts';
import { hasRevision, publishedBoundMs, sourceTtls, stalenessMs } from './staleness.ts';
import { listenThroughProxy } from './switches.ts';

/** Three heartbeats of 1 s and the ping's deadline of 2 s: by then a silent connection is known to be dead. */
const silentBoundMs = 5_000;
/** A server that comes back is met with reconnects; each new session clears. */
const restartBoundMs = 5_000;

/** The listener's connection goes silent, without a FIN or RST, just before an edit through another replica. */
export async function checkSilentConnection(stage: Stage, settings: ConfigCacheReplica): Promise<Check> {
  const { proxy, listenUrl } = await listenThroughProxy(stage, settings.bus);
  const fresh = { ...settings, ...sourceTtls };
  try {
    const [waitMs] = await withReplica(stage, { ...fresh, listenUrl }, (deaf) =>
      withReplica(stage, fresh, (editor) => {
        const edit = (): Promise<void> => {
          proxy.blackhole();
          return editProvider(editor, 301);
        };
        return stalenessMs([deaf], edit, hasRevision(301), sourceTtls.ttlMs);
      }),
    );
    return {
      name: 'staleness with a silent connection',
      ok: waitMs! <= silentBoundMs,
      detail: `${waitMs} ms: no answer to a ping and no heartbeat (bound ${silentBoundMs} ms, TTL ${sourceTtls.ttlMs} ms)`,
    };
  } finally {
    await proxy.close();
  }
}

/** The broker is killed with SIGKILL and started again; an edit right after that. Undefined where it is not ours to kill. */
export async function checkBrokerKilled(
  replicas: readonly Replica[],
  stage: Stage,
  bus: 'postgres' | 'redis',
): Promise<Check | undefined> {
  const server = bus === 'redis' ? (await stage.redis()).own : stage.ownPostgres;
  if (server === undefined) return undefined;
  const edit = async (): Promise<void> => {
    await server.kill();
    await server.start();
    await editProvider(replicas[0]!, 302);
  };
  // The editor's answer needs Postgres too: the pool waits for it, and the edit is not lost.
  const waits = await stalenessMs(replicas, edit, hasRevision(302), sourceTtls.ttlMs);
  return {
    name: `staleness with ${bus === 'redis' ? 'Redis' : 'Postgres'} killed and started again just before the edit`,
    ok: Math.max(...waits) <= restartBoundMs,
    detail: `${waits.join(', ')} ms on ${waits.length} replicas, the restart included (bound ${restartBoundMs} ms)`,
  };
}

/** Somebody edits a row with psql: a trigger publishes, with the commit. What psql takes to start and to connect is no staleness. */
export async function checkEditThroughPsql(replicas: readonly Replica[], stage: Stage): Promise<Check> {
  const { up, down } = providersTrigger;
  let editMs = 0;
  const edit = async (): Promise<void> => {
    const startMs = performance.now();
    await psql(stage, setRevision(303));
    editMs = performance.now() - startMs;
  };
  await stage.admin.query(up);
  try {
    const waits = await stalenessMs(replicas, edit, hasRevision(303), sourceTtls.ttlMs);
    return {
      name: 'staleness after an edit through psql',
      ok: Math.max(...waits) - editMs <= publishedBoundMs,
      detail: `${waits.join(', ')} ms on ${waits.length} replicas, ${Math.round(editMs)} ms of them for the command itself: a trigger publishes for every writer (by ${findProgram('psql') === undefined ? 'a plain connection, there is no psql here' : 'psql itself'})`,
    };
  } finally {
    await stage.admin.query(down);
  }
}
