import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, type Stage } from '../src/run/stage.ts';
import type { Part } from '../src/scenarios/ten-thousand-sessions/part.ts';
import type { Load } from '../src/scenarios/ten-thousand-sessions/plan.ts';
import { corsOfAnyOrigin } from '../src/scenarios/ten-thousand-sessions/probes/cors.ts';
import { failuresInATurn, killedWhileIdle } from '../src/scenarios/ten-thousand-sessions/probes/failures.ts';
import { pendingToolCalls } from '../src/scenarios/ten-thousand-sessions/probes/pending-tools.ts';
import { sharedTransaction } from '../src/scenarios/ten-thousand-sessions/probes/transaction.ts';
import { createReuseIndex, schema } from '../src/scenarios/ten-thousand-sessions/schema.ts';
import { checkSessions, runSessions } from '../src/scenarios/ten-thousand-sessions/sessions.ts';
import { startUpstream, withWorkers, type Upstream } from '../src/scenarios/ten-thousand-sessions/workers.ts';
import { witnessesAgree } from '../src/run/phase.ts';

const load: Load = { sessions: 60, perSecond: 40, durationMs: 1_000, answerMs: 50, waitMs: 3_000, apps: 5 };

/** Those that take a moment only. */
const parts: Part<unknown>[] = [killedWhileIdle, pendingToolCalls, failuresInATurn, corsOfAnyOrigin, sharedTransaction];

let stage: Stage;
let upstream: Upstream;
beforeAll(async () => {
  stage = await openStage();
  await stage.admin.query(schema(load.apps));
  await stage.admin.query(createReuseIndex);
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream?.close();
  await stage?.close();
});

it('holds every session and serves every turn while Redis is killed, and asks once for the organisation of each app', async () => {
  const place = { load, databaseUrl: stage.databaseUrl, redisUrl: (await stage.redis()).url, upstream };

  let killed: Promise<string> | undefined;

  await withWorkers('after', 2, place, async (workers) => {
    const phase = await runSessions('after', workers, load, stage, {
      progress: () => {},
      offer: (switches) => void (killed ??= switches['kill-redis']?.()),
    });

    expect(await killed).toBe('Redis was dead for 3 s');
    expect(phase).toMatchObject({ requests: 40, errors: 0, chaos: ['Redis killed', 'Redis back, empty'] });
    expect(checkSessions(phase, load)).toMatchObject({ ok: true });
    expect(witnessesAgree(phase)).toBe(true);
    expect(phase.counts['GetOrgByApp']!.server).toBeLessThanOrEqual(5 * 2);
    expect((await upstream.counts()).llm).toMatchObject({ requests: 40 });
    for (const part of parts) {
      const after = await part.look({ name: 'after', workers, place, stage });
      expect(part.check?.({ before: undefined, after })).toMatchObject({ ok: true });
    }
  });
});
