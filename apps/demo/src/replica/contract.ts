import type { FastifyInstance } from 'fastify';

/** What a replica is told when it starts. */
export interface ReplicaStart<Settings = unknown> {
  scenario: string;
  /** What is composed: the only difference between two phases. */
  composition: string;
  /** 0, 1, 2, ... */
  index: number;
  /** Default: a free one. A replica that comes back takes its own. */
  port?: number;
  databaseUrl: string;
  redisUrl?: string | undefined;
  settings: Settings;
}

/** What a replica holds of the scenario's hot key now; looking changes nothing and asks the database nothing. */
export interface HeldValue {
  /** The value, in words. */
  seen: string;
  /** Milliseconds; absent when it is read from the database each time. */
  ageMs?: number;
  hits?: number;
  loads?: number;
}

/** What a scenario puts into a replica. */
export interface ReplicaPart {
  /** Calls of each named statement, as the app counted them. */
  counts(): Record<string, number>;
  /** The packages' own statistics. */
  stats(): Record<string, unknown>;
  /** For the page's table of replicas. */
  held?(): HeldValue;
  /** Requests of the supervisor beyond HTTP, e.g. chaos. */
  commands?: Record<string, (payload: never) => unknown>;
  close(): Promise<void>;
}

/** Adds the scenario's routes to `app` and builds what they share. */
export type BuildReplica<Settings> = (app: FastifyInstance, start: ReplicaStart<Settings>) => Promise<ReplicaPart>;
