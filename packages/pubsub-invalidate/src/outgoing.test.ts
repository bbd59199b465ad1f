import { gate } from '@corral-internal/test-kit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Outgoing } from './outgoing.ts';
import type { OutgoingMessage } from './transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The way out over a broker that takes each batch when it is told to. */
function wayOut(gatherMs: number) {
  const batches: number[] = [];
  const taken: (() => void)[] = [];
  const publish = async (batch: readonly OutgoingMessage[]): Promise<void> => {
    const { promise, open } = gate();
    batches.push((JSON.parse(batch[0]!.data) as { h: unknown[] }).h.length);
    taken.push(open);
    await promise;
  };
  const outgoing = new Outgoing({
    id: 'p',
    transport: {
      name: 'held',
      maxPayloadBytes: 8_000,
      transactional: false,
      gatherMs,
      publish,
      connect: () => Promise.reject(new Error('nobody listens')),
      close: async () => {},
    },
    now: () => performance.now(),
    publishRetryMs: 10_000,
    attemptMs: 1_000,
    maxDelayMs: 0,
    maxQueue: 100,
    maxBatch: 100,
    makeBeat: () => [],
    onSent: () => {},
    onAttemptFailed: () => {},
    onRejected: () => {},
    onOverflow: () => {},
  });
  outgoing.start();
  const hint = (n: number, lazy: boolean): void => void outgoing.push('c', 'h', `["k",1,${n}]`, lazy);
  const takeOne = async (): Promise<void> => {
    taken.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { outgoing, batches, hint, takeOne };
}

it('gathers what nobody waits for, once something came behind a batch', async () => {
  const { outgoing, batches, hint, takeOne } = wayOut(5);
  hint(1, true);
  await vi.advanceTimersByTimeAsync(0);
  hint(2, true);
  await takeOne();
  hint(3, true);
  await vi.advanceTimersByTimeAsync(4);
  expect(batches).toEqual([1]);

  await vi.advanceTimersByTimeAsync(1);

  expect(batches).toEqual([1, 2]);
  await takeOne();
  await outgoing.close(0);
});

it('lets nobody wait for the sake of company', async () => {
  const { outgoing, batches, hint, takeOne } = wayOut(5);
  hint(1, true);
  await vi.advanceTimersByTimeAsync(0);
  hint(2, true);
  await takeOne();
  expect(batches).toEqual([1]);

  hint(3, false);
  await vi.advanceTimersByTimeAsync(0);

  expect(batches).toEqual([1, 2]);
  await takeOne();
  await outgoing.close(0);
});
