import type { Excerpt, ReplicaStats, Sample, Switch, ThrowSwitch } from '../run/live.ts';
import type { Row, ScenarioResult } from '../run/result.ts';
import type { Stage } from '../run/stage.ts';

/** What the command line says, for every scenario. */
export interface RunOptions {
  /** Which phases to run. */
  before: boolean;
  after: boolean;
  /** `fast` for CI, `full` is the source's own load. */
  size: 'fast' | 'default' | 'full';
  seed: number;
  bus: 'postgres' | 'redis';
  replicas: number;
  /** Whether to try, after the loads, what is true beyond the counts. Default true. */
  probes?: boolean;
  /** Scenario 1: chats are spread over this many users. */
  users: number;
  /** Scenario 1: how many chats, instead of those of the size. */
  chats?: number;
  /** Scenario 1: turns of each chat, instead of those of the size. */
  turns?: number;
}

/** What runs when nothing else is asked for. */
export const defaultOptions: RunOptions = {
  before: true,
  after: true,
  size: 'default',
  seed: 1,
  bus: 'postgres',
  replicas: 3,
  users: 1,
};

/** What is going to happen, before it happens. */
export interface Plan {
  /** Every scaled quantity, in words. */
  scale: string;
  /** Lines that say what is predicted, with the arithmetic. */
  bounds: string[];
  /** The same bounds as numbers, so that the page can show them beside the running counts. */
  rows?: Pick<Row, 'name' | 'bound' | 'source'>[];
  /** How long the load takes, milliseconds. */
  loadMs: number;
}

/** What a scenario tells while it runs. */
export interface Reporter {
  /** A line that replaces the one before it. */
  progress(text: string): void;
  /** What is measured meanwhile, a few times a second. Absent where nobody draws it. */
  sample?(sample: Sample): void;
  /** The switches that work from now on, by id; they replace those offered before. */
  offer?(switches: Record<string, ThrowSwitch>): void;
  /** Where the packages' statistics of the running replicas can be read; `undefined` when they end. */
  serving?(stats: (() => Promise<ReplicaStats[]>) | undefined): void;
}

/** One row of the plan that says most. */
export interface Headline {
  title: string;
  row: string;
  /** What it counts while a phase runs: requests that failed. */
  live?: 'errors';
}

/** A link out of the demo, followed only by a reader's click. */
export interface SourceLink {
  label: string;
  url: string;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** The production story, in one sentence. */
  readonly story: string;
  /** Where the story is told by those who lived it, or their next of kin. */
  readonly sources?: readonly SourceLink[];
  /** What the page's large figures show. Default: the calls of the plan's statements. */
  readonly headline?: Headline;
  /** What the page may break or change while a phase runs. */
  readonly switches?: readonly Switch[];
  /** The code that makes the difference. */
  readonly code?: { before: Excerpt; after: Excerpt };
  /** Run options of its own that the page offers. */
  readonly knobs?: readonly ('replicas' | 'users')[];
  plan(options: RunOptions): Plan;
  run(options: RunOptions, stage: Stage, reporter: Reporter, signal: AbortSignal): Promise<ScenarioResult>;
}
