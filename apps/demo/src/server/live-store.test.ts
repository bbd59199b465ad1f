import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { applyChange } from '../../dashboard/state.ts';
import { createStubScenario } from '../../tests/support/stub-scenario.ts';
import { defaultOptions } from '../scenarios/scenario.ts';
import { initialSnapshot } from './initial-snapshot.ts';
import { createLiveStore, type Update } from './live-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const newStore = (): ReturnType<typeof createLiveStore> =>
  createLiveStore(initialSnapshot([createStubScenario().scenario], defaultOptions, 'session'));

it('sends what it knows at once, then changes four times a second, numbered', () => {
  const store = newStore();
  const updates: Update[] = [];
  store.subscribe((update) => void updates.push(update));
  store.change({ type: 'progress', text: 'one' });
  store.change({ type: 'progress', text: 'two' });
  expect(updates).toHaveLength(1);

  vi.advanceTimersByTime(250);
  vi.advanceTimersByTime(1_000);

  expect(updates).toMatchObject([
    { id: 0, snapshot: { progress: '' } },
    { id: 1, changes: [{ text: 'one' }, { text: 'two' }] },
  ]);
});

it('tells a newcomer nothing twice: what is pending is in its snapshot', () => {
  const store = newStore();
  store.subscribe(() => {});
  store.change({ type: 'message', scenario: 'stub', text: 'once' });
  const updates: Update[] = [];

  store.subscribe((update) => void updates.push(update));
  vi.advanceTimersByTime(1_000);

  expect(updates).toHaveLength(1);
  expect(updates[0]).toMatchObject({ snapshot: { scenarios: [{ messages: ['once'] }] } });
});

it('leads every subscriber to the same snapshot as its own', () => {
  const store = newStore();
  let seen = store.snapshot;
  store.subscribe((update) => {
    seen = 'snapshot' in update ? update.snapshot : update.changes.reduce(applyChange, seen);
  });
  store.change({ type: 'offered', ids: ['break'] });
  store.change({ type: 'message', scenario: 'stub', text: 'done' });

  vi.advanceTimersByTime(250);

  expect(seen).toEqual(store.snapshot);
});

it('says nothing to one who has left', () => {
  const store = newStore();
  const updates: Update[] = [];
  store.subscribe((update) => void updates.push(update))();
  store.change({ type: 'progress', text: 'unheard' });

  vi.advanceTimersByTime(250);

  expect(updates).toHaveLength(1);
});
