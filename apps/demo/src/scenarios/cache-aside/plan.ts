import type { Row } from '../../run/result.ts';
import type { Plan, RunOptions } from '../scenario.ts';

export interface Load {
  /** Callers of one cold key. */
  callers: number;
  /** Cold keys, one after the other. */
  rounds: number;
  /** From one cold key to the next, milliseconds: long enough for `before` to answer all callers. */
  everyMs: number;
  /** The callers of a key come within this time, milliseconds. */
  withinMs: number;
}

const loads: Record<RunOptions['size'], Load> = {
  full: { callers: 500, rounds: 20, everyMs: 3_000, withinMs: 200 },
  default: { callers: 500, rounds: 5, everyMs: 3_000, withinMs: 200 },
  fast: { callers: 500, rounds: 2, everyMs: 3_000, withinMs: 200 },
};

export const loadOf = ({ size }: Pick<RunOptions, 'size'>): Load => loads[size];

/** The source's TTL for users, and the interval of its reaper. */
export const ttlMs = 300_000;

export const callsOf = ({ callers, rounds }: Load): number => callers * rounds;

export const plannedMs = ({ rounds, everyMs }: Load): number => rounds * everyMs + 5_000;

export type Bound = Pick<Row, 'name' | 'bound' | 'source'> & { phase: 'memory' | 'after'; arithmetic: string };

/** K cold keys x R processes x (ceil(D / TTL) + 0 invalidations), and with the lease K alone. D is shorter than the TTL. */
export function boundsOf({ rounds, callers }: Load, replicas: number): Bound[] {
  return [
    {
      name: 'GetUserByID',
      phase: 'after',
      bound: rounds,
      arithmetic: `${rounds} cold keys x 1 load over all processes; before: ${rounds} x ${callers}`,
      source: 'N callers -> 1 (reported)',
    },
    {
      name: 'GetUserByID, memory alone',
      phase: 'memory',
      bound: rounds * replicas,
      arithmetic: `${rounds} cold keys x ${replicas} processes x ceil(D / TTL) = 1`,
      source: 'N callers -> 1 in each process (reported)',
    },
  ];
}

/** 100 callers of one key, 40 of whom leave while it loads. */
export const abortProbe = { callers: 100, leaving: 40 };
export const sweepEntries = 200_000;
const probesMs = 10_000;

export function planCacheAside(options: RunOptions): Plan {
  const load = loadOf(options);
  const bounds = boundsOf(load, options.replicas);
  const phases = Number(options.before) + 2 * Number(options.after);
  return {
    scale: scaleOf(load),
    bounds: [
      ...bounds.map(({ name, bound, arithmetic }) => `${name}: at most ${bound} (${arithmetic})`),
      ...(options.after
        ? [
            `${abortProbe.callers} callers of a cold key, ${abortProbe.leaving} leave: ${abortProbe.callers - abortProbe.leaving} served, 1 query`,
            'Redis killed, or silent: no request fails; each cold key costs one query for each process',
            `${sweepEntries.toLocaleString('en')} expired entries: the memory comes back, and the longest pause is at most a third of a naive sweep's`,
          ]
        : []),
    ],
    rows: bounds.map(({ name, bound, source }) => ({ name, bound, source })),
    loadMs: load.rounds * load.everyMs * phases + (options.after ? probesMs : 0),
  };
}

export function scaleOf({ callers, rounds, everyMs, withinMs }: Load): string {
  return [
    `open loop, ${callers} callers within ${withinMs} ms of a cold key, ${rounds} keys, one every ${everyMs / 1_000} s`,
    'load and time 1:1',
    `TTL ${ttlMs / 60_000} min as in the source`,
    'the query is padded to 250 ms in every phase',
  ].join(', ');
}
