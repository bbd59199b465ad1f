import { connectDelayMs, widen } from './backoff.ts';
import { connect, type Attempt } from './connect.ts';
import type { PoolListener } from './events.ts';
import type { Settings } from './options.ts';
import type { Home, Session } from './session.ts';
import { isHopeless, isStatementError } from './sql-state.ts';
import { after, type Timer } from './timer.ts';

export interface ConnectorOwner extends Home {
  emit: PoolListener;
  onOpened(session: Session): void;
  /** Hopeless: no repetition will help; who waits should be told now. */
  onConnectFailed(error: Error, hopeless: boolean): void;
  /** The back-off is over: ask again for what is still needed. */
  onRetry(): void;
}

/**
 * Opens connections. While the server is away there is one prober with a growing delay, whoever asks; after the first
 * success the number of concurrent attempts doubles with every further one, so that a returning server is not flooded.
 */
export class Connector {
  connecting = 0;
  /** Failures since the last success; 0: the server is up, as far as is known. */
  failures = 0;
  lastError: Error | undefined;
  /** The last failure was one that waiting does not mend. */
  hopeless = false;
  #limit = Infinity;
  #timer: Timer;
  #everConnected = false;
  #lastFailureMs = -Infinity;
  #closed = false;
  readonly #attempts = new Set<Attempt>();
  readonly #settings: Settings;
  readonly #owner: ConnectorOwner;

  constructor(settings: Settings, owner: ConnectorOwner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  get down(): boolean {
    return this.failures > 0;
  }

  /** True while the back-off after a failure runs: a new attempt would only repeat it. */
  get backingOff(): boolean {
    return this.#timer !== undefined;
  }

  /** Opens up to `count` more, as many as back-off and slow start admit. */
  want(count: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    const admitted = this.down ? 1 : this.#limit;
    for (let n = Math.min(count, admitted - this.connecting); n > 0; n -= 1) this.#open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const attempt of this.#attempts) attempt.abandon();
  }

  #open(): void {
    const startedAt = this.#owner.now();
    const attempt = connect(this.#settings, this.#owner);
    this.connecting += 1;
    this.#attempts.add(attempt);
    const end = () => {
      this.connecting -= 1;
      this.#attempts.delete(attempt);
    };
    attempt.opened.then(
      (session) => {
        end();
        this.#succeeded(session, startedAt);
      },
      (error: unknown) => {
        end();
        this.#failed(error as Error, startedAt, attempt.connected);
      },
    );
  }

  #succeeded(session: Session, startedAt: number): void {
    const wasDown = this.down;
    this.#everConnected = true;
    session.verified = this.#owner.suspicion;
    this.failures = 0;
    this.hopeless = false;
    this.lastError = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#limit = wasDown ? 2 : widen(this.#limit, this.#settings.size + this.#settings.overflow);
    if (wasDown) this.#owner.emit({ type: 'up' });
    this.#owner.emit({ type: 'connect', pid: session.client.processID, ms: this.#owner.now() - startedAt });
    this.#owner.onOpened(session);
  }

  #failed(error: Error, startedAt: number, connected: boolean): void {
    if (this.#closed) {
      this.#owner.onConnectFailed(error, false);
      return;
    }
    this.#owner.counters.connectErrors += 1;
    this.lastError = error;
    this.hopeless = connected ? isStatementError(error) : isHopeless(error, this.#everConnected);
    this.#limit = 1;
    // Attempts of one volley fail together: they count as one failure.
    if (startedAt >= this.#lastFailureMs) this.#backOff(error);
    this.#owner.onConnectFailed(error, this.hopeless);
    // The back-off may be over before the slowest attempt of the volley has failed: then nobody else would ask again.
    if (!this.backingOff) this.#owner.onRetry();
  }

  #backOff(error: Error): void {
    const wasDown = this.down;
    const delayMs = connectDelayMs(this.failures, this.#settings.backoff, Math.random);
    this.failures += 1;
    this.#lastFailureMs = this.#owner.now();
    if (!wasDown) this.#owner.emit({ type: 'down', error });
    this.#owner.emit({ type: 'connect-error', error, failures: this.failures, retryInMs: delayMs });
    clearTimeout(this.#timer);
    this.#timer = after(delayMs, () => {
      this.#timer = undefined;
      this.#owner.onRetry();
    });
  }
}
