import { request } from 'undici';
import type { Replica } from '../../run/replicas.ts';

export interface SeenModel {
  options: { revision?: number; temperature?: number };
}

export interface SeenConfig {
  providers: { id: number; options: { revision?: number } }[];
  model?: SeenModel;
  prompt?: { prompt: string };
}

/** What `replica` would use for a turn of that user now. */
export const configSeenBy = (replica: Replica, userId = 1): Promise<SeenConfig> =>
  get<SeenConfig>(replica, `/config?userId=${userId}`);

/** The model config that `replica` would use now. */
export const modelSeenBy = (replica: Replica): Promise<SeenModel> => get<SeenModel>(replica, '/config/models/1');

/** Changes a provider through the admin route of `replica`. */
export const editProvider = (replica: Replica, revision: number): Promise<void> =>
  put(replica, '/admin/providers/1', { options: { revision } });

/** Changes the model config through the admin route of `replica`. */
export const editModel = (replica: Replica, revision: number): Promise<void> =>
  put(replica, '/admin/models/1', { options: { revision, temperature: 0.7 } });

/** Sets user 1's prompt through the admin route of `replica`. */
export const putPrompt = (replica: Replica, prompt: string): Promise<void> =>
  put(replica, '/users/1/prompt', { prompt });

async function get<Seen>({ port }: Replica, path: string): Promise<Seen> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`);
  if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode} ${await body.text()}`);
  return (await body.json()) as Seen;
}

async function put({ port }: Replica, path: string, content: object): Promise<void> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(content),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`PUT ${path}: ${statusCode} ${text}`);
}
