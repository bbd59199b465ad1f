import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './callers.ts';
import { sweepEntries } from './plan.ts';
import type { Sweep } from './sweep.ts';

/** The best of some attempts: what else the machine does can only lengthen a pause. */
const attempts = 3;

/** Entries that were set and never read again: who gives their memory back, and how long does everything else wait? */
export async function checkReaper({ databaseUrl }: Stage): Promise<Check> {
  return withReplicas('memory', { replicas: 1, databaseUrl }, async ({ replicas: [replica] }) => {
    const best = async (kind: 'reaper' | 'naive'): Promise<Sweep> => {
      const sweeps: Sweep[] = [];
      for (let attempt = 0; attempt < attempts; attempt++) {
        const payload = { kind, entries: sweepEntries };
        sweeps.push(await replica!.ask<Sweep>('command', { name: 'sweep', payload }));
      }
      return sweeps.sort((a, b) => a.pauseMs - b.pauseMs)[0]!;
    };
    const [reaper, naive] = [await best('reaper'), await best('naive')];
    return {
      name: 'the reaper gives memory back without a pause',
      ok: reaper.pauseMs * 3 <= naive.pauseMs && reaper.heapAfterMiB * 2 <= reaper.heapBeforeMiB,
      detail:
        `${sweepEntries.toLocaleString('en')} expired entries: heap ${reaper.heapBeforeMiB.toFixed(0)} -> ${reaper.heapAfterMiB.toFixed(0)} MiB, ` +
        `longest pause ${reaper.pauseMs.toFixed(1)} ms; a naive sweep ${naive.pauseMs.toFixed(1)} ms (processor time, best of ${attempts})`,
    };
  });
}
