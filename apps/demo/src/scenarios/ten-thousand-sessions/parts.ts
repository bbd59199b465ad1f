import type { Part } from './part.ts';
import { burstOfTurns } from './probes/burst.ts';
import { capacity } from './probes/capacity.ts';
import { corsOfAnyOrigin } from './probes/cors.ts';
import { expiryTask } from './probes/expiry.ts';
import { failuresInATurn, killedWhileIdle } from './probes/failures.ts';
import { floodedLimit } from './probes/flood.ts';
import { lifecycle } from './probes/lifecycle.ts';
import { pendingToolCalls } from './probes/pending-tools.ts';
import { sessionLookup } from './probes/session-lookup.ts';
import { startWithoutRedis } from './probes/start-up.ts';
import { sharedTransaction } from './probes/transaction.ts';
import { llmHandshakes, searchConnections } from './probes/upstream-calls.ts';

/** The rows of the story's table, in the order in which they are looked at; app -> org is counted under load. */
export const parts: readonly Part<unknown>[] = [
  burstOfTurns,
  killedWhileIdle,
  capacity,
  llmHandshakes,
  searchConnections,
  pendingToolCalls,
  floodedLimit,
  expiryTask,
  startWithoutRedis,
  lifecycle,
  sessionLookup,
  corsOfAnyOrigin,
  sharedTransaction,
  failuresInATurn,
];
