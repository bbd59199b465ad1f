import type { FastifyInstance } from 'fastify';

/** What a replica is told when it starts. */
export interface ReplicaStart<Settings = unknown> {
  scenario: string;
  /** What is composed: the only difference between two phases. */
  composition: string;
  /** 0, 1, 2, ... */
  index: number;
  databaseUrl: string;
  redisUrl?: string | undefined;
  settings: Settings;
}

/** What a scenario puts into a replica. */
export interface ReplicaPart {
  /** Calls of each named statement, as the app counted them. */
  counts(): Record<string, number>;
  /** The packages' own statistics. */
  stats(): Record<string, unknown>;
  /** Requests of the supervisor beyond HTTP, e.g. chaos. */
  commands?: Record<string, (payload: never) => unknown>;
  close(): Promise<void>;
}

/** Adds the scenario's routes to `app` and builds what they share. */
export type BuildReplica<Settings> = (app: FastifyInstance, start: ReplicaStart<Settings>) => Promise<ReplicaPart>;
