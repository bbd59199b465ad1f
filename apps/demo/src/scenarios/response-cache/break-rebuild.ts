import { setTimeout as delay } from 'node:timers/promises';
import type { Switch, ThrowSwitch } from '../../run/live.ts';
import type { Stage } from '../../run/stage.ts';
import type { Chaos } from '../chaos.ts';

/** How long the column is away, milliseconds. */
const awayMs = 3_000;

export const breakRebuild: Switch = {
  id: 'break-rebuild',
  label: 'Break the rebuild',
  detail: `A column of the challenges is renamed for ${awayMs / 1_000} s: a rebuild fails with an error of the database. Before, each request fails; after, the old bytes are served.`,
};

export const takeColumnAway = 'ALTER TABLE challenges RENAME COLUMN formula TO formula_away';
export const bringColumnBack = 'ALTER TABLE challenges RENAME COLUMN formula_away TO formula';

/** Postgres counts no statement that failed: the two witnesses cannot be compared after this. */
export function breakRebuildSwitch({ admin }: Stage, chaos: Chaos): ThrowSwitch {
  const run = async (signal: AbortSignal): Promise<string> => {
    chaos.witnessLost = true;
    await admin.query(takeColumnAway);
    chaos.note('rebuild broken');
    try {
      await delay(awayMs, undefined, { signal });
    } finally {
      await admin.query(bringColumnBack);
      chaos.note('rebuild mended');
    }
    return `the rebuild failed for ${awayMs / 1_000} s`;
  };
  return () => chaos.run(run);
}
