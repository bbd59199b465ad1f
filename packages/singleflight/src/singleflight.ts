import { FlightTimeoutError } from './errors.ts';
import { createWatch, type FlightEvent } from './events.ts';
import { Flight, untilAborted, type FlightContext } from './flight.ts';
import { checkOnEvent, checkTimeoutMs, checkWhenAbandoned } from './options.ts';
import type { SingleflightStats } from './stats.ts';
import { startTimer } from './timer.ts';

export interface SingleflightOptions<Key = string> {
  /** Milliseconds a flight may take before it ends with {@link FlightTimeoutError}; any length. Default `Infinity`. */
  timeoutMs?: number | undefined;
  /** What the work does once its last caller has left: go on (`'finish'`, default), or see its signal abort. */
  whenAbandoned?: 'finish' | 'abort' | undefined;
  /** Called synchronously; what it throws is dropped. */
  onEvent?: ((event: FlightEvent<Key>) => void) | undefined;
}

/** Work for one key. It is called synchronously, in the async context of the caller that starts the flight. */
export type Work<Value, Key> = (flight: FlightContext<Key>) => Value | PromiseLike<Value>;

export interface Singleflight<Value, Key = string> {
  /**
   * Runs `work`, or joins the run of this key that is under way; all its callers get the same value, or reject with the same reason.
   * `signal` ends this caller's wait alone, at once, with `signal.reason`; a signal that is aborted already starts nothing.
   * Callers without a signal get one and the same promise.
   * @throws {FlightTimeoutError} (as a rejection) The work took longer than `timeoutMs`; the key is free.
   * @see https://pkg.go.dev/golang.org/x/sync/singleflight
   */
  do(key: Key, work: Work<Value, Key>, options?: { signal?: AbortSignal | undefined }): Promise<Value>;
  /** As `do`; `shared` is true for every caller of a flight that more than one joined. */
  doShared(
    key: Key,
    work: Work<Value, Key>,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<{ value: Value; shared: boolean }>;
  /** Takes the flight off its key: the next `do` starts anew, callers that wait keep theirs. True if there was one. */
  forget(key: Key): boolean;
  /** Forgets every flight. */
  clear(): void;
  /** Whether a `do` for this key would join. */
  has(key: Key): boolean;
  /** Keys that have a flight to join. */
  readonly size: number;
  /** A frozen snapshot. */
  stats(): SingleflightStats;
}

/**
 * Makes a group in which concurrent calls for one key share one execution. Keys are compared as a `Map` does: objects by
 * identity, `NaN` equals itself, `1` is not `'1'`. A flight is off its key before its callers go on, and only a
 * running flight is ever joined. Nothing is kept after the end: this is no cache.
 * @throws {RangeError | TypeError} An option has a wrong value; the message names both.
 */
export function createSingleflight<Value, Key = string>(
  options: SingleflightOptions<Key> = {},
): Singleflight<Value, Key> {
  const { timeoutMs = Number.POSITIVE_INFINITY, whenAbandoned = 'finish', onEvent } = options;
  checkTimeoutMs(timeoutMs);
  checkWhenAbandoned(whenAbandoned);
  checkOnEvent(onEvent);
  const watch = createWatch(onEvent);
  const flights = new Map<Key, Flight<Value, Key>>();
  /** The one that was asked for last, while it can be joined: a crowd wants it again, and is spared the search. */
  let latest: Flight<Value, Key> | undefined;
  const counters = { started: 0, joined: 0, failed: 0, timedOut: 0, abandoned: 0, forgotten: 0, inFlight: 0 };

  /** Frees the key, unless another flight has it by now. */
  function release(flight: Flight<Value, Key>): void {
    counters.inFlight--;
    if (latest === flight) latest = undefined;
    if (flights.get(flight.key) === flight) flights.delete(flight.key);
  }

  function succeed(flight: Flight<Value, Key>, value: Value): void {
    if (flight.ended) return;
    release(flight);
    flight.resolve(value);
    if (flight.watched) watch.tell({ type: 'succeeded', key: flight.key, callers: flight.callers });
  }

  function fail(flight: Flight<Value, Key>, error: unknown): void {
    if (flight.ended) return;
    release(flight);
    counters.failed++;
    flight.reject(error);
    if (flight.watched)
      watch.tell({ type: 'failed', key: flight.key, callers: flight.callers, waiting: flight.waiting, error });
  }

  function timeOut(flight: Flight<Value, Key>): void {
    release(flight);
    counters.timedOut++;
    flight.stop(new FlightTimeoutError(flight.key, timeoutMs, flight.callers));
    if (flight.watched) watch.tell({ type: 'timedOut', key: flight.key, callers: flight.callers, timeoutMs });
  }

  function leave(flight: Flight<Value, Key>): void {
    flight.waiting--;
    if (flight.ended || flight.waiting > 0) return;
    // Nobody awaits the deadline any more.
    flight.timer?.unref();
    if (flight.abandoned) return;
    flight.abandoned = true;
    counters.abandoned++;
    const aborted = whenAbandoned === 'abort';
    if (aborted) {
      // Free before the work hears of it: a caller that comes now must not join a dying flight.
      release(flight);
      flight.stop(new DOMException('every caller has left', 'AbortError'));
    }
    if (flight.watched) watch.tell({ type: 'abandoned', key: flight.key, callers: flight.callers, aborted });
  }

  function start(key: Key, work: Work<Value, Key>): Flight<Value, Key> {
    const flight = new Flight<Value, Key>(key);
    // Everything stands before the work is called: it may come back here with the same key.
    flight.callers = flight.waiting = 1;
    flights.set(key, flight);
    latest = flight;
    flight.watched = watch.watched;
    counters.started++;
    counters.inFlight++;
    if (flight.watched) watch.tell({ type: 'started', key });
    if (timeoutMs !== Number.POSITIVE_INFINITY) flight.timer = startTimer(timeoutMs, () => timeOut(flight));
    outcome(work, flight).then(
      (value) => succeed(flight, value),
      (error: unknown) => fail(flight, error),
    );
    return flight;
  }

  function board(key: Key, work: Work<Value, Key>): Flight<Value, Key> {
    let flight = latest;
    if (flight === undefined || flight.key !== key) {
      flight = flights.get(key);
      if (flight === undefined) return start(key, work);
      latest = flight;
    }
    if (flight.waiting === 0) flight.timer?.ref();
    flight.callers++;
    flight.waiting++;
    counters.joined++;
    if (flight.watched) watch.tell({ type: 'joined', key, callers: flight.callers });
    return flight;
  }

  function forget(key: Key): boolean {
    const flight = flights.get(key);
    if (flight === undefined) return false;
    flights.delete(key);
    if (latest === flight) latest = undefined;
    counters.forgotten++;
    if (flight.watched) watch.tell({ type: 'forgotten', key, callers: flight.callers });
    return true;
  }

  // What needs a closure stands apart from `do`, which must allocate nothing.
  function leavable(flight: Flight<Value, Key>, signal: AbortSignal): Promise<Value> {
    return untilAborted(flight.promise, signal, () => leave(flight));
  }

  function told(flight: Flight<Value, Key>, signal: AbortSignal | undefined): Promise<Told<Value>> {
    const answer = flight.promise.then((value) => ({ value, shared: flight.callers > 1 }));
    answer.catch(ignore);
    return signal === undefined ? answer : untilAborted(answer, signal, () => leave(flight));
  }

  return new Facade(
    flights,
    (key, work, options) => {
      const signal = options?.signal;
      if (signal === undefined) return board(key, work).promise;
      return signal.aborted ? aborted(signal) : leavable(board(key, work), signal);
    },
    (key, work, options) => {
      const signal = options?.signal;
      return signal?.aborted ? aborted(signal) : told(board(key, work), signal);
    },
    forget,
    () => Object.freeze({ ...counters }),
  );
}

/**
 * The group as its user holds it. A class, because V8 keeps an object literal that has accessors as a dictionary: finding
 * `do` in one takes as long as joining a flight.
 */
class Facade<Value, Key> implements Singleflight<Value, Key> {
  readonly do: Singleflight<Value, Key>['do'];
  readonly doShared: Singleflight<Value, Key>['doShared'];
  readonly forget: Singleflight<Value, Key>['forget'];
  readonly clear: Singleflight<Value, Key>['clear'];
  readonly has: Singleflight<Value, Key>['has'];
  readonly stats: Singleflight<Value, Key>['stats'];
  readonly #flights: ReadonlyMap<Key, unknown>;

  constructor(
    flights: ReadonlyMap<Key, unknown>,
    join: Singleflight<Value, Key>['do'],
    joinShared: Singleflight<Value, Key>['doShared'],
    forget: Singleflight<Value, Key>['forget'],
    stats: Singleflight<Value, Key>['stats'],
  ) {
    this.#flights = flights;
    this.do = join;
    this.doShared = joinShared;
    this.forget = forget;
    // A copy: a listener may start new flights meanwhile.
    this.clear = () => Array.from(flights.keys()).forEach(forget);
    this.has = (key) => flights.has(key);
    this.stats = stats;
  }

  get size(): number {
    return this.#flights.size;
  }
}

const ignore = () => {};

interface Told<Value> {
  value: Value;
  shared: boolean;
}

/** A synchronous throw is a rejection. */
function outcome<Value, Key>(work: Work<Value, Key>, flight: FlightContext<Key>): Promise<Value> {
  try {
    return Promise.resolve(work(flight));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The answer to a caller that comes too late to wait. */
function aborted(signal: AbortSignal): Promise<never> {
  const rejection: Promise<never> = Promise.reject(signal.reason);
  rejection.catch(ignore);
  return rejection;
}
