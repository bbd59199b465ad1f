import type { Row } from '../../run/result.ts';
import type { Plan, RunOptions } from '../scenario.ts';

export interface Load {
  agents: number;
  /** Each agent calls its four APIs this often, milliseconds. */
  everyMs: number;
  durationMs: number;
}

/** What the source had: 1,000+ agents, 4,000+ queries a second. */
const full: Load = { agents: 1_000, everyMs: 1_000, durationMs: 60_000 };

const loads: Record<RunOptions['size'], Load> = {
  full,
  default: { agents: 250, everyMs: 1_000, durationMs: 15_000 },
  fast: { agents: 100, everyMs: 1_000, durationMs: 8_000 },
};

export const loadOf = ({ size }: Pick<RunOptions, 'size'>): Load => loads[size];

/** The four APIs; three of them need the workspace too. */
const apis = 4;
const apisOfTheWorkspace = 3;

export const callsOf = ({ agents, everyMs, durationMs }: Load): number =>
  Math.floor(durationMs / everyMs) * agents * apis;

/** The longest that the calls may take to be answered. Connecting comes before and is not timed. */
export const plannedMs = ({ durationMs }: Load): number => durationMs + 5_000;

export type Bound = Pick<Row, 'name' | 'bound' | 'source'> & { arithmetic: string };

/** One read for each connection when it is set up, and none after that. */
export function boundsOf(load: Load): Bound[] {
  const calls = callsOf(load);
  const perWorkspace = (calls / apis) * apisOfTheWorkspace;
  return [
    {
      name: 'GetWorkspaceAgentByID',
      bound: 0,
      arithmetic: `${count(calls)} before, one for each call; 0 after connect`,
      source: '4,000+ a second -> 0 after connect (reported)',
    },
    {
      name: 'GetWorkspaceByAgentID',
      bound: 0,
      arithmetic: `${count(perWorkspace)} before, for three of the four APIs; 0 after connect`,
      source: 'no longer asked by the connection log (reported)',
    },
    {
      name: 'GetWorkspaceAgentByToken',
      bound: load.agents,
      arithmetic: `${count(load.agents)} connections x 1 read when it is set up, before and after`,
      source: 'one read per connection',
    },
  ];
}

/** A killed replica held about one in R connections; each of these agents sets up one more. */
export const reconnectsOf = ({ agents }: Load, replicas: number): number => Math.ceil(agents / replicas);

export function planAgentIdentity(options: RunOptions): Plan {
  const load = loadOf(options);
  const bounds = boundsOf(load);
  const phases = Number(options.before) + Number(options.after);
  const killed = `limit: a killed replica costs at most ${reconnectsOf(load, options.replicas)} reads = ceil(${load.agents} agents / ${options.replicas} replicas)`;
  return {
    scale: scaleOf(load),
    bounds: [
      ...bounds.map(({ name, bound, arithmetic }) => `${name}: at most ${count(bound)} (${arithmetic})`),
      ...(options.after && options.replicas > 1 ? [killed] : []),
    ],
    rows: bounds.map(({ name, bound, source }) => ({ name, bound, source })),
    loadMs: load.durationMs * phases + (options.after ? probesMs : 0),
  };
}

/** The load of the probes is short: 3 s around a killed replica, and one period each to look at the fallback. */
export const killProbe = ({ agents, everyMs }: Load): Load => ({
  agents,
  everyMs,
  durationMs: Math.max(3 * everyMs, 3_000),
});
export const fallbackProbe = ({ agents, everyMs }: Load): Load => ({ agents, everyMs, durationMs: everyMs });
const probesMs = 5_000;

export function scaleOf({ agents, everyMs, durationMs }: Load): string {
  const perSecond = (agents * apis * 1_000) / everyMs;
  return [
    `open loop, ${agents} agents x ${apis} APIs every ${everyMs / 1_000} s = ${count(perSecond)} calls/s for ${durationMs / 1_000} s`,
    `load 1:${full.agents / agents} (source ${count(full.agents)}+ agents, ${count(full.agents * apis)}+ queries/s)`,
    'time 1:1',
  ].join(', ');
}

const count = (value: number): string => value.toLocaleString('en');
