import type { Point, ReplicaView, Sample, Switch } from '../src/run/live.ts';
import type { Check, Phase, Row, Status } from '../src/run/result.ts';

export type { Check, Phase, Point, ReplicaView, Row, Sample, Status, Switch };

/** All that the page knows. The server sends one whole, and then what changes in it. */
export interface Snapshot {
  /** A new one with each start of the server. */
  session: string;
  /** The scenario that runs now. */
  running: string | undefined;
  /** What it does at the moment, in words. */
  progress: string;
  /** The switches that work now. */
  offered: string[];
  scenarios: ScenarioView[];
}

export interface ScenarioView {
  id: string;
  title: string;
  story: string;
  sources: { label: string; url: string }[];
  headline?: { title: string; row: string; live?: 'errors' };
  knobs: string[];
  switches: Switch[];
  code: { before: CodeView; after: CodeView } | undefined;
  plan: PlanView;
  /** The last run of each composition; those of another plan are dropped. */
  phases: PhaseView[];
  replicas: ReplicaView[];
  verdict: Verdict | undefined;
  /** Why the last run gave no verdict. */
  failure: string | undefined;
  /** What the switches did, the latest last. */
  messages: string[];
}

export interface CodeView {
  file: string;
  text: string;
}

export interface PlanView {
  /** The same for two phases that may be compared. */
  key: string;
  scale: string;
  bounds: string[];
  rows: Pick<Row, 'name' | 'bound' | 'source'>[];
  loadMs: number;
}

export interface Verdict {
  status: Status;
  countedBy: string;
  rows: Row[];
  checks: Check[];
  notes: string[];
  skipped: string[];
}

export interface PhaseView {
  name: string;
  plannedMs: number;
  offered: number;
  countedBy: string;
  points: Point[];
  events: { atMs: number; label: string }[];
  result: Phase | undefined;
}

/** One thing that has happened. */
export type Change =
  | { type: 'run-started'; scenario: string; plan: PlanView }
  | { type: 'run-ended'; scenario: string; verdict?: Verdict; failure?: string }
  | { type: 'progress'; text: string }
  | { type: 'offered'; ids: string[] }
  | { type: 'message'; scenario: string; text: string }
  | { type: 'sample'; scenario: string; sample: Sample };
