import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRecording, type Recording } from '../report/recording.ts';
import { renderReport } from '../report/report.ts';
import { describeRun } from '../run/describe-run.ts';
import { exitCodeOf, type ScenarioResult } from '../run/result.ts';
import { openStage } from '../run/stage.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Command } from './arguments.ts';
import { createProgress } from './progress.ts';
import { duration, renderResult, renderSummary } from './table.ts';

type RunCommand = Extract<Command, { name: 'run' }>;

/** Runs the scenarios one after the other, each on servers of its own, and returns the exit code. */
export async function runCommand(command: RunCommand, signal: AbortSignal): Promise<number> {
  const results: ScenarioResult[] = [];
  const recording = command.html === undefined ? undefined : createRecording(scenarios, command.options);
  const servers: Record<string, string> = {};
  for (const scenario of scenarios.filter(({ id }) => command.scenarios.includes(id))) {
    announce(scenario, command);
    const progress = createProgress(process.stderr);
    progress.progress('starting servers');
    const stage = await openStage({ redisUrl: command.redisUrl });
    try {
      const reporter = recording?.reporterOf(scenario, progress) ?? progress;
      const result = await scenario.run(command.options, stage, reporter, signal);
      Object.assign(servers, await stage.versions());
      progress.done();
      console.log(`\n${renderResult(result)}\n`);
      results.push(result);
    } finally {
      progress.done();
      await stage.close();
    }
  }
  if (results.length > 1) console.log(`${renderSummary(results)}\n`);
  writeResults(command, results, servers, recording);
  return exitCodeOf(results);
}

/** The files that were asked for: JSON for machines, HTML for people. */
function writeResults(
  { json, html, options }: RunCommand,
  results: ScenarioResult[],
  servers: Record<string, string>,
  recording: Recording | undefined,
): void {
  const result = describeRun(options.seed, servers, results);
  if (json !== undefined) {
    write(json, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`JSON: ${json}`);
  }
  if (html !== undefined && recording !== undefined) {
    write(html, renderReport(result, recording.views()));
    console.log(`report: ${pathToFileURL(html).href}`);
  } else {
    console.log('for a report with charts, in one file: --html FILE');
  }
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** What is going to happen: the story, the scale, and the bounds, before anything has run. */
export function announce(scenario: Scenario, { options }: Pick<RunCommand, 'options'>): void {
  const { scale, bounds, loadMs } = scenario.plan(options);
  console.log(`${scenario.id}: ${scenario.story}`);
  console.log(`  scale: ${scale}; about ${duration(loadMs)} of load`);
  for (const bound of bounds) console.log(bound.startsWith('limit: ') ? `  ${bound}` : `  bound: ${bound}`);
}
