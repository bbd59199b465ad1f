import { command } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './callers.ts';
import { sweepEntries } from './plan.ts';
import type { Sweep } from './sweep.ts';

/** At most so many attempts: what else the machine does can only lengthen a pause. */
const attempts = 3;

/** Entries that were set and never read again: who gives their memory back, and how long does everything else wait? */
export async function checkReaper({ databaseUrl }: Stage): Promise<Check> {
  return withReplicas('memory', { replicas: 1, databaseUrl }, async ({ replicas: [replica] }) => {
    const sweep = (kind: 'reaper' | 'naive'): Promise<Sweep> =>
      command<Sweep>(replica!, 'sweep', { kind, entries: sweepEntries });
    const better = (one: Sweep, other: Sweep): Sweep => (other.pauseMs < one.pauseMs ? other : one);
    const holds = (): boolean => reaper.pauseMs * 3 <= naive.pauseMs && reaper.heapAfterMiB * 2 <= reaper.heapBeforeMiB;

    let [reaper, naive] = [await sweep('reaper'), await sweep('naive')];
    let tried = 1;
    for (; tried < attempts && !holds(); tried++) {
      reaper = better(reaper, await sweep('reaper'));
      naive = better(naive, await sweep('naive'));
    }
    return {
      name: 'the reaper gives memory back without a pause',
      ok: holds(),
      detail:
        `${sweepEntries.toLocaleString('en')} expired entries: heap ${reaper.heapBeforeMiB.toFixed(0)} -> ${reaper.heapAfterMiB.toFixed(0)} MiB, ` +
        `longest pause ${reaper.pauseMs.toFixed(1)} ms; a naive sweep ${naive.pauseMs.toFixed(1)} ms (processor time${tried === 1 ? '' : `, best of ${tried}`})`,
    };
  });
}
