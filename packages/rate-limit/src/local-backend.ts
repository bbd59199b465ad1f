import { type Backend, type Context, finish, noteRefusedKey } from './backend.ts';
import { CompactChecks } from './compact-checks.ts';
import type { Decision } from './decision.ts';
import { type Check, PLAIN } from './engine.ts';

/** The limiter of a single process: every answer is exact and comes at once. */
export function createLocalBackend(context: Context): Backend {
  const {
    engine,
    engine: { table },
    penalizeRejected,
  } = context;
  // A rejected check that counts is more than a look at the log.
  const compacts = !penalizeRejected;
  const compact = new CompactChecks(context);
  /** Not looked up for each check: reading an element of a frozen array is slow in V8. */
  let rule = engine.rules[0]!;
  const consume = (key: string, check: Check): Decision => {
    const decision = engine.consume(key, check, compact.settle(), penalizeRejected ? 'penalize' : 'charge');
    if (!decision.allowed && table.held(key) === undefined) noteRefusedKey(context);
    return finish(context, decision);
  };
  return {
    state: 'shared',
    workers: 1,
    ready: async () => {},
    consumePlain(key) {
      const held =
        table.held(key) ?? (compacts && table.compacts ? table.openCompact(key, compact.settle()) : undefined);
      return typeof held === 'number' ? compact.check(key, held, rule) : Promise.resolve(consume(key, PLAIN));
    },
    consume,
    peek: (key) => engine.peek(key, compact.settle()),
    refund: (key, units) => engine.refund(key, units, compact.settle()),
    reset(key) {
      compact.settle();
      table.delete(key);
    },
    block(key, ms) {
      if (!engine.block(key, ms, compact.settle())) noteRefusedKey(context);
    },
    useRules(rules) {
      compact.settle();
      rule = rules[0]!;
      engine.useRules(rules);
    },
    close() {
      compact.settle();
      table.clear();
    },
  };
}
