import { encodeEntry, tokenLength, type Codec } from './redis-envelope.ts';
import { RedisTierError } from './redis-errors.ts';
import type { KeyNames } from './redis-keys.ts';
import { longestLifeMs, type RedisLink } from './redis-link.ts';
import { fillScript, releaseScript, renewScript, reply, type Script } from './redis-scripts.ts';
import type { MutableStats } from './redis-stats.ts';
import type { TierEntry, TierLease } from './tier.ts';

/** What the leases of a tier have in common. */
export interface LeaseTerms<Value> {
  readonly codec: Codec<Value>;
  readonly channel: string;
  readonly lifeMs: number;
  /** All who ask get the same lease: it only guards against late writes. */
  readonly shared: boolean;
  readonly stats: MutableStats;
  /** Those that are neither filled nor released yet. */
  readonly held: Set<RedisLease<Value>>;
}

/** The right to load and write one key; lives as long as this process does, until it is used. */
export class RedisLease<Value> implements TierLease<Value> {
  readonly kind = 'lease';
  readonly #terms: LeaseTerms<Value>;
  readonly #link: RedisLink;
  readonly #names: KeyNames;
  /** Generation and token. */
  readonly #id: string;
  readonly #renewal: ReturnType<typeof setInterval>;
  #ended = false;

  constructor(terms: LeaseTerms<Value>, link: RedisLink, names: KeyNames, id: string) {
    this.#terms = terms;
    this.#link = link;
    this.#names = names;
    this.#id = id;
    terms.held.add(this);
    this.#renewal = setInterval(() => void this.#renew(), terms.lifeMs / 3);
    this.#renewal.unref();
  }

  async fill({ value, ttlMs }: TierEntry<Value>): Promise<'stored' | 'refused'> {
    const { codec, channel, shared, stats } = this.#terms;
    this.end();
    const life = lifeOf(ttlMs);
    let data: ReturnType<typeof encodeEntry>;
    try {
      data = life === '0' ? { form: '', payload: '' } : encodeEntry(value, codec);
    } catch (error) {
      this.release().catch(() => {});
      throw new RedisTierError('codec', error);
    }
    const head = this.#id.slice(tokenLength) + data.form;
    const args = [life, head, data.payload, shared ? '1' : '0', channel, this.#names.id];
    const stored = (await this.#ask(fillScript, ...args)) === reply.done;
    stats[stored ? 'filled' : 'refused']++;
    return stored ? 'stored' : 'refused';
  }

  async release(): Promise<void> {
    this.end();
    // The others who hold it are still loading; it ends by itself.
    if (!this.#terms.shared) await this.#ask(releaseScript, this.#terms.channel, this.#names.id);
  }

  /** No longer renewed. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#terms.held.delete(this);
    clearInterval(this.#renewal);
  }

  async #renew(): Promise<void> {
    try {
      const answer = await this.#ask(renewScript, String(this.#terms.lifeMs));
      if (answer === reply.refused) this.end();
    } catch {
      // The next turn tries again; if the lease is lost by then, the fill will be refused.
    }
  }

  async #ask(script: Script, ...args: (string | Buffer)[]): Promise<number> {
    const { entry, lease, waited } = this.#names;
    const answer = await this.#link.ask({
      script,
      keys: [entry, lease, waited],
      args: [this.#id, ...args],
      again: true,
    });
    return answer.kind;
  }
}

/** A life as Redis takes it: whole milliseconds, never for ever; '0' stores nothing. */
export function lifeOf(ttlMs: number): string {
  return ttlMs > 0 ? String(Math.min(longestLifeMs, Math.ceil(ttlMs))) : '0';
}
