import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeCommit, describeHost, describeVersions } from '../run/host.ts';
import { exitCodeOf, type RunResult, type ScenarioResult } from '../run/result.ts';
import { openStage } from '../run/stage.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Command } from './arguments.ts';
import { createProgress } from './progress.ts';
import { renderResult } from './table.ts';

type RunCommand = Extract<Command, { name: 'run' }>;

/** Runs the scenarios one after the other, each on servers of its own, and returns the exit code. */
export async function runCommand(command: RunCommand, signal: AbortSignal): Promise<number> {
  const results: ScenarioResult[] = [];
  let servers: Record<string, string> = {};
  for (const scenario of scenarios.filter(({ id }) => command.scenarios.includes(id))) {
    announce(scenario, command);
    const progress = createProgress(process.stderr);
    progress.progress('starting servers');
    const stage = await openStage({ redisUrl: command.redisUrl });
    try {
      servers = { postgres: stage.postgresVersion };
      const result = await scenario.run(command.options, stage, progress, signal);
      progress.done();
      console.log(`\n${renderResult(result)}\n`);
      results.push(result);
    } finally {
      progress.done();
      await stage.close();
    }
  }
  if (command.json !== undefined) {
    const result: RunResult = {
      schemaVersion: 1,
      runId: randomUUID(),
      git: describeCommit(),
      versions: describeVersions(servers),
      host: describeHost(),
      seed: command.options.seed,
      scenarios: results,
    };
    mkdirSync(dirname(command.json), { recursive: true });
    writeFileSync(command.json, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`JSON: ${command.json}`);
  }
  return exitCodeOf(results);
}

/** What is going to happen: the story, the scale, and the bounds, before anything has run. */
export function announce(scenario: Scenario, { options }: Pick<RunCommand, 'options'>): void {
  const { scale, bounds, loadMs } = scenario.plan(options);
  console.log(`${scenario.id}: ${scenario.story}`);
  console.log(`  scale: ${scale}; about ${Math.ceil(loadMs / 1_000)} s of load`);
  for (const bound of bounds) console.log(`  bound: ${bound}`);
}
