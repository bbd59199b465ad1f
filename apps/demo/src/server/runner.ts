import type { LiveStore } from './live-store.ts';
import type { ReplicaStats, Sample, ThrowSwitch } from '../run/live.ts';
import type { ScenarioResult } from '../run/result.ts';
import type { Stage } from '../run/stage.ts';
import type { RunOptions, Scenario } from '../scenarios/scenario.ts';
import { planView, verdictOf } from './initial-snapshot.ts';

/** Runs one scenario at a time on behalf of the page. */
export interface Runner {
  /** Starts a run. @throws {BusyError} Another one is running. */
  start(scenario: Scenario, options: RunOptions): void;
  /** Stops the run, and resolves when all that it started has ended. */
  stop(reason: string): Promise<void>;
  /** Throws a switch of the running scenario; false when it is not offered now. */
  throwSwitch(id: string): boolean;
  /** Of the running replicas; none between the phases. */
  stats(): Promise<ReplicaStats[]>;
  /** The last result of each scenario that was run to its end. */
  results(): ScenarioResult[];
  /** The servers of the runs, by name and version. */
  servers(): Record<string, string>;
  /** Resolves when nothing runs any more. */
  readonly idle: Promise<void>;
}

/** A second run was asked for; the message names the one that goes on. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

export interface RunnerParts {
  store: LiveStore;
  openStage(): Promise<Stage>;
  /** Ends the processes of the run. */
  endChildren(reason: Error): Promise<void>;
}

/** Nothing runs at first. What a run shows goes into `store`. */
export function createRunner({ store, openStage, endChildren }: RunnerParts): Runner {
  const results = new Map<string, ScenarioResult>();
  let running: { id: string; stopped: AbortController; done: Promise<void> } | undefined;
  let servers: Record<string, string> = {};
  let switches: Record<string, ThrowSwitch> = {};
  let readStats: (() => Promise<ReplicaStats[]>) | undefined;

  const run = async (scenario: Scenario, options: RunOptions, signal: AbortSignal): Promise<void> => {
    const { id } = scenario;
    store.change({ type: 'run-started', scenario: id, plan: planView(scenario, options) });
    let stage: Stage | undefined;
    try {
      stage = await openStage();
      signal.throwIfAborted();
      const reporter = {
        progress: (text: string) => store.change({ type: 'progress', text }),
        sample: (sample: Sample) => store.change({ type: 'sample', scenario: id, sample }),
        offer: (offered: Record<string, ThrowSwitch>) => {
          switches = offered;
          store.change({ type: 'offered', ids: Object.keys(offered) });
        },
        serving: (read: typeof readStats) => void (readStats = read),
      };
      const result = await scenario.run(options, stage, reporter, signal);
      servers = { ...servers, ...(await stage.versions()) };
      results.set(id, result);
      store.change({ type: 'run-ended', scenario: id, verdict: verdictOf(result) });
    } catch (error) {
      const failure = signal.aborted ? 'stopped' : (error as Error).message;
      store.change({ type: 'run-ended', scenario: id, failure });
    } finally {
      switches = {};
      readStats = undefined;
      await stage?.close().catch((error: unknown) => {
        store.change({ type: 'message', scenario: id, text: `the servers: ${(error as Error).message}` });
      });
      running = undefined;
    }
  };

  return {
    start: (scenario, options) => {
      if (running !== undefined) throw new BusyError(`${running.id} is running: stop it first`);
      const stopped = new AbortController();
      const started = { id: scenario.id, stopped, done: Promise.resolve() };
      running = started;
      started.done = run(scenario, options, stopped.signal);
    },
    stop: async (text) => {
      if (running === undefined) return;
      const { stopped, done } = running;
      const reason = new Error(text);
      stopped.abort(reason);
      await endChildren(reason);
      await done;
    },
    throwSwitch: (id) => {
      const [throwIt, scenario] = [switches[id], running?.id];
      if (throwIt === undefined || scenario === undefined) return false;
      const tell = (text: string): void => store.change({ type: 'message', scenario, text });
      throwIt().then(tell, (error: unknown) => tell(`${id} failed: ${(error as Error).message}`));
      return true;
    },
    stats: async () => (await readStats?.().catch(() => [])) ?? [],
    results: () => [...results.values()],
    servers: () => servers,
    get idle() {
      return running?.done ?? Promise.resolve();
    },
  };
}
