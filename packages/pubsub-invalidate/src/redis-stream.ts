import { withDeadline } from './deadline.ts';
import { checkCount } from './check.ts';
import type { OwnRedis } from './redis-client.ts';
import type { RedisLink } from './redis-link.ts';
import { compareIds, firstId } from './redis-stream-ids.ts';
import type { OutgoingMessage, Session, SessionHandlers } from './transport.ts';

/** All streams share a slot, since one XREAD cannot read from two. */
const keyOf = (channel: string): string => `{corral}:${channel}`;
const BLOCK_MS = 500;
const COUNT = 1_000;
const EXPIRE_MS = 3_600_000;

type Entry = [id: string, fields: string[]];

/** Streams as a bus: one blocking XREAD over all of them, from where the last session ended. */
export class StreamReader {
  readonly #link: RedisLink;
  readonly #maxLength: number;
  /** The last entry seen of each channel; outlives the session. */
  readonly #seen = new Map<string, string>();

  constructor(link: RedisLink, maxLength: number) {
    this.#link = link;
    this.#maxLength = checkCount('maxStreamLength', maxLength);
  }

  /** A stream nobody writes to is gone after an hour. */
  async publish(batch: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    const keys = new Set(batch.map(({ channel }) => keyOf(channel)));
    await this.#link.run(
      [
        ...batch.map(
          ({ channel, data }) => ['xadd', keyOf(channel), 'MAXLEN', '~', this.#maxLength, '*', 'd', data] as const,
        ),
        ...[...keys].map((key) => ['pexpire', key, EXPIRE_MS] as const),
      ],
      signal,
    );
  }

  async open(handlers: SessionHandlers, signal: AbortSignal): Promise<Session> {
    const channels = new Set<string>();
    const pings = new Set<() => void>();
    const state = { open: true, reading: false };
    const lose = (error?: Error): void => {
      if (state.open) handlers.closed(error);
      state.open = false;
    };
    const redis = await this.#link.open(keyOf(''), signal, lose);
    const read = async (): Promise<void> => {
      state.reading = true;
      while (state.open && channels.size > 0) {
        const replies = await this.#read(redis, channels);
        for (const resolve of pings) resolve();
        pings.clear();
        for (const [channel, entries] of replies)
          if (state.open && channels.has(channel)) await this.#deliver(channel, entries, handlers);
      }
      state.reading = false;
    };
    return {
      subscribe: async (added) => {
        const resumed = await Promise.all(added.map((channel) => this.#begin(channel, signal)));
        for (const channel of added) channels.add(channel);
        if (!state.reading)
          read()
            .catch((error: Error) => lose(error))
            .finally(() => redis.disconnect());
        return added.filter((_, index) => resumed[index]);
      },
      unsubscribe: async (removed) => {
        for (const channel of removed) {
          channels.delete(channel);
          this.#seen.delete(channel);
        }
      },
      ping: () => new Promise((resolve) => pings.add(resolve)),
      close: () => {
        state.open = false;
        redis.disconnect();
      },
    };
  }

  /** Finds where to read on. True: at the entry seen last, which is still there, so nothing was missed. */
  async #begin(channel: string, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(channel);
    const [first, last] = (await this.#link.run(
      [
        ['xrange', key, '-', '+', 'COUNT', 1],
        ['xrevrange', key, '+', '-', 'COUNT', 1],
      ],
      signal,
    )) as [Entry[], Entry[]];
    const seen = this.#seen.get(channel);
    const isKept =
      seen !== undefined && first[0] && compareIds(first[0][0], seen) <= 0 && compareIds(seen, last[0]![0]) <= 0;
    if (!isKept) this.#seen.set(channel, firstId(last));
    return isKept === true;
  }

  async #read(redis: OwnRedis, channels: ReadonlySet<string>): Promise<[string, Entry[]][]> {
    const list = [...channels];
    const ids = list.map((channel) => this.#seen.get(channel) ?? '0-0');
    const reply = await redis.call('xread', 'COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', ...list.map(keyOf), ...ids);
    const pairs = Array.isArray(reply)
      ? (reply as [string, Entry[]][])
      : Object.entries((reply ?? {}) as Record<string, Entry[]>);
    return pairs.map(([key, entries]) => [key.slice(keyOf('').length), entries]);
  }

  async #deliver(channel: string, entries: readonly Entry[], handlers: SessionHandlers): Promise<void> {
    const before = this.#seen.get(channel)!;
    for (const [id, fields] of entries) {
      this.#seen.set(channel, id);
      handlers.message(channel, fields[1] ?? '');
    }
    if (entries.length < COUNT || before === '0-0') return;
    // So far behind that the stream may have been cut in front of us.
    const [first] = (await withDeadline('looking at the head of a stream', 2_000, (signal) =>
      this.#link.run([['xrange', keyOf(channel), '-', '+', 'COUNT', 1]], signal),
    )) as [Entry[]];
    if (compareIds(firstId(first), this.#seen.get(channel)!) > 0) handlers.trimmed(channel);
  }
}
