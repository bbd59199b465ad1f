import { reductionOf, type Phase, type Row, type ScenarioResult } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { killReplica } from '../chaos.ts';
import { callsIn, checkAnswered, checkWitnesses, chosenPhases, conclude, createProbes, runPhases } from '../frame.ts';
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
  sources: [{ label: 'coder/coder#21327', url: 'https://github.com/coder/coder/pull/21327' }],
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

  const run = (name: 'before' | 'after'): Promise<Phase> =>
    withReplicas(name, options, stage, (set) => runLoad(name, set, load, stage, reporter));
  const phases = await runPhases(chosenPhases(options), run, reporter, signal);
  const probes = createProbes(reporter, signal, options);
  if (options.after) {
    await probes.run('the fallback', () => checkFallback(options, load, stage));
    await probes.run('publishing', () => checkPublishes(stage));
    if (options.replicas > 1) await probes.run('a killed replica', () => checkKilledReplica(options, load, stage));
  }

  return conclude(agentIdentity, stage, {
    scale: scaleOf(load),
    configuration: { ...load, replicas: options.replicas },
    rows: boundsOf(load).map((bound) => rowOf(bound, phases)),
    checks: [...phases.map(checkWitnesses), ...phases.map((phase) => checkAnswered(phase, 'call')), ...probes.checks],
    phases,
    notes: notesOf(load, phases),
    skipped: probes.skipped,
  });
}

function rowOf({ name, bound, source }: Bound, phases: readonly Phase[]): Row {
  const [before, after] = [callsIn(phases, 'before', name), callsIn(phases, 'after', name)];
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
