/** What a group of flights does, told in the plainest words: the oracle of the interleaving properties. */
export type Op =
  | { type: 'do'; key: string; signal: boolean; shared: boolean }
  | { type: 'abort'; caller: number }
  | { type: 'forget'; key: string }
  | { type: 'settle'; run: number; fails: boolean }
  | { type: 'wait'; ms: number };

export type Outcome = 'value' | 'failure' | 'timeout' | 'abort';

interface Caller {
  readonly run: Run;
  readonly leaves: boolean;
  outcome: Outcome | undefined;
  /** The caller's promise has settled; until then, an abort in the same tick still wins. */
  told: boolean;
}

interface Run {
  readonly key: string;
  readonly startedMs: number;
  readonly callers: Caller[];
  /** No call joins it any more. */
  detached: boolean;
  ended: boolean;
  abandoned: boolean;
  /** The work has settled so; the flight hears of it when the running tick is over. */
  settlement: 'value' | 'failure' | undefined;
  stopped: boolean;
}

export class Model {
  readonly runs: Run[] = [];
  readonly callers: Caller[] = [];
  readonly stats = { started: 0, joined: 0, failed: 0, timedOut: 0, abandoned: 0, forgotten: 0, inFlight: 0 };
  readonly #abortsWork: boolean;
  readonly #timeoutMs: number;
  #nowMs = 0;

  constructor(whenAbandoned: 'finish' | 'abort', timeoutMs: number) {
    this.#abortsWork = whenAbandoned === 'abort';
    this.#timeoutMs = timeoutMs;
  }

  current(key: string): Run | undefined {
    return this.runs.find((run) => run.key === key && !run.detached);
  }

  get size(): number {
    return this.runs.filter((run) => !run.detached).length;
  }

  play(op: Op): void {
    if (op.type === 'do') this.#call(op.key, op.signal);
    else if (op.type === 'forget') this.#forget(op.key);
    else if (op.type === 'wait') this.#wait(op.ms);
    else if (op.type === 'abort') this.#abort(this.callers[op.caller]);
    else this.#settle(this.runs[op.run], op.fails);
  }

  /** The tick is over: flights hear of the work that settled in it. */
  endTick(): void {
    for (const run of this.runs) {
      if (run.ended || run.settlement === undefined) continue;
      if (run.settlement === 'failure') this.stats.failed++;
      this.#end(run, run.settlement);
    }
    for (const caller of this.callers) caller.told = caller.outcome !== undefined;
  }

  #call(key: string, leaves: boolean): void {
    const running = this.current(key);
    const fresh = { ended: false, abandoned: false, detached: false, settlement: undefined, stopped: false };
    const run = running ?? { key, startedMs: this.#nowMs, callers: [], ...fresh };
    if (running === undefined) {
      this.runs.push(run);
      this.stats.started++;
      this.stats.inFlight++;
    } else this.stats.joined++;
    const caller = { run, leaves, outcome: undefined, told: false };
    run.callers.push(caller);
    this.callers.push(caller);
  }

  #abort(caller: Caller | undefined): void {
    if (caller === undefined || !caller.leaves || caller.told) return;
    caller.outcome = 'abort';
    const { run } = caller;
    if (run.ended || run.abandoned || run.callers.some(({ outcome }) => outcome !== 'abort')) return;
    run.abandoned = true;
    this.stats.abandoned++;
    if (!this.#abortsWork) return;
    run.stopped = true;
    this.#end(run, 'abort');
  }

  #forget(key: string): void {
    const run = this.current(key);
    if (run === undefined) return;
    run.detached = true;
    this.stats.forgotten++;
  }

  #settle(run: Run | undefined, fails: boolean): void {
    if (run !== undefined) run.settlement ??= fails ? 'failure' : 'value';
  }

  #wait(ms: number): void {
    this.#nowMs += ms;
    for (const run of this.runs) {
      if (run.ended || this.#nowMs - run.startedMs < this.#timeoutMs) continue;
      this.stats.timedOut++;
      run.stopped = true;
      this.#end(run, 'timeout');
    }
  }

  #end(run: Run, outcome: Outcome): void {
    run.ended = true;
    run.detached = true;
    this.stats.inFlight--;
    for (const caller of run.callers) caller.outcome ??= outcome;
  }
}
