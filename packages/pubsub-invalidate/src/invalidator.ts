import { Bound, type BindOptions, type Binding, type BindTarget } from './binding.ts';
import { coreOf, type Bus } from './bus.ts';
import { checkName, checkOneOf } from './check.ts';
import type { BusCore } from './core.ts';
import { BusClosedError } from './errors.ts';
import type { Gap } from './events.ts';
import type { Kinds, PayloadArguments, PayloadOf } from './kind.ts';
import { encodeHint, type Body, type Hint } from './message.ts';
import { topicChannel } from './names.ts';
import type { Consumer, Subscription } from './subscriptions.ts';
import {
  runTransaction,
  type TransactionOptions,
  type TransactionTarget,
  type TransactionTopic,
} from './transaction.ts';
import type { ClientOf, TransactionPool } from './transaction-pool.ts';

/** Ends what its maker began; idempotent. */
export type Unsubscribe = () => void;

/** For `createInvalidator`. */
export interface InvalidatorOptions<K extends Kinds> {
  readonly bus: Bus;
  /** The channel is `namespace:topic`. Kinds that are edited together belong to one topic; a gap clears a whole topic. */
  readonly topic: string;
  readonly kinds: K;
  /** A kind, or a version, of a newer release: `gap` (default) clears, `ignore` trusts that nothing here depends on it. */
  readonly unknownKind?: 'gap' | 'ignore' | undefined;
}

/** One topic: announces its changes, and keeps what is bound to it true. */
export interface Invalidator<K extends Kinds> {
  /** The channel's name on the broker, e.g. for `invalidationTriggerSql`. */
  readonly channel: string;
  /** Resolves when the server has acknowledged this topic. Rejects with `BusClosedError` when the bus, or this topic, was closed. */
  ready(): Promise<void>;
  /** Keeps `target` true to what is published, from now on: bind before you fill. */
  bind(target: BindTarget, options: BindOptions<K>): Binding;
  /**
   * Announces a change: the own replica at once and synchronously, then all others. Call it after the commit.
   * Resolves when the broker has it.
   * @throws {BusPublishError} Not confirmed within `publishRetryMs`; the hint stays queued and leaves when the broker answers.
   * @throws {BusClosedError} The bus is closed.
   */
  publish<Name extends keyof K & string>(kind: Name, ...payload: PayloadArguments<K[Name]>): Promise<void>;
  /** Calls `listener` for every change of this kind, the own ones too. Gaps come to `onGap`. */
  on<Name extends keyof K & string>(
    kind: Name,
    listener: (payload: PayloadOf<K[Name]>, meta: { own: boolean }) => void,
  ): Unsubscribe;
  /** Calls `listener` when something may have been missed on this topic. */
  onGap(listener: (gap: Gap) => void): Unsubscribe;
  /**
   * Runs `work` between BEGIN and COMMIT. What `tx.publish` collects leaves after the commit and never on rollback.
   * Rejects with what `work` or the database rejected with; when the connection broke during COMMIT the hints leave too,
   * since nobody can know. See the modes in `TransactionOptions`.
   */
  transaction<Pool extends TransactionPool, Result>(
    pool: Pool,
    work: (client: ClientOf<Pool>, tx: TransactionTopic<K>) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Leaves the topic: what is bound is on its own again and trusted no longer. The bus stays open. Idempotent. */
  close(): void;
}

/**
 * Makes the invalidator of one topic. Nothing waits: it may be made before or after `bus.start()`.
 * @throws {TypeError} An option is wrong; the message names it.
 */
export function createInvalidator<const K extends Kinds>(options: InvalidatorOptions<K>): Invalidator<K> {
  const { bus, topic, kinds, unknownKind = 'gap' } = options;
  const core = coreOf(bus);
  checkName('topic', topic);
  if (topic.startsWith('~')) throw new TypeError(`topic: '~' at the beginning is reserved, got ${topic}`);
  if (typeof kinds !== 'object' || kinds === null) throw new TypeError('kinds: expected an object of kind()s');
  for (const [name, one] of Object.entries(kinds)) {
    if (!Number.isSafeInteger(one?.version)) throw new TypeError(`kinds: expected ${name} to be made by kind()`);
  }
  checkOneOf('unknownKind', unknownKind, ['gap', 'ignore']);
  const consumer = new TopicConsumer(core, topicChannel(core.settings.namespace, topic), kinds, unknownKind);
  return consumer.invalidator();
}

class TopicConsumer<K extends Kinds> implements Consumer {
  readonly #core: BusCore;
  readonly #kinds: K;
  readonly #unknownKind: 'gap' | 'ignore';
  readonly #bound = new Set<Bound<K>>();
  readonly #listeners = new Map<string, Set<(payload: never, meta: { own: boolean }) => void>>();
  readonly #gapListeners = new Set<(gap: Gap) => void>();
  readonly #subscription: Subscription;

