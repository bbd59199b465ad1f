import { type Backend, type Context, finish, noteRefusedKey } from './backend.ts';
import { CompactChecks } from './compact-checks.ts';
import type { Decision } from './decision.ts';
import { type Check, PLAIN } from './engine.ts';
import type { Counting } from './key-state.ts';

/** The limiter of a single process: every answer is exact and comes at once. */
export function createLocalBackend(context: Context): Backend {
  const { engine, penalizeRejected } = context;
  const { table } = engine;
  // A rejected check that counts is more than a look at the log.
  const compacts = !penalizeRejected;
  const compact = new CompactChecks(context);
  const counting: Counting = penalizeRejected ? 'penalize' : 'charge';
  const now = (): number => compact.settle();
  const consume = (key: string, check: Check): Decision => {
    const decision = engine.consume(key, check, now(), counting);
    if (!decision.allowed && table.held(key) === undefined) noteRefusedKey(context);
    return finish(context, decision);
  };
  return {
    state: 'shared',
    workers: 1,
    ready: async () => {},
    consumePlain(key) {
      const held = table.held(key) ?? (compacts && table.compacts ? table.openCompact(key, now()) : undefined);
      return typeof held === 'number'
        ? compact.check(key, held, engine.rules[0]!)
        : Promise.resolve(consume(key, PLAIN));
    },
    consume,
    peek: (key) => engine.peek(key, now()),
    refund: (key, units) => engine.refund(key, units, now()),
    reset(key) {
      now();
      table.delete(key);
    },
    block(key, ms) {
      if (!engine.block(key, ms, now())) noteRefusedKey(context);
    },
    useRules(rules) {
      now();
      engine.useRules(rules);
    },
    close() {
      now();
      table.clear();
    },
  };
}
