import { agentIdentity } from './agent-identity/index.ts';
import { cacheAside } from './cache-aside/index.ts';
import { configCache } from './config-cache/index.ts';
import { responseCache } from './response-cache/index.ts';
import type { Scenario } from './scenario.ts';
import { tenThousandSessions } from './ten-thousand-sessions/index.ts';

/** All scenarios, in the order in which they are told. */
export const scenarios: readonly Scenario[] = [
  configCache,
  agentIdentity,
  cacheAside,
  responseCache,
  tenThousandSessions,
];
