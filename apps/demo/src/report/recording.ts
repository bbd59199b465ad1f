import { applyChange } from '../../dashboard/state.ts';
import type { Change, ScenarioView } from '../../dashboard/snapshot.ts';
import type { Reporter, RunOptions, Scenario } from '../scenarios/scenario.ts';
import { initialSnapshot, planView } from '../server/initial-snapshot.ts';

/** Keeps what a run shows, for the charts of a report. */
export interface Recording {
  /** A reporter for one scenario that records, and passes progress on to `terminal`. */
  reporterOf(scenario: Scenario, terminal: Reporter): Reporter;
  views(): readonly ScenarioView[];
}

export function createRecording(scenarios: readonly Scenario[], options: RunOptions): Recording {
  let snapshot = initialSnapshot(scenarios, options, 'recording');
  const change = (what: Change): void => void (snapshot = applyChange(snapshot, what));
  return {
    reporterOf: (scenario, terminal) => {
      change({ type: 'run-started', scenario: scenario.id, plan: planView(scenario, options) });
      return {
        progress: (text) => terminal.progress(text),
        sample: (sample) => change({ type: 'sample', scenario: scenario.id, sample }),
      };
    },
    views: () => snapshot.scenarios,
  };
}
