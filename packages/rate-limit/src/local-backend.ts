import { type Backend, type Context, finish, noteRefusedKey } from './backend.ts';
import type { Decision } from './decision.ts';
import type { Check } from './engine.ts';
import type { Counting } from './key-state.ts';
import { slideOnce } from './slide-once.ts';

const isPlain = ({ cost, limits }: Check): boolean => cost === 1 && limits === undefined;

/** The limiter of a single process: every answer is exact and comes at once. */
export function createLocalBackend(context: Context): Backend {
  const { engine, now } = context;
  const penalizes = context.penalizeRejected;
  const counting: Counting = penalizes ? 'penalize' : 'charge';
  return {
    alone: true,
    state: 'shared',
    workers: 1,
    ready: async () => {},
    consume(key, check: Check): Decision {
      const nowMs = now();
      const state = engine.table.get(key);
      // What most checks are; the others take the longer way.
      if (state !== undefined && state.plain && isPlain(check) && state.blockedUntilMs <= nowMs && !penalizes) {
        return finish(context, slideOnce(state, engine.rules[0]!, nowMs, 'local'));
      }
      const decision = engine.consume(key, check, nowMs, counting);
      if (!decision.allowed && engine.table.get(key) === undefined) noteRefusedKey(context);
      return finish(context, decision);
    },
    peek: (key) => engine.peek(key, now()),
    refund: (key, units) => engine.refund(key, units, now()),
    reset: (key) => engine.table.delete(key),
    block(key, ms) {
      if (!engine.block(key, ms, now())) noteRefusedKey(context);
    },
    useRules: (rules) => engine.useRules(rules),
    close: () => engine.table.clear(),
  };
}
