import type { Part } from './part.ts';
import { burstOfTurns } from './probes/burst.ts';
import { corsOfAnyOrigin } from './probes/cors.ts';
import { expiryTask } from './probes/expiry.ts';
import { floodedLimit } from './probes/flood.ts';
import { pendingToolCalls } from './probes/pending-tools.ts';
import { sessionLookup } from './probes/session-lookup.ts';
import { llmHandshakes, searchConnections } from './probes/upstream-calls.ts';

/** The rows of the story's table, in the order in which they are looked at. */
export const parts: readonly Part<unknown>[] = [
  burstOfTurns,
  llmHandshakes,
  searchConnections,
  pendingToolCalls,
  corsOfAnyOrigin,
  expiryTask,
  sessionLookup,
  floodedLimit,
];
