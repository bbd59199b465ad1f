import type { PlanView, ScenarioView, Snapshot, Verdict } from '../../dashboard/snapshot.ts';
import type { ScenarioResult } from '../run/result.ts';
import type { RunOptions, Scenario } from '../scenarios/scenario.ts';
import { readExcerpt } from './excerpt.ts';

/** Every scenario, planned and not yet run. */
export function initialSnapshot(scenarios: readonly Scenario[], options: RunOptions, session: string): Snapshot {
  return {
    session,
    running: undefined,
    progress: '',
    offered: [],
    scenarios: scenarios.map((scenario) => viewOf(scenario, options)),
  };
}

function viewOf(scenario: Scenario, options: RunOptions): ScenarioView {
  const { id, title, story, sources = [], headline, knobs = [], switches = [], code } = scenario;
  return {
    id,
    title,
    story,
    sources: [...sources],
    ...(headline === undefined ? {} : { headline }),
    knobs: [...knobs],
    switches: [...switches],
    code: code === undefined ? undefined : { before: readExcerpt(code.before), after: readExcerpt(code.after) },
    plan: planView(scenario, options),
    phases: [],
    replicas: [],
    verdict: undefined,
    failure: undefined,
    messages: [],
  };
}

/** The plan, and a key that two runs share if their phases may be compared. */
export function planView(scenario: Scenario, options: RunOptions): PlanView {
  const { scale, bounds, rows = [], loadMs } = scenario.plan(options);
  const { before: _, after: __, ...load } = options;
  return { key: JSON.stringify(load), scale, bounds, rows, loadMs };
}

/** What the page shows of a result beside the figures that it has drawn already. */
export function verdictOf({ status, countedBy, rows, checks, notes, skipped }: ScenarioResult): Verdict {
  return { status, countedBy, rows, checks, notes, skipped };
}
