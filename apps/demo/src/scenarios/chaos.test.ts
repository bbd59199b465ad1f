import { gate } from '@corral-internal/test-kit';
import { expect, it } from 'vitest';
import type { Sample } from '../run/live.ts';
import type { Phase } from '../run/result.ts';
import { watchChaos, withChaos } from './chaos.ts';

const phase: Phase = {
  name: 'after',
  durationMs: 1,
  requests: 1,
  errors: 0,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
  counts: {},
  validity: { ok: true, achievedRate: 1, driverLagP99Ms: 1, detail: '' },
};

it('says nothing of a phase that nobody touched', async () => {
  expect(await withChaos(phase, watchChaos({}))).toBe(phase);
});

it('breaks one thing at a time, and ends a phase when it is mended', async () => {
  const samples: Sample[] = [];
  const chaos = watchChaos({ sample: (sample) => samples.push(sample) });
  const mended = gate<string>();
  let throws = 0;
  const work = (): Promise<string> => {
    throws++;
    chaos.note('broken');
    return mended.promise.finally(() => chaos.note('mended'));
  };

  const both = Promise.all([chaos.run(work), chaos.run(work)]);
  const ending = withChaos(phase, chaos);
  mended.open('done');

  expect(await both).toEqual(['done', 'done']);
  expect(throws).toBe(1);
  expect(await ending).toMatchObject({ chaos: ['broken', 'mended'], witnessLost: false });
  expect(samples).toEqual([
    { kind: 'event', label: 'broken' },
    { kind: 'event', label: 'mended' },
  ]);
});

it('mends at once what is still broken when a phase is stopped', async () => {
  const chaos = watchChaos({});
  const thrown = chaos.run(async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    chaos.note('mended');
    return 'mended early';
  });

  await chaos.end();

  expect(chaos.labels).toEqual(['mended']);
  expect(await thrown).toBe('mended early');
  expect(chaos.signal.aborted).toBe(true);
});

it('ends the phase too when a switch fails: who threw it is told', async () => {
  const chaos = watchChaos({});
  const thrown = chaos.run(() => Promise.reject(new Error('no such server')));

  expect(await withChaos(phase, chaos)).toBe(phase);
  await expect(thrown).rejects.toThrow('no such server');
});

it('takes the app’s count where Postgres was killed and has forgotten its own', async () => {
  const chaos = watchChaos({});
  chaos.serverForgot = true;
  chaos.note('Postgres killed');
  const counts = { Get: { server: 3, wrapper: 9 } };

  expect(await withChaos({ ...phase, counts }, chaos)).toMatchObject({ counts: { Get: { server: 9, wrapper: 9 } } });
});
