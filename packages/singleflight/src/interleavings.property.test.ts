import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Model, type Op } from './interleavings.model.ts';
import { createSingleflight, FlightTimeoutError } from './index.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Every promise reaction that is due has run, and so has the check for unhandled rejections. */
const drain = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a caller got, as a word. */
function told(answer: PromiseSettledResult<unknown>): unknown {
  if (answer.status === 'fulfilled') return answer.value;
  return answer.reason instanceof FlightTimeoutError ? 'timeout' : answer.reason;
}

/** The group under test, with hands on every piece of work and every caller. */
function play(whenAbandoned: 'finish' | 'abort', timeoutMs: number | undefined) {
  const flights = createSingleflight<string>({ whenAbandoned, timeoutMs });
  const runs: { signal: AbortSignal; work: PromiseWithResolvers<string> }[] = [];
  const callers: { controller: AbortController; answer: Promise<unknown> }[] = [];

  const call = (key: string, leaves: boolean, shared: boolean) => {
    const controller = new AbortController();
    const work = ({ signal }: { signal: AbortSignal }) => {
      const own = Promise.withResolvers<string>();
      runs.push({ signal, work: own });
      return own.promise;
    };
    const signal = leaves ? controller.signal : undefined;
    const plain = (answer: { value: string }) => answer.value;
    const answer = shared ? flights.doShared(key, work, { signal }).then(plain) : flights.do(key, work, { signal });
    answer.catch(() => {});
    callers.push({ controller, answer });
  };
  const step = (op: Op) => {
    if (op.type === 'do') call(op.key, op.signal, op.shared);
    else if (op.type === 'abort') callers[op.caller]?.controller.abort(`caller ${op.caller} abort`);
    else if (op.type === 'forget') flights.forget(op.key);
    else if (op.type === 'wait') vi.advanceTimersByTime(op.ms);
    else if (op.fails) runs[op.run]?.work.reject(`run ${op.run} failure`);
    else runs[op.run]?.work.resolve(`run ${op.run} value`);
  };
  return { flights, runs, callers, step };
}

const key = fc.constantFrom('a', 'b');
const index = fc.nat({ max: 6 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('do'), key, signal: fc.boolean(), shared: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('abort'), caller: index }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('forget'), key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('settle'), run: index, fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait'), ms: fc.constantFrom(4, 10) }) },
);
/** What one party does: the ops of a tick run back to back, the parties' ticks in an order of the scheduler's choice. */
const party = fc.array(fc.array(op, { minLength: 1, maxLength: 4 }), { maxLength: 5 });

describe('every interleaving of do, abort, forget, time-out and settlement', () => {
  it.each(['finish', 'abort'] as const)("keeps the contract with whenAbandoned: '%s'", async (whenAbandoned) => {
    const unhandled: unknown[] = [];
    const collect = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', collect);

    const scripts = fc.array(party, { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(
      fc.scheduler(),
      scripts,
      fc.constantFrom(undefined, 10),
      async (s, parties, timeoutMs) => {
        const real = play(whenAbandoned, timeoutMs);
        const model = new Model(whenAbandoned, timeoutMs ?? Number.POSITIVE_INFINITY);
        const tick = async (ops: Op[]) => {
          for (const op of ops) {
            real.step(op);
            model.play(op);
            expect(real.runs).toHaveLength(model.runs.length);
            expect(real.flights.stats()).toEqual(model.stats);
            expect(real.flights.size).toBe(model.size);
            for (const key of ['a', 'b']) expect(real.flights.has(key)).toBe(model.current(key) !== undefined);
          }
          await drain();
          model.endTick();
          expect(real.flights.stats()).toEqual(model.stats);
          expect(real.runs.map(({ signal }) => signal.aborted)).toEqual(model.runs.map(({ stopped }) => stopped));
        };

        let turn = Promise.resolve();
        for (const ticks of parties) {
          s.scheduleSequence(ticks.map((ops) => () => (turn = turn.then(() => tick(ops)))));
        }
        await s.waitIdle();
        await turn;
        // Whatever still runs comes to its end.
        await tick(model.runs.map((_, run) => ({ type: 'settle', run, fails: run % 2 === 0 })));

        expect(real.flights.size).toBe(0);
        const answers = await Promise.allSettled(real.callers.map(({ answer }) => answer));
        const expected = model.callers.map(({ run, outcome }, caller) => {
          if (outcome === 'timeout') return outcome;
          return outcome === 'abort' ? `caller ${caller} abort` : `run ${model.runs.indexOf(run)} ${outcome}`;
        });
        expect(answers.map(told)).toEqual(expected);
        expect(unhandled).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 300 });
    process.off('unhandledRejection', collect);
  });
});
