import { snapshot } from './recursion.ts';

/** Longer delays make `setTimeout` fire at once. */
const longestDelayMs = 2 ** 31 - 1;
/** So many idle timers are kept for the loads to come. */
const mostIdle = 32;
/** Fake timers are counted, and come and go with a test: none of them is kept. */
const native = setTimeout;

/** What has a deadline. */
export interface Mortal {
  /** Its deadline alone does not keep the process alive. */
  readonly background: boolean;
  expire(): void;
}

/** A timer of Node; a number in browsers, where nothing needs releasing. */
interface Handle {
  refresh?(): void;
  ref?(): void;
  unref?(): void;
}

/** One timer, and whose deadline it is. */
export interface Alarm {
  target: Mortal | undefined;
  slicesLeft: number;
  handle: Handle;
  readonly reusable: boolean;
}

/**
 * Deadlines that are all equally far away; `Infinity`: none. A timer that was not needed in the end serves another load:
 * to set it anew is cheaper than to make one. Until then it does not keep the process alive.
 */
export class Deadlines {
  readonly delayMs: number;
  readonly #slices: number;
  readonly #sliceMs: number;
  readonly #idle: Alarm[] = [];
  /** A timer that outlives its load must not hold the async context of whoever started that, nor fire in it. */
  readonly #outside: ReturnType<typeof snapshot> = snapshot();

  constructor(delayMs: number) {
    this.delayMs = delayMs;
    this.#slices = delayMs === Infinity ? 0 : Math.max(Math.ceil(delayMs / longestDelayMs), 1);
    this.#sliceMs = Math.ceil(delayMs / this.#slices);
  }

  /** Calls `target.expire` when its time is over, unless `lift` comes before. */
  set(target: Mortal): Alarm | undefined {
    if (this.#slices === 0) return undefined;
    let alarm = setTimeout === native ? this.#idle.pop() : undefined;
    if (alarm === undefined) {
      alarm = this.#outside(this.#make);
      if (target.background) alarm.handle.unref?.();
    } else {
      alarm.handle.refresh?.();
      if (!target.background) alarm.handle.ref?.();
    }
    alarm.target = target;
    alarm.slicesLeft = this.#slices;
    return alarm;
  }

  lift(alarm: Alarm): void {
    alarm.target = undefined;
    if (!alarm.reusable || this.#idle.length === mostIdle) return clear(alarm);
    alarm.handle.unref?.();
    this.#idle.push(alarm);
  }

  /** Gives up the idle timers. */
  rest(): void {
    this.#idle.splice(0).forEach(clear);
  }

  readonly #make = (): Alarm => {
    const fire = () => this.#fire(alarm, fire);
    const handle = setTimeout(fire, this.#sliceMs) as Handle;
    const reusable = setTimeout === native && handle.refresh !== undefined;
    const alarm: Alarm = { target: undefined, slicesLeft: 0, handle, reusable };
    return alarm;
  };

  #fire(alarm: Alarm, again: () => void): void {
    const { target } = alarm;
    if (target === undefined) {
      // Nobody has needed it for as long as a load may take.
      this.#idle.splice(this.#idle.indexOf(alarm), 1);
    } else if (--alarm.slicesLeft > 0) {
      alarm.handle = setTimeout(again, this.#sliceMs) as Handle;
      if (target.background) alarm.handle.unref?.();
    } else target.expire();
  }
}

function clear({ handle }: Alarm): void {
  clearTimeout(handle as ReturnType<typeof setTimeout>);
}
