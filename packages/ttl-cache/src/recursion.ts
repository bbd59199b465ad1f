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

/** What of Node is used, where the runtime is Node. */
interface Runtime {
  process?: {
    getBuiltinModule?(name: string): { AsyncLocalStorage: new () => AsyncContext } | undefined;
    nextTick?(call: () => void): void;
  };
}

const resolved = Promise.resolve();
let context: AsyncContext | false | undefined;

/** One for the process, as async context is; made when the first load starts. `false` where the runtime has none. */
function asyncContext(): AsyncContext | false {
  if (context === undefined) {
    const { process } = globalThis as Runtime;
    const hooks = process?.getBuiltinModule?.('node:async_hooks');
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

/**
 * Calls `over` once the caller's turn is over, ahead of whatever is put off from now on; perhaps twice. Not where there is
 * no async context: nobody needs it there.
 */
export function atTurnEnd(over: () => void): void {
  if (asyncContext() === false) return;
  // Either queue may be the next: that of the ticks after a callback, that of the promises within one of their own.
  (globalThis as Runtime).process?.nextTick?.(over);
  void resolved.then(over);
}
