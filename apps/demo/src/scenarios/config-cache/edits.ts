import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '@corral-internal/test-kit/servers';
import { invalidationTriggerSql } from '@corral/pubsub-invalidate/postgres';
import type { ReplicaView } from '../../run/live.ts';
import type { ReplicaSet } from '../../run/replicas.ts';
import type { Stage } from '../../run/stage.ts';
import type { Chaos } from '../chaos.ts';
import { editProvider } from './admin-client.ts';

/** The edits of one phase, and where they are watched. */
export interface Edits {
  /** The last one written. */
  revision: number;
  isCached: boolean;
  set: ReplicaSet;
  stage: Stage;
  chaos: Chaos;
}

/** Through an admin route of replica 1, which publishes the change. */
export function editByAdmin(edits: Edits): Promise<string> {
  const revision = ++edits.revision;
  edits.chaos.note(`edit to revision ${revision}`);
  return watchEdit(edits, revision, () => editProvider(edits.set.replicas[0]!, revision));
}

/** Behind the app's back, in a transaction of somebody else; the table's trigger publishes it. */
export async function editByPsql(edits: Edits): Promise<string> {
  const revision = ++edits.revision;
  const { stage, chaos } = edits;
  const { up } = providersTrigger;
  await stage.admin.query(up); // installed twice is installed once; the database is dropped after the run
  chaos.note(`psql edits to revision ${revision}`);
  return watchEdit(edits, revision, () => psql(stage, setRevision(revision)));
}

/** Publishes every change of the providers, whoever makes it. */
export const providersTrigger: { up: string; down: string } = invalidationTriggerSql({
  table: 'chat_providers',
  channel: 'chat:config_change',
  kind: 'providers',
  key: [],
});

export const setRevision = (revision: number): string =>
  `UPDATE chat_providers SET options = '{"revision": ${revision}}' WHERE id = 1`;

/** Runs `sql` with psql where there is one, else over a plain connection. */
export async function psql({ admin, databaseUrl }: Stage, sql: string): Promise<void> {
  const program = findProgram('psql');
  if (program === undefined) await admin.query(sql);
  else await promisify(execFile)(program, [databaseUrl, '--quiet', '--no-psqlrc', '--command', sql]);
}

async function watchEdit(
  { isCached, set, chaos }: Edits,
  revision: number,
  edit: () => Promise<void>,
): Promise<string> {
  const startMs = performance.now();
  if (!isCached) {
    await edit();
    return `revision ${revision} is in the database; every replica reads it there on each turn`;
  }
  const over = new AbortController();
  const signal = AbortSignal.any([chaos.signal, over.signal]);
  try {
    const seen = Promise.all(set.replicas.map(({ index }) => seenAfterMs(set, index, revision, startMs, signal)));
    const [waits] = await Promise.all([seen, edit()]);
    if (chaos.signal.aborted) return `revision ${revision}: the phase ended before every replica had seen it`;
    return `revision ${revision} seen by ${waits.length} replicas after ${waits.join(', ')} ms`;
  } finally {
    over.abort(); // an edit that failed is not waited for
  }
}

/** No replica keeps an old value for longer than its TTL; this is for one that is being restarted. */
const seenLimitMs = 20_000;

/** How long the replica took to see the new value, milliseconds since `startMs`. */
async function seenAfterMs(
  set: ReplicaSet,
  index: number,
  revision: number,
  startMs: number,
  signal: AbortSignal,
): Promise<number | string> {
  while (!signal.aborted && performance.now() - startMs < seenLimitMs) {
    const view = (await set.views().catch((): ReplicaView[] => []))[index];
    if (view?.seen === `revision ${revision}`) return Math.round(performance.now() - startMs);
    await delay(2);
  }
  return 'never';
}
