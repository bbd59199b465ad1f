import { expect, it } from 'vitest';
import { defaultOptions, type RunOptions } from '../scenario.ts';
import { boundsOf, callsOf, loadOf, planAgentIdentity, reconnectsOf } from './plan.ts';

const options: RunOptions = defaultOptions;

it('makes 4,000 calls a second with the source’s own load', () => {
  const load = loadOf({ size: 'full' });

  expect(callsOf(load) / (load.durationMs / 1_000)).toBe(4_000);
});

it('allows one read for each connection, and none after that', () => {
  expect(boundsOf({ agents: 7, everyMs: 1_000, durationMs: 2_000 }).map(({ name, bound }) => [name, bound])).toEqual([
    ['GetWorkspaceAgentByID', 0],
    ['GetWorkspaceByAgentID', 0],
    ['GetWorkspaceAgentByToken', 7],
  ]);
});

it('predicts what a killed replica costs: its share of the agents, rounded up', () => {
  expect(reconnectsOf({ agents: 100, everyMs: 1_000, durationMs: 1_000 }, 3)).toBe(34);
  expect(planAgentIdentity(options).bounds.at(-1)).toContain('at most 84 reads = ceil(250 agents / 3 replicas)');
});

it('kills no replica when there is only one', () => {
  expect(planAgentIdentity({ ...options, replicas: 1 }).bounds).toHaveLength(3);
});

it('names every scaled quantity', () => {
  expect(planAgentIdentity(options).scale).toContain(
    '250 agents x 4 APIs every 1 s = 1,000 calls/s for 15 s, load 1:4',
  );
});
