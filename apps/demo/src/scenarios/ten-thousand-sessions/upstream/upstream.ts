import { generate } from 'selfsigned';
import { Agent } from 'undici';
import type { BuildReplica } from '../../../replica/contract.ts';
import type { Completion, UpstreamAddresses } from '../app/upstreams.ts';
import { startTlsStub, type TlsCounts } from './tls-stub.ts';

export interface UpstreamCounts {
  llm: TlsCounts;
  knowledgeBase: TlsCounts;
}

/** How long the knowledge base and the tool on the device take, milliseconds. */
const quickMs = 5;

/**
 * The outside world in a process of its own: a language model, a knowledge base, and the devices that run tools and
 * deliver the results to any worker. The certificate is made at start and lives as long as the process.
 */
export const buildUpstream: BuildReplica<object> = async () => {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  const devices = new Agent();

  const runTool = async ({ id, replyTo, resultUrl }: NonNullable<Completion['tool']>): Promise<void> => {
    const { origin, pathname } = new URL(resultUrl);
    const body = JSON.stringify({ id, replyTo, result: 'done' });
    const headers = { 'content-type': 'application/json' };
    const answer = await devices.request({ origin, path: pathname, method: 'POST', headers, body });
    await answer.body.dump();
  };
  const llm = await startTlsStub({ key, cert }, '/v1/chat', ({ answerMs, tool, fail }: Completion) => {
    if (fail) return { status: 500, body: { error: 'overloaded' }, afterMs: 0 };
    // The worker that waits reports a result that never came.
    if (tool !== undefined) setTimeout(() => void runTool(tool).catch(() => {}), answerMs);
    return { status: 200, body: { tokens: 100 }, afterMs: answerMs };
  });
  const search = () => ({ status: 200, body: { passages: ['one', 'two'] }, afterMs: quickMs });
  const knowledgeBase = await startTlsStub({ key, cert }, '/search', search);

  return {
    counts: () => ({}),
    stats: () => ({}),
    commands: {
      addresses: (): UpstreamAddresses => ({ llmUrl: llm.url, knowledgeBaseUrl: knowledgeBase.url, ca: cert }),
      counts: (): UpstreamCounts => ({ llm: llm.counts(), knowledgeBase: knowledgeBase.counts() }),
      reset: () => {
        llm.reset();
        knowledgeBase.reset();
      },
    },
    close: async () => {
      await devices.destroy();
      await Promise.all([llm.close(), knowledgeBase.close()]);
    },
  };
};
