import type { ReplicaSet } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import type { RowName } from './plan.ts';
import type { Place } from './workers.ts';

/** What a part is looked at with. */
export interface Look {
  name: 'before' | 'after';
  /** The workers that have just served the phase. */
  workers: ReplicaSet;
  place: Place;
  stage: Stage;
}

/** What was seen before and after; undefined where that was not run. */
export interface Seen<What> {
  before: What | undefined;
  after: What | undefined;
}

/** One row of the story's table: looked at in the same way before and after. */
export interface Part<What> {
  name: string;
  /** Without Redis there is nothing to look at. */
  needsRedis?: boolean;
  look(look: Look): Promise<What>;
  /** Figures for the rows of the plan. */
  figures?(what: What): Partial<Record<RowName, number>>;
  /** What has to hold, once both have been looked at. */
  check?(seen: Seen<What>): Check | undefined;
}
