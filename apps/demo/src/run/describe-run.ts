import { randomUUID } from 'node:crypto';
import { describeCommit, describeHost, describeVersions } from './host.ts';
import type { RunResult, ScenarioResult } from './result.ts';

/** The results with all that a reader needs to believe them: what ran, where, with which seed. */
export function describeRun(seed: number, servers: Record<string, string>, scenarios: ScenarioResult[]): RunResult {
  return {
    schemaVersion: 1,
    runId: randomUUID(),
    date: new Date().toISOString(),
    git: describeCommit(),
    versions: describeVersions(servers),
    host: describeHost(),
    seed,
    scenarios,
  };
}
