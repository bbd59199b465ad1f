/** Anything that runs for a while and may be waited for. */
export interface Running {
  readonly ended: boolean;
}

interface Frame {
  readonly running: Running;
  readonly outer: Frame | undefined;
}

interface AsyncContext {
  getStore(): Frame | undefined;
  run<Result>(frame: Frame, work: () => Result): Result;
}

type Bound = <Result>(work: () => Result) => Result;

interface AsyncHooks {
  AsyncLocalStorage: { new (): AsyncContext; snapshot(): Bound };
}

/** What of Node is used, where the runtime is Node. */
interface Runtime {
  process?: {
    getBuiltinModule?(name: string): AsyncHooks | undefined;
    nextTick?(call: () => void): void;
  };
}

function asyncHooks(): AsyncHooks | undefined {
  return (globalThis as Runtime).process?.getBuiltinModule?.('node:async_hooks');
}

let context: AsyncContext | false | undefined;

/** One for the process, as async context is; made when the first load starts. `false` where the runtime has none. */
function asyncContext(): AsyncContext | false {
  if (context === undefined) {
    const hooks = asyncHooks();
    context = hooks === undefined ? false : new hooks.AsyncLocalStorage();
  }
  return context;
}

/** Calls `work`, which `isWithin` then recognises from inside, however many awaits later. */
export function runWithin<Result>(running: Running, work: () => Result): Result {
  const context = asyncContext();
  if (context === false) return work();
  let outer = context.getStore();
  // Work that starts its own successor must not grow a chain of ended frames.
  while (outer?.running.ended) outer = outer.outer;
  return context.run({ running, outer }, work);
}

/** Whether the caller is part of `running`: waiting for it here would be waiting for oneself. */
export function isWithin(running: Running): boolean {
  const context = asyncContext();
  if (context === false) return false;
  for (let frame = context.getStore(); frame !== undefined; frame = frame.outer) {
    if (frame.running === running) return true;
  }
  return false;
}

/** What calls something in the async context of now, later. */
export function snapshot(): Bound {
  return asyncHooks()?.AsyncLocalStorage.snapshot() ?? ((work) => work());
}

const resolved = Promise.resolve();
let turn = 0;
let announced = false;

function endTurn(): void {
  turn++;
  announced = false;
}

/** Whether it is still the turn that `beginTurn` has named. */
export function isTurn(number: number): boolean {
  return number === turn;
}

/**
 * The number of the caller's turn, which is over ahead of whatever is put off from now on; perhaps earlier. It never ends
 * where there is no async context: nobody needs that there.
 */
export function currentTurn(): number {
  if (announced || asyncContext() === false) return turn;
  announced = true;
  // Either queue may be the next: that of the ticks after a callback, that of the promises within one of their own.
  (globalThis as Runtime).process?.nextTick?.(endTurn);
  void resolved.then(endTurn);
  return turn;
}
