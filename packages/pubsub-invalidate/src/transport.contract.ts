import { afterEach, describe, expect, it } from 'vitest';
import type { Session, SessionHandlers, Transport } from './transport.ts';

export interface TransportSetup {
  /** Transports made by one setup hear each other. */
  make(): Transport;
  /** Whether a session goes on where the last one of the same transport ended. */
  readonly replays?: boolean;
  /** A publish is confirmed before every node has passed it on: what was missed may still come, in its place. */
  readonly passesOnLate?: boolean;
  cleanUp?(): Promise<void>;
}

/** What every transport must do; run it against an own one. `until` polls a condition with a deadline. */
export function transportContract(
  name: string,
  setUp: () => Promise<TransportSetup>,
  until: (condition: () => boolean) => Promise<void>,
): void {
  const never = new AbortController().signal;
  const open: (() => unknown)[] = [];
  const listen = async (
    transport: Transport,
    channels: string[],
  ): Promise<{ session: Session; got: [string, string][]; closed: unknown[] }> => {
    const got: [string, string][] = [];
    const closed: unknown[] = [];
    const handlers: SessionHandlers = {
      message: (channel, data) => got.push([channel, data]),
      closed: (error) => closed.push(error),
      trimmed: () => {},
    };
    const session = await transport.connect(handlers, never);
    open.push(() => session.close());
    await session.subscribe(channels);
    return { session, got, closed };
  };
  const made = async (): Promise<TransportSetup> => {
    const setup = await setUp();
    const transports: Transport[] = [];
    open.push(
      () => Promise.all(transports.map((transport) => transport.close())),
      () => setup.cleanUp?.(),
    );
    return {
      ...setup,
      make: () => {
        const transport = setup.make();
        transports.push(transport);
        return transport;
      },
    };
  };
  afterEach(async () => {
    for (const end of open.splice(0)) await end();
  });

  describe(`transport contract: ${name}`, () => {
    it('delivers what is published after the subscription is acknowledged, to itself and to others, in order', async () => {
      const setup = await made();
      const [a, b] = [setup.make(), setup.make()];
      const [atA, atB] = [await listen(a, ['one', 'two']), await listen(b, ['one'])];
      await a.publish(
        [
          { channel: 'one', data: '1' },
          { channel: 'two', data: '2' },
          { channel: 'one', data: '3' },
        ],
        never,
      );
      await a.publish([{ channel: 'one', data: '4' }], never);
      await until(() => atA.got.length === 4 && atB.got.length === 3);
      expect(atB.got.map(([, data]) => data)).toEqual(['1', '3', '4']);
      expect(atA.got.filter(([channel]) => channel === 'one').map(([, data]) => data)).toEqual(['1', '3', '4']);
      expect(atA.got).toContainEqual(['two', '2']);
    });

    it('keeps channels apart that differ in case, have quotes, or use all 63 bytes', async () => {
      const setup = await made();
      const channels = ['Mixed:Case', 'mixed:case', `it's "quoted"; --`, 'x'.repeat(63)];
      const transport = setup.make();
      const { got } = await listen(transport, channels);
      await transport.publish(
        channels.map((channel) => ({ channel, data: `to ${channel}` })),
        never,
      );
      await until(() => got.length === channels.length);
      expect(Object.fromEntries(got)).toEqual(
        Object.fromEntries(channels.map((channel) => [channel, `to ${channel}`])),
      );
    });

    it('carries the largest message it promises, and characters of every kind', async () => {
      const setup = await made();
      const transport = setup.make();
      const { got } = await listen(transport, ['one']);
      const data = [`"\\ é 😀 \u2028 \n`, 'x'.repeat(transport.maxPayloadBytes)];
      await transport.publish(
        data.map((one) => ({ channel: 'one', data: one })),
        never,
      );
      await until(() => got.length === 2);
      expect(got.map(([, one]) => one)).toEqual(data);
    });

    it('subscribes to more while it listens, and leaves', async () => {
      const setup = await made();
      const transport = setup.make();
      const { session, got } = await listen(transport, ['one']);
      await session.subscribe(['two']);
      await session.unsubscribe(['one']);
      await transport.publish(
        [
          { channel: 'one', data: '1' },
          { channel: 'two', data: '2' },
        ],
        never,
      );
      await until(() => got.some(([channel]) => channel === 'two'));
      expect(got).toEqual([['two', '2']]);
    });

    it('answers a ping', async () => {
      const { session } = await listen((await made()).make(), ['one']);
      await expect(session.ping()).resolves.toBeUndefined();
    });

    it('is quiet after close: no message, no end', async () => {
      const setup = await made();
      const transport = setup.make();
      const first = await listen(transport, ['one']);
      first.session.close();
      const second = await listen(transport, ['one']);
      await transport.publish([{ channel: 'one', data: '1' }], never);
      await until(() => second.got.length === 1);
      expect([first.got, first.closed]).toEqual([[], []]);
    });

    it('does not connect for who has left already', async () => {
      const transport = (await made()).make();
      const handlers: SessionHandlers = { message: () => {}, closed: () => {}, trimmed: () => {} };
      const attempt = transport
        .connect(handlers, AbortSignal.abort(new Error('left')))
        .then((session) => session.close());
      const [end] = await Promise.allSettled([attempt]);
      expect(['fulfilled', 'rejected']).toContain(end.status);
    });

    it('says which channels it resumes', async () => {
      const setup = await made();
      const transport = setup.make();
      const { session, got } = await listen(transport, ['one']);
      await transport.publish([{ channel: 'one', data: '1' }], never);
      await until(() => got.length === 1);
      session.close();
      await transport.publish([{ channel: 'one', data: 'missed' }], never);
      const again: string[] = [];
      const next = await transport.connect(
        { message: (_, data) => again.push(data), closed: () => {}, trimmed: () => {} },
        never,
      );
      open.push(() => next.close());
      expect(await next.subscribe(['one'])).toEqual(setup.replays ? ['one'] : []);
      await transport.publish([{ channel: 'one', data: 'seen' }], never);
      await until(() => again.includes('seen'));
      const cameLate = setup.passesOnLate === true && again.length > 1;
      expect(again).toEqual(setup.replays === true || cameLate ? ['missed', 'seen'] : ['seen']);
    });
  });
}
