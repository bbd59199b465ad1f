import type { ScenarioResult } from '../run/result.ts';
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
  /** Scenario 1: chats are spread over this many users. */
  users: number;
  /** Scenario 1: how many chats, instead of those of the size. */
  chats?: number;
}

/** What is going to happen, before it happens. */
export interface Plan {
  /** Every scaled quantity, in words. */
  scale: string;
  /** Lines that say what is predicted, with the arithmetic. */
  bounds: string[];
  /** How long the load takes, milliseconds. */
  loadMs: number;
}

/** What a scenario tells while it runs. */
export interface Reporter {
  /** A line that replaces the one before it. */
  progress(text: string): void;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** The production story, in one sentence. */
  readonly story: string;
  plan(options: RunOptions): Plan;
  run(options: RunOptions, stage: Stage, reporter: Reporter, signal: AbortSignal): Promise<ScenarioResult>;
}
