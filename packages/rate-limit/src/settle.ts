import { finish } from './backend.ts';
import type { SentBatch } from './batch-sender.ts';
import type { Draft } from './decision.ts';
import type { LaneOptions } from './lane.ts';
import type { GroupAnswer } from './store.ts';
import type { WaitingGroup } from './turn-queue.ts';

/** Gives every caller of a group its decision, and notes for this process what the store has said. */
export function settleGroup(
  options: LaneOptions,
  batch: SentBatch,
  group: WaitingGroup,
  answer: GroupAnswer,
  nowMs: number,
): void {
  const { context, standIn, denials } = options;
  const { key, check, waiters, reserved } = group;
  const { cost } = check;
  const rule = (group.rules ?? batch.rules)[answer.rule]!;
  const decide = (allowed: boolean, remaining: number): Draft => ({
    allowed,
    limit: rule.limit,
    remaining,
    resetMs: answer.resetMs,
    retryAfterMs: allowed ? 0 : answer.retryAfterMs,
    rule: rule.name,
    source: 'redis',
  });
  if (group.kind === 'peek') {
    for (const resolve of waiters) resolve(decide(answer.free >= 1, answer.free));
    return;
  }
  const granted = answer.blocked ? 0 : Math.min(waiters.length, Math.floor(answer.free / cost));
  const left = answer.free - granted * cost;
  const denied = waiters.length - granted;

  if (reserved) {
    if (denied > 0) context.engine.refund(key, denied * cost, nowMs);
  } else if (granted > 0) {
    context.engine.record(key, granted * cost, nowMs);
  }
  // Under borrowed limits the room is another one.
  if (!answer.blocked && group.rules === undefined) standIn.learn(key, left, nowMs);
  for (let index = 0; index < granted; index++)
    waiters[index]!(finish(context, decide(true, answer.free - (index + 1) * cost)));
  for (let index = granted; index < waiters.length; index++) {
    const unpaid = context.penalizeRejected ? (index - granted + 1) * cost : 0;
    const decision = decide(false, Math.max(0, left - unpaid));
    if (index === granted && group.rules === undefined && !context.penalizeRejected) {
      denials.remember(key, cost, decision, batch.sentAtMs);
    }
    waiters[index]!(finish(context, decision));
  }
}
