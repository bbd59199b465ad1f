import { until } from '@corral-internal/test-kit';
import { Client } from 'pg';
import { request } from 'undici';
import type { LoadReport, Progress } from '../../../load/recorder.ts';
import { startChild } from '../../run/child.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import type { RunOptions } from '../scenario.ts';
import { runLoad, withReplicas } from './agents.ts';
import { callsOf, fallbackProbe, killProbe, reconnectsOf, type Load } from './plan.ts';
import type { Composition } from './replica.ts';

const silent = { progress: (): void => {} };

/** Connections that hold nothing: the APIs fall back to the query, at most once for each agent. */
export async function checkFallback(options: RunOptions, load: Load, stage: Stage): Promise<Check> {
  const short = fallbackProbe(load);
  const queries = (composition: Composition): Promise<number> =>
    withReplicas(composition, options, stage, async (set) => {
      const { counts } = await runLoad(composition, set, short, stage, silent);
      return counts['GetWorkspaceAgentByID']?.server ?? 0;
    });
  const [coalesced, uncoalesced] = [await queries('unpopulated'), await queries('uncoalesced')];
  return {
    name: 'fallback when nothing is held',
    ok: coalesced === load.agents && uncoalesced > load.agents,
    detail: `${callsOf(short)} calls of ${load.agents} agents: ${coalesced} queries, one for each agent; without coalescing ${uncoalesced}`,
  };
}

/** Metadata goes to the agent's own channel, app health becomes a workspace update for its owner. */
export async function checkPublishes(stage: Stage): Promise<Check> {
  const listener = new Client({ connectionString: stage.databaseUrl });
  const heard: string[] = [];
  listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
  await listener.connect();
  try {
    await listener.query('LISTEN "workspace_agent_metadata:1"');
    await listener.query('LISTEN "workspace_owner:1"');
    await withReplicas('after', { replicas: 1 }, stage, async ({ ports }) => {
      const driver = startChild('load/main.ts');
      try {
        await driver.ask('agents', { ports, agents: 1, everyMs: 100, durationMs: 100 });
      } finally {
        await driver.close();
      }
      const stranger = await request(`http://127.0.0.1:${ports[0]}/agents/stats`, { method: 'POST' });
      await stranger.body.dump();
      heard.push(`without connecting: ${stranger.statusCode}`);
      await until(() => heard.length >= 3, { label: 'both messages have arrived' });
    });
  } finally {
    await listener.end();
  }
  const expected = [
    'without connecting: 401',
    'workspace_agent_metadata:1 agent-1',
    'workspace_owner:1 {"kind":"app_health","workspaceId":1}',
  ];
  return {
    name: 'the APIs publish what the identity addresses',
    ok: JSON.stringify([...heard].sort()) === JSON.stringify(expected),
    detail: heard.join('; '),
  };
}

/** SIGKILL to one replica under load: its agents find another one, and each costs one read. */
export async function checkKilledReplica(options: RunOptions, load: Load, stage: Stage): Promise<Check> {
  const short = killProbe(load);
  const bound = reconnectsOf(load, options.replicas);
  return withReplicas('after', options, stage, async ({ ports, replicas }) => {
    const driver = startChild('load/main.ts');
    try {
      let done = 0;
      driver.on('progress', (progress: Progress) => (done = progress.done));
      await stage.serverCounts.reset();
      const running = driver.ask<LoadReport>('agents', { ...short, ports });
      let hasFailed = false;
      running.catch(() => (hasFailed = true)); // awaiting it says so
      await until(() => hasFailed || done >= load.agents, {
        timeoutMs: 30_000,
        label: 'all agents are connected and call',
      });
      await replicas[0]!.kill();
      const { errors, tallies = {} } = await running;
      const counts = await stage.serverCounts.read();
      const extra = (counts['GetWorkspaceAgentByToken'] ?? 0) - load.agents;
      const identity = counts['GetWorkspaceAgentByID'] ?? 0;
      return {
        name: 'limit: a killed replica costs one read per reconnecting agent',
        ok: extra > 0 && extra === tallies['reconnects'] && extra <= bound && identity === 0 && errors === 0,
        detail: `SIGKILL to one of ${replicas.length} replicas: ${tallies['reconnects'] ?? 0} agents reconnected, ${extra} more reads (bound ${bound}), ${errors} calls lost, GetWorkspaceAgentByID ${identity}`,
      };
    } finally {
      await driver.close();
    }
  });
}
