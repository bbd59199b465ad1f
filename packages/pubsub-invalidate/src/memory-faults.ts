import { unrefInterval } from './deadline.ts';
import type { OutgoingMessage } from './transport.ts';

const RETRY_MS = 10;

/** A message on the link between a transport and the hub. */
export interface MemoryMessage extends OutgoingMessage {
  /** `out`: published here; `in`: published by another. The own echo is judged once, on its way out. */
  readonly direction: 'out' | 'in';
}

type Choice<Value> = Value | ((message: MemoryMessage) => Value);

/** Faults of one transport's link. All are asked for each message, so that a test can change its mind. */
export interface MemoryFaults {
  /** True: the message is lost, and nobody is told. */
  readonly drop?: ((message: MemoryMessage) => boolean) | undefined;
  /** Milliseconds on the way. Different delays reorder. */
  readonly delayMs?: Choice<number> | undefined;
  /** True: the message arrives twice. */
  readonly duplicate?: Choice<boolean> | undefined;
  /** True: the message waits until the next one has passed. */
  readonly reorder?: Choice<boolean> | undefined;
  /** True: a black hole. Nothing passes in either direction, pings and new sessions hang. */
  readonly partitioned?: (() => boolean) | undefined;
  /** Runs the delivery when the test says so, e.g. `(deliver) => scheduler.schedule(Promise.resolve()).then(deliver)`. */
  readonly schedule?: ((deliver: () => void, message: MemoryMessage) => void) | undefined;
}

export interface FaultyLink {
  isPartitioned(): boolean;
  /** Resolves when the hub can be reached; in a partition it hangs until that heals or `signal` aborts. */
  reach(signal: AbortSignal): Promise<void>;
  /** Hands the message on as the faults allow: never, later, or twice. */
  pass(message: MemoryMessage, deliver: (message: OutgoingMessage) => void): void;
}

export function linkFaults(faults: MemoryFaults): FaultyLink {
  const { drop, delayMs = 0, duplicate = false, reorder = false, partitioned = () => false, schedule } = faults;
  let held: (() => void)[] = [];
  const arrive = (run: () => void): void => {
    const before = held;
    held = [];
    run();
    for (const late of before) late();
  };
  return {
    isPartitioned: partitioned,
    reach: (signal) => (partitioned() ? retry(partitioned, signal) : Promise.resolve()),
    pass(message, deliver) {
      if (partitioned() || drop?.(message)) return;
      const once = (): void => {
        const run = (): void => deliver({ channel: message.channel, data: message.data });
        if (choose(reorder, message)) held.push(run);
        else arrive(run);
      };
      const travel = (): void => {
        const ms = choose(delayMs, message);
        if (schedule) schedule(once, message);
        else if (ms > 0) setTimeout(once, ms);
        else once();
      };
      travel();
      if (choose(duplicate, message)) travel();
    },
  };
}

const choose = <Value>(choice: Choice<Value>, message: MemoryMessage): Value =>
  typeof choice === 'function' ? (choice as (message: MemoryMessage) => Value)(message) : choice;

/** As TCP does: tries again and again, and gets through once the partition heals. */
function retry(partitioned: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearInterval(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason as Error);
    };
    const timer = unrefInterval(() => {
      if (partitioned()) return;
      stop();
      resolve();
    }, RETRY_MS);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
