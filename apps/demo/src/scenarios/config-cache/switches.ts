import { startProxy, type Proxy } from '@corral-internal/faults';
import type { Switch, ThrowSwitch } from '../../run/live.ts';
import type { ReplicaSet } from '../../run/replicas.ts';
import type { Stage } from '../../run/stage.ts';
import { killReplica, killReplicaSwitch, type Chaos } from '../chaos.ts';
import { dropListeners, killBroker, silenceListeners } from './broker-faults.ts';
import { editByAdmin, editByPsql, type Edits } from './edits.ts';

/** What the page may do to the chat service while the load runs. */
export const switches: readonly Switch[] = [
  {
    id: 'edit-setting',
    label: 'Edit a setting',
    detail: 'Through an admin route of replica 1; every replica has to see it.',
  },
  {
    id: 'edit-psql',
    label: 'Edit with psql',
    detail: 'Behind the app’s back; a trigger publishes it with the commit.',
  },
  {
    id: 'drop-listener',
    label: 'Drop the listeners',
    detail: 'The server ends the connection that each replica listens on.',
  },
  {
    id: 'silence',
    label: 'Silence the listeners',
    detail: 'For 8 s their packets vanish, without FIN or RST. Edit meanwhile.',
  },
  {
    id: 'kill-broker',
    label: 'Kill the broker',
    detail: 'SIGKILL to Postgres (Redis with --bus redis), and up again.',
  },
  killReplica,
];

export interface SwitchParts {
  composition: 'before' | 'after';
  bus: 'postgres' | 'redis';
  set: ReplicaSet;
  stage: Stage;
  /** Between the listeners and their server. */
  proxy: Proxy | undefined;
  chaos: Chaos;
}

/** The switches that work in one phase; what they do is noted in `chaos`. Before, nobody listens. */
export function configSwitches(parts: SwitchParts): Record<string, ThrowSwitch> {
  const { composition, bus, set, stage, proxy, chaos } = parts;
  const edits: Edits = { revision: 0, isCached: composition === 'after', set, stage, chaos };
  const always = {
    'edit-setting': () => editByAdmin(edits),
    ...(set.replicas.length > 1 ? { [killReplica.id]: killReplicaSwitch(set, chaos) } : {}),
    ...(bus === 'postgres' ? { 'kill-broker': () => killBroker(parts) } : {}),
  };
  if (composition === 'before') return always;
  return {
    ...always,
    ...(bus === 'postgres' ? { 'edit-psql': () => editByPsql(edits) } : {}),
    'drop-listener': () => dropListeners(parts),
    'kill-broker': () => killBroker(parts),
    ...(proxy === undefined ? {} : { silence: () => silenceListeners(proxy, chaos) }),
  };
}

/** A proxy for the listeners alone, so that the page can silence them. */
export async function listenThroughProxy(
  stage: Stage,
  bus: 'postgres' | 'redis',
): Promise<{ proxy: Proxy; listenUrl: string }> {
  const listenUrl = new URL(bus === 'redis' ? (await stage.redis()).url : stage.databaseUrl);
  const proxy = await startProxy({ port: Number(listenUrl.port) });
  listenUrl.hostname = '127.0.0.1';
  listenUrl.port = String(proxy.port);
  return { proxy, listenUrl: listenUrl.href };
}
