import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRecording, type Recording } from '../report/recording.ts';
import { renderReport } from '../report/report.ts';
import { describeRun } from '../run/describe-run.ts';
import { isMissing } from '../run/missing.ts';
import { exitCodeOf, type ScenarioResult } from '../run/result.ts';
import { openStage } from '../run/stage.ts';
import { brokenOnPurpose } from '../scenarios/config-cache/broken-on-purpose.ts';
import { skippedResult } from '../scenarios/frame.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { UsageError, type Command } from './arguments.ts';
import { createProgress } from './progress.ts';
import { duration, renderResult, renderSummary } from './table.ts';

type RunCommand = Extract<Command, { name: 'run' }>;

/** Runs the scenarios one after the other, each on servers of its own, and returns the exit code. */
export async function runCommand(command: RunCommand, signal: AbortSignal): Promise<number> {
  refuseUnknownBreak();
  refuseUnwritable('--json', command.json);
  refuseUnwritable('--html', command.html);
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
      const result = await scenario.run(command.options, stage, reporter, signal).catch((error: unknown) => {
        // What one of many needs and is not here does not cost the results of the others.
        if (command.scenarios.length === 1 || !isMissing(error)) throw error;
        return skippedResult(scenario, command.options, error.message);
      });
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
    writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`JSON: ${json}`);
  }
  if (html !== undefined && recording !== undefined) {
    writeFileSync(html, renderReport(result, recording.views()));
    console.log(`report: ${pathToFileURL(html).href}`);
  } else {
    console.log('for a report with charts, in one file: --html FILE');
  }
}

/** @throws {UsageError} CORRAL_DEMO_BREAK names something else than what can be broken. */
function refuseUnknownBreak(): void {
  try {
    brokenOnPurpose();
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** Makes the file's folder. Whether it can be written is known before the run, not an hour later. @throws {UsageError} */
function refuseUnwritable(option: string, file: string | undefined): void {
  if (file === undefined) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const isThere = statSync(file, { throwIfNoEntry: false });
    if (isThere?.isDirectory()) throw new Error('it is a folder, expected a file');
    accessSync(isThere === undefined ? dirname(file) : file, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`${option}: cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** What is going to happen: the story, the scale, and the bounds, before anything has run. */
export function announce(scenario: Scenario, { options }: Pick<RunCommand, 'options'>): void {
  const { scale, bounds, loadMs } = scenario.plan(options);
  console.log(`${scenario.id}: ${scenario.story}`);
  console.log(`  scale: ${scale}; about ${duration(loadMs)} of load`);
  for (const bound of bounds) console.log(bound.startsWith('limit: ') ? `  ${bound}` : `  bound: ${bound}`);
}
