import type { Switch, ThrowSwitch } from '../run/live.ts';
import type { ReplicaSet } from '../run/replicas.ts';
import type { Phase } from '../run/result.ts';
import type { Reporter } from './scenario.ts';

/** What was done to a running phase from the page. */
export interface Chaos {
  readonly labels: string[];
  /** One of the two counts cannot be compared: a killed replica takes its own with it, Postgres counts no failed statement. */
  witnessLost: boolean;
  /** Postgres was killed, and forgot what it had counted. */
  serverForgot: boolean;
  note(label: string): void;
  /**
   * Breaks something for a while, one thing at a time: a second throw meanwhile gets the answer of the first. `work`
   * mends at once when its signal aborts.
   */
  run(work: (signal: AbortSignal) => Promise<string>): Promise<string>;
  /** Aborts when the phase is over. */
  readonly signal: AbortSignal;
  /** Resolves when nothing is broken any more. */
  settled(): Promise<void>;
  /** The phase is over, also when it was stopped: what is still broken is mended at once. */
  end(): Promise<void>;
}

/** Keeps a record of what is done to a phase, and tells it to the page. */
export function watchChaos({ sample }: Pick<Reporter, 'sample'>): Chaos {
  const labels: string[] = [];
  const over = new AbortController();
  let running: Promise<string> | undefined;
  const settled = async (): Promise<void> => {
    await running?.catch(() => {}); // who threw the switch is told
  };
  return {
    labels,
    witnessLost: false,
    serverForgot: false,
    note: (label) => {
      labels.push(label);
      sample?.({ kind: 'event', label });
    },
    run: (work) => (running ??= work(over.signal).finally(() => (running = undefined))),
    signal: over.signal,
    settled,
    end: async () => {
      over.abort(new Error('the phase is over'));
      await settled();
    },
  };
}

/** The phase, with what was done to it; everything is mended when this resolves. */
export async function withChaos<P extends Phase>(phase: P, chaos: Chaos): Promise<P> {
  await chaos.settled();
  const { labels, witnessLost, serverForgot } = chaos;
  if (labels.length === 0) return phase;
  const own = Object.entries(phase.counts).map(([name, { wrapper }]) => [name, { wrapper, server: wrapper }] as const);
  const counts = serverForgot ? Object.fromEntries(own) : phase.counts;
  return { ...phase, counts, chaos: labels, witnessLost, ...(serverForgot ? { serverForgot } : {}) };
}

export const killReplica: Switch = {
  id: 'kill-replica',
  label: 'Kill a replica',
  detail: 'SIGKILL; its clients go to another one until it is back, with nothing in its memory.',
};

/** Kills one replica after the other, at each throw the next. */
export function killReplicaSwitch(set: ReplicaSet, chaos: Chaos): ThrowSwitch {
  let victim = 0;
  const kill = async (): Promise<string> => {
    const index = ++victim % set.replicas.length;
    chaos.witnessLost = true;
    chaos.note(`replica ${index + 1} killed`);
    const startMs = performance.now();
    await set.restart(index);
    chaos.note(`replica ${index + 1} back`);
    return `replica ${index + 1} killed, and back after ${Math.round(performance.now() - startMs)} ms`;
  };
  return () => chaos.run(kill);
}
