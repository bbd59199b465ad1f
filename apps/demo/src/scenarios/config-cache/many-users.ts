import { runPhase } from '../../run/phase.ts';
import { withReplicaSet } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { plannedMs, type Load } from './plan.ts';
import { replicaStart } from './replica-start.ts';
import type { ConfigCacheReplica } from './replica.ts';

/** A user for each chat, whose next turn comes after the prompt has expired. */
const load: Load = { chats: 100, turns: 2, users: 100, turnMs: 700, ttlMs: 1_000, promptTtlMs: 500 };

/** Where the cache does not help: every turn reads its user's prompt, as before. */
export async function checkManyUsers(stage: Stage, settings: ConfigCacheReplica, replicas: number): Promise<Check> {
  const { chats, turns, users, turnMs, ttlMs, promptTtlMs } = load;
  const start = await replicaStart('after', { ...settings, ttlMs, promptTtlMs }, stage);
  return withReplicaSet(replicas, start, async (set) => {
    const offered = chats * turns;
    const profile = { ...load, ports: set.ports, seed: 1 };
    const spec = { name: 'many users', type: 'chats', profile, offered, plannedMs: plannedMs(load) };
    const { counts } = await runPhase(stage, set, spec, () => {});
    const reads = counts['GetUserChatCustomPrompt']?.server ?? 0;
    return {
      name: 'limit: a user for each chat',
      ok: reads === offered,
      detail: `${users} users with turns ${turnMs} ms apart, prompts kept for ${promptTtlMs} ms: ${offered} turns, ${reads} prompt reads, ${Math.round((1 - reads / offered) * 100)} % saved`,
    };
  });
}
