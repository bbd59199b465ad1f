import { untilValid, witnessesAgree } from '../../run/phase.ts';
import { reductionOf, statusOf, type Check, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { killReplica } from '../chaos.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
import { id, runLoad, withReplicas } from './agents.ts';
import { boundsOf, loadOf, planAgentIdentity, scaleOf, type Bound, type Load } from './plan.ts';
import { checkFallback, checkKilledReplica, checkPublishes } from './probes.ts';
import { schema } from './schema.ts';

export const agentIdentity: Scenario = {
  id,
  title: 'Static identity read once per connection',
  story:
    '1,000 connected agents made 4,000 queries a second to learn an id and a name that never change while they are connected.',
  switches: [killReplica],
  knobs: ['replicas'],
  code: {
    before: { file: 'scenarios/agent-identity/identity.ts', name: 'identityFromDatabase' },
    after: { file: 'scenarios/agent-identity/identity.ts', name: 'heldIdentity' },
  },
  plan: planAgentIdentity,
  run: runAgentIdentity,
};

async function runAgentIdentity(
  options: RunOptions,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const load = loadOf(options);
  await stage.admin.query(schema(load.agents));

  const phases: Phase[] = [];
  for (const composition of (['before', 'after'] as const).filter((name) => options[name])) {
    signal.throwIfAborted();
    const run = (): Promise<Phase> =>
      withReplicas(composition, options, stage, (set) => runLoad(composition, set, load, stage, reporter));
    phases.push(await untilValid(run, reporter, signal));
  }
  const checks: Check[] = phases.flatMap((phase) => [
    {
      name: `two witnesses agree, ${phase.name}`,
      ok: witnessesAgree(phase),
      detail: 'Postgres and the app counted the same calls of each statement',
    },
    {
      name: `every call was answered, ${phase.name}`,
      ok: phase.errors === 0,
      detail: `${phase.requests} calls, ${phase.errors} failed`,
    },
  ]);
  if (options.after) checks.push(...(await runProbes(options, load, stage, reporter, signal)));

  const rows = boundsOf(load).map((bound) => rowOf(bound, phases));
  return {
    id,
    title: agentIdentity.title,
    status: statusOf(rows, checks, phases),
    scale: scaleOf(load),
    countedBy: stage.serverCounts.available ? 'pg_stat_statements' : 'client wrapper',
    configuration: { ...load, replicas: options.replicas, seed: options.seed },
    rows,
    checks,
    phases,
    notes: notesOf(load, phases),
  };
}

async function runProbes(
  options: RunOptions,
  load: Load,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Check[]> {
  const probe = async (name: string, check: () => Promise<Check>): Promise<Check> => {
    signal.throwIfAborted();
    reporter.progress(`probe: ${name}`);
    return check();
  };
  return [
    await probe('the fallback', () => checkFallback(options, load, stage)),
    await probe('publishing', () => checkPublishes(stage)),
    ...(options.replicas > 1 ? [await probe('a killed replica', () => checkKilledReplica(options, load, stage))] : []),
  ];
}

function rowOf({ name, bound, source }: Bound, phases: readonly Phase[]): Row {
  const calls = (phase: string): number | undefined => {
    const found = phases.find((each) => each.name === phase);
    return found === undefined ? undefined : (found.counts[name]?.server ?? 0);
  };
  const [before, after] = [calls('before'), calls('after')];
  const promised = bound === 0 ? { minReduction: 1 } : {};
  // Somebody may have killed a replica from the page: each agent that came back has set up one more connection.
  const reconnects = phases.find((each) => each.name === 'after')?.tallies?.['reconnects'] ?? 0;
  return {
    name,
    before,
    after,
    bound: bound === 0 ? 0 : bound + reconnects,
    reduction: reductionOf(before, after),
    ...promised,
    source,
  };
}

function notesOf({ agents }: Load, phases: readonly Phase[]): string[] {
  const perSecond = phases
    .filter(({ name }) => name === 'before')
    .map(({ counts, durationMs }) => Math.round((counts['GetWorkspaceAgentByID']?.server ?? 0) / (durationMs / 1_000)));
  return [
    ...perSecond.map(
      (queries) => `Before, the agents asked for their own identity ${queries.toLocaleString('en')} times a second.`,
    ),
    `limit: a connection that is set up costs one read, so ${agents} agents that reconnect cost ${agents}. What stays in both phases is the work itself: a write for each call.`,
    'Only what cannot change while a connection lives is held: id, name, workspace and owner; never started-at, ready-at or log overflow.',
  ];
}
