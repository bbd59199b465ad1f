import { type Backend, type Context, finish, noteRefusedKey } from './backend.ts';
import type { Decision } from './decision.ts';
import type { Check } from './engine.ts';
import type { Counting } from './key-state.ts';

/** The limiter of a single process: every answer is exact and comes at once. */
export function createLocalBackend(context: Context): Backend {
  const { engine, now } = context;
  const counting: Counting = context.penalizeRejected ? 'penalize' : 'charge';
  return {
    state: 'shared',
    workers: 1,
    ready: async () => {},
    consume(key, check: Check): Decision {
      const decision = engine.consume(key, check, now(), counting);
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
