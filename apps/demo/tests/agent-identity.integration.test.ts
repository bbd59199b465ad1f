import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoadReport } from '../load/recorder.ts';
import { startChild } from '../src/run/child.ts';
import { openStage, type Stage } from '../src/run/stage.ts';
import { runLoad, withReplicas } from '../src/scenarios/agent-identity/agents.ts';
import { checkFallback, checkKilledReplica, checkPublishes } from '../src/scenarios/agent-identity/probes.ts';
import type { Composition } from '../src/scenarios/agent-identity/replica.ts';
import { schema } from '../src/scenarios/agent-identity/schema.ts';
import { defaultOptions, type Reporter, type RunOptions } from '../src/scenarios/scenario.ts';

const options: RunOptions = { ...defaultOptions, size: 'fast', replicas: 2 };
const load = { agents: 10, everyMs: 200, durationMs: 400 };

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.admin.query(schema(load.agents));
});
afterAll(() => stage.close());

const run = (composition: Composition): Promise<{ report: LoadReport; counts: Record<string, number> }> =>
  withReplicas(composition, options, stage, async ({ ports }) => {
    const driver = startChild('load/main.ts');
    try {
      await stage.serverCounts.reset();
      const report = await driver.ask<LoadReport>('agents', { ...load, ports });
      return { report, counts: await stage.serverCounts.read() };
    } finally {
      await driver.close();
    }
  });

it('asks for the identity in every call before, and once for each connection after', async () => {
  const before = await run('before');
  const after = await run('after');

  expect(before.report).toMatchObject({ done: 80, errors: 0 });
  expect(before.counts).toMatchObject({
    GetWorkspaceAgentByToken: 10,
    GetWorkspaceAgentByID: 80,
    GetWorkspaceByAgentID: 60,
  });
  expect(after.report).toMatchObject({ done: 80, errors: 0 });
  expect(after.counts).toMatchObject({ GetWorkspaceAgentByToken: 10, InsertConnectionLog: 20 });
  expect(after.counts).not.toHaveProperty('GetWorkspaceAgentByID');
  expect(after.counts).not.toHaveProperty('GetWorkspaceByAgentID');
});

it('asks at most once for each agent when a connection holds nothing', async () => {
  expect(await checkFallback(options, load, stage)).toMatchObject({ ok: true });
});

it('lets the page kill a replica under load, and says so', async () => {
  let killed: Promise<string> | undefined;
  const reporter: Reporter = {
    progress: () => {},
    offer: (switches) => {
      killed ??= switches['kill-replica']?.();
    },
  };
  const longer = { ...load, durationMs: 3_000 };

  const phase = await withReplicas('after', options, stage, (set) => runLoad('after', set, longer, stage, reporter));

  expect(await killed).toMatch(/^replica 2 killed, and back after \d+ ms$/);
  expect(phase).toMatchObject({ errors: 0, witnessLost: true, chaos: ['replica 2 killed', 'replica 2 back'] });
});

it('publishes metadata on the agent’s channel and app health to the owner, and refuses who has not connected', async () => {
  expect(await checkPublishes(stage)).toMatchObject({ ok: true });
});

it('costs one read for each agent of a killed replica', async () => {
  expect(await checkKilledReplica(options, load, stage)).toMatchObject({ ok: true });
});
