import { createHash } from 'node:crypto';
import { createKeyed } from '@corral/db-pool/keyed';
import { Agent, type Dispatcher } from 'undici';

/** Where the language model and the knowledge base are, and whom to trust there. */
export interface UpstreamAddresses {
  llmUrl: string;
  knowledgeBaseUrl: string;
  ca: string;
}

export interface Completion {
  apiKey: string;
  answerMs: number;
  /** The tool that the model asks for, and where its result goes. */
  tool?: { id: string; replyTo: string; resultUrl: string };
  /** Makes the model fail, to see who notices. */
  fail?: boolean;
}

/** How a turn calls the language model and the knowledge base. */
export interface Upstreams {
  complete(completion: Completion): Promise<{ tokens: number }>;
  search(query: string): Promise<{ passages: string[] }>;
  stats(): Record<string, unknown>;
  close(): Promise<void>;
}

/** Before: a client for each call, as `new Client(apiKey)` in the middle of a handler makes it. Nobody ends it. */
export function clientsPerCall({ llmUrl, knowledgeBaseUrl, ca }: UpstreamAddresses): Upstreams {
  const newClient = (): Agent => new Agent({ connect: { ca } });
  return {
    complete: ({ apiKey, ...body }) => post(newClient(), llmUrl, body, apiKey),
    search: (query) => post(newClient(), knowledgeBaseUrl, { query }),
    stats: () => ({}),
    close: async () => {},
  };
}

/** At most so many connections to one base URL, from one process. */
export const maxConnections = 200;

/** After: one client for each API key and base URL, over connections that belong to the base URL and stay open. */
export function keyedClients({ llmUrl, knowledgeBaseUrl, ca }: UpstreamAddresses): Upstreams {
  const agents = createKeyed<string, Agent>({
    key: (baseUrl) => new URL(baseUrl).origin,
    create: () => new Agent({ connections: maxConnections, keepAliveTimeout: 60_000, connect: { ca } }),
    dispose: (agent) => agent.destroy(),
  });
  const clients = createKeyed({
    key: ({ apiKey, baseUrl }: { apiKey: string; baseUrl: string }) =>
      `${createHash('sha256').update(apiKey).digest('base64url')} ${baseUrl}`,
    create: async ({ apiKey, baseUrl }) => {
      const { client: agent, release } = await agents.lease(baseUrl);
      return { complete: (body: object) => post<{ tokens: number }>(agent, baseUrl, body, apiKey), release };
    },
    dispose: ({ release }) => release(),
  });
  return {
    complete: ({ apiKey, ...body }) => clients.use({ apiKey, baseUrl: llmUrl }, (client) => client.complete(body)),
    search: (query) => agents.use(knowledgeBaseUrl, (agent) => post(agent, knowledgeBaseUrl, { query })),
    stats: () => ({ clients: clients.stats(), agents: agents.stats() }),
    close: async () => {
      await clients.close();
      await agents.close();
    },
  };
}

async function post<Answer>(client: Dispatcher, url: string, body: object, apiKey?: string): Promise<Answer> {
  const { origin, pathname } = new URL(url);
  const headers = {
    'content-type': 'application/json',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const answer = await client.request({ origin, path: pathname, method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    throw new Error(`${pathname} answered ${answer.statusCode}`);
  }
  return (await answer.body.json()) as Answer;
}
