import { command } from '../../../run/replicas.ts';
import type { Calls } from '../app/commands.ts';
import { maxConnections } from '../app/upstreams.ts';
import type { Part } from '../part.ts';
import { llmProbe, rowNames, searchProbe } from '../plan.ts';

interface Handshakes {
  full: number;
  resumed: number;
  cpuMs: number;
}

/** What the language model's own server counts when one worker calls it a thousand times. */
export const llmHandshakes: Part<Handshakes> = {
  name: 'TLS handshakes',
  look: async ({ workers, place: { upstream } }) => {
    await upstream.reset();
    const calls: Calls = { to: 'llm', count: llmProbe.calls, atOnce: llmProbe.atOnce };
    const cpuMs = await command<number>(workers.replicas[0]!, 'call', calls);
    const { full, resumed } = (await upstream.counts()).llm;
    return { full, resumed, cpuMs };
  },
  figures: ({ full }) => ({ [rowNames.handshakes]: full }),
  check: ({ before, after }) =>
    after && {
      name: 'a kept client saves the handshakes',
      ok: after.full + after.resumed <= maxConnections,
      detail:
        `${llmProbe.calls} calls, ${llmProbe.atOnce} at once, counted by the TLS server: ` +
        (before === undefined
          ? ''
          : `${before.full} full and ${before.resumed} resumed handshakes, ${seconds(before)}; `) +
        `after: ${after.full} full and ${after.resumed} resumed, ${seconds(after)}`,
    },
};

const seconds = ({ cpuMs }: Handshakes): string => `${(cpuMs / 1_000).toFixed(2)} s of processor time`;

/** How many connections the knowledge base has at once when that many requests come together. */
export const searchConnections: Part<number> = {
  name: 'connections to the knowledge base',
  look: async ({ workers, place: { upstream } }) => {
    await upstream.reset();
    const idle = (await upstream.counts()).knowledgeBase.open;
    const calls: Calls = { to: 'knowledge-base', count: searchProbe.calls, atOnce: searchProbe.atOnce };
    await command(workers.replicas[0]!, 'call', calls);
    const { knowledgeBase } = await upstream.counts();
    return knowledgeBase.mostOpen - idle;
  },
  figures: (most) => ({ [rowNames.searches]: most }),
};