  constructor(core: BusCore, channel: string, kinds: K, unknownKind: 'gap' | 'ignore') {
    this.#core = core;
    this.#kinds = kinds;
    this.#unknownKind = unknownKind;
    this.#subscription = core.open(channel, this);
  }

  deliver(body: Body, own: boolean): void {
    const { channel } = this.#subscription;
    if (body.type !== 'hints') return this.#core.report.gap('undecodable', [channel]);
    const problems = new Set<'unknown-kind' | 'undecodable'>();
    for (const hint of body.hints) {
      const problem = this.#take(hint, own);
      if (problem) problems.add(problem);
    }
    for (const problem of problems) this.#core.report.gap(problem, [channel]);
  }

  gap(gap: Gap): void {
    for (const bound of this.#bound) bound.gap(gap);
    for (const listener of this.#gapListeners) this.#guard(() => listener(gap));
  }

  doubt(): void {
    for (const bound of this.#bound) bound.doubt();
  }

  invalidator(): Invalidator<K> {
    const subscription = this.#subscription;
    const hint: TransactionTarget['hint'] = (kind, payload) => this.#hint(kind, payload);
    const target: TransactionTarget = { core: this.#core, channel: subscription.channel, hint };
    return Object.freeze({
      channel: subscription.channel,
      ready: () => subscription.ready(),
      bind: (target, options) => this.#bind(target, options),
      publish: (kind, ...[payload]) => this.#publish(kind, payload),
      on: (kind, listener) => this.#on(kind, listener as never),
      onGap: (listener) => add(this.#gapListeners, listener),
      transaction: (pool, work, options = {}) => runTransaction(target, pool, work, options),
      close: () =>
        subscription.close(new BusClosedError(`the topic ${subscription.channel} was left: close() was called`)),
    } satisfies Invalidator<K>);
  }

  #publish(kind: string, payload: unknown): Promise<void> {
    try {
      const { json, hint } = this.#hint(kind, payload);
      return this.#core.publish(this.#subscription.channel, 'h', json, { type: 'hints', hints: [hint] });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #hint(kind: string, payload: unknown): { json: string; hint: Hint } {
    const known = this.#kind(kind);
    if (!known) throw new TypeError(`kind: ${kind} is not one of this topic: ${Object.keys(this.#kinds).join(', ')}`);
    return { json: encodeHint(kind, known.version, payload), hint: { kind, version: known.version, payload } };
  }

  #kind(name: string): Kinds[string] | undefined {
    return Object.hasOwn(this.#kinds, name) ? this.#kinds[name] : undefined;
  }

  #take(hint: Hint, own: boolean): 'unknown-kind' | 'undecodable' | undefined {
    const known = this.#kind(hint.kind);
    if (!known || hint.version > known.version) return this.#unknownKind === 'gap' ? 'unknown-kind' : undefined;
    let { payload } = hint;
    if (!own && known.decode) {
      try {
        payload = known.decode(payload, hint.version);
      } catch {
        return 'undecodable';
      }
    }
    for (const bound of this.#bound) bound.changed(hint.kind, payload);
    for (const listener of this.#listeners.get(hint.kind) ?? []) this.#guard(() => listener(payload as never, { own }));
    return undefined;
  }

  #bind(target: BindTarget, options: BindOptions<K>): Binding {
    for (const name of Object.keys(options?.keys ?? {})) {
      if (!this.#kind(name)) throw new TypeError(`keys: ${name} is not a kind of this topic`);
    }
    const core = this.#core;
    const subscription = this.#subscription;
    const bound = new Bound<K>(target, options, core.settings.now, (error) => core.report.listenerFailed(error));
    this.#bound.add(bound);
    return {
      get trusted() {
        return core.isLive && subscription.isAcknowledged;
      },
      dispose: () => {
        this.#bound.delete(bound);
        bound.stop();
      },
    };
  }

  #on(kind: string, listener: (payload: never, meta: { own: boolean }) => void): Unsubscribe {
    if (!this.#kind(kind))
      throw new TypeError(`kind: ${kind} is not one of this topic: ${Object.keys(this.#kinds).join(', ')}`);
    let listeners = this.#listeners.get(kind);
    if (!listeners) this.#listeners.set(kind, (listeners = new Set()));
    return add(listeners, listener);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#core.report.listenerFailed(error);
    }
  }
}

function add<T>(set: Set<T>, item: T): Unsubscribe {
  set.add(item);
  return () => {
    set.delete(item);
  };
}
