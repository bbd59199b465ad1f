import { expect, it } from 'vitest';
import { agentSchedule } from './agents.ts';

it('lets each agent make its four calls at the same moment, and spreads the agents over the period', () => {
  const { count, dueMs } = agentSchedule({ agents: 2, everyMs: 1_000, durationMs: 2_000 });

  const due = Array.from({ length: count }, (_, index) => dueMs(index));
  expect(due.slice(0, 8)).toEqual([0, 0, 0, 0, 500, 500, 500, 500]);
  expect(due.slice(8)).toEqual([1_000, 1_000, 1_000, 1_000, 1_500, 1_500, 1_500, 1_500]);
});
