import { describe, expect, it } from 'vitest';
import { MissingError } from '../run/missing.ts';
import type { Phase } from '../run/result.ts';
import { callsIn, checkWitnesses, createProbes, runPhases } from './frame.ts';

const silent = { progress: (): void => {} };
const running = new AbortController().signal;
const phase = (ok: boolean, over: Partial<Phase> = {}): Phase => ({
  name: 'after',
  durationMs: 1,
  requests: 1,
  errors: 0,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
  counts: { Get: { server: 7, wrapper: 7 } },
  validity: { ok, achievedRate: 1, driverLagP99Ms: 1, detail: 'late' },
  ...over,
});

describe('phases', () => {
  it('run one after the other, and once more each when the machine was busy', async () => {
    const runs: string[] = [];
    const run = async (name: string): Promise<Phase> => phase(runs.push(name) !== 1, { name });

    const phases = await runPhases(['before', 'after'], run, silent, running);

    expect(runs).toEqual(['before', 'before', 'after']);
    expect(phases.map(({ name, validity }) => [name, validity.ok])).toEqual([
      ['before', true],
      ['after', true],
    ]);
  });

  it.each([
    ['the machine cannot bear the load', { validity: { ...phase(false).validity, overdue: true } }],
    ['something was broken on purpose', { chaos: ['replica 1 killed'] }],
  ])('run only once when %s', async (_, over) => {
    let runs = 0;

    await runPhases(['before'], async () => (runs++, phase(false, over)), silent, running);

    expect(runs).toBe(1);
  });

  it('do not begin when the run is stopped', async () => {
    await expect(
      runPhases(['before'], async () => phase(true), silent, AbortSignal.abort(new Error('stopped'))),
    ).rejects.toThrow('stopped');
  });

  it('count nothing of a statement that was not called, and have no count when they were not run', () => {
    expect([callsIn([phase(true)], 'after', 'Get'), callsIn([phase(true)], 'after', 'Put')]).toEqual([7, 0]);
    expect(callsIn([phase(true)], 'before', 'Get')).toBeUndefined();
  });
});

describe('the witnesses', () => {
  it('have to agree', () => {
    expect(checkWitnesses(phase(true)).ok).toBe(true);
    expect(checkWitnesses(phase(true, { counts: { Get: { server: 7, wrapper: 8 } } })).ok).toBe(false);
  });

  it.each<[Partial<Phase>, RegExp]>([
    [{ witnessLost: true, chaos: ['replica 1 killed'] }, /replica 1 killed\): Postgres alone counted/],
    [{ serverForgot: true, chaos: ['Postgres killed'] }, /Postgres killed\): the app alone counted/],
    [{ serverForgot: true, witnessLost: true, chaos: ['both'] }, /both\): nobody counted all of it/],
  ])('are not compared after one of them was killed: %j', (over, detail) => {
    const counts = over.serverForgot === true ? { Get: { server: 7, wrapper: 7 } } : { Get: { server: 7, wrapper: 3 } };

    expect(checkWitnesses(phase(true, { ...over, counts }))).toMatchObject({
      ok: true,
      detail: expect.stringMatching(detail) as string,
    });
  });
});

describe('probes', () => {
  it('skip what this machine lacks, with the command, and fail at anything else', async () => {
    const probes = createProbes(silent, running);
    await probes.run('a shared cache', () => Promise.reject(new MissingError('No nginx. Run "brew install nginx".')));
    await probes.run('tags', async () => ({ name: 'tags', ok: true, detail: '' }));

    expect(probes.skipped).toEqual(['a shared cache: No nginx. Run "brew install nginx".']);
    expect(probes.checks.map(({ name }) => name)).toEqual(['tags']);
    await expect(probes.run('tags', () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
  });

  it('are left out when the loads alone are wanted', async () => {
    const probes = createProbes(silent, running, { probes: false });
    await probes.run('tags', () => Promise.reject(new Error('never tried')));

    expect(probes).toMatchObject({ checks: [], skipped: [] });
  });
});
