import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Statements } from '../../db/statements.ts';
import type { ConfigSource } from './config-source.ts';
import type { StatementName } from './schema.ts';

/** Tells every replica what has changed; does nothing where there is no cache. */
export interface ChangePublisher {
  providers(): Promise<void>;
  modelConfig(id: number): Promise<void>;
  userPrompt(userId: number): Promise<void>;
}

/** A chat turn: two reads of the providers, one of the model, one of the prompt, and the model's answer. */
export function addChatRoutes(app: FastifyInstance, config: ConfigSource): void {
  app.post<{ Body: { userId: number; answerMs: number } }>('/chats/turns', async ({ body }) => {
    const allowed = await config.enabledProviders();
    const model = await config.modelConfig(1);
    const prompt = await config.userPrompt(body.userId);
    await delay(body.answerMs); // the language model's answer, in both phases
    const fallbacks = await config.enabledProviders();
    return {
      model: model?.model,
      custom: prompt !== undefined,
      providers: allowed.length,
      fallbacks: fallbacks.length,
    };
  });

  /** What this replica would use now: for the probes, through the same source as a turn. */
  app.get<{ Querystring: { userId?: string } }>('/config', async ({ query }) => ({
    providers: await config.enabledProviders(),
    model: await config.modelConfig(1),
    prompt: await config.userPrompt(Number(query.userId ?? 1)),
  }));
  app.get<{ Params: { id: string } }>('/config/models/:id', ({ params }) => config.modelConfig(Number(params.id)));
}

/** The seven admin routes, each with its publish point behind the commit. */
export function addAdminRoutes(app: FastifyInstance, db: Statements<StatementName>, publish: ChangePublisher): void {
  type Options = { Params: { id: string }; Body: { options: object } };

  app.post<{ Body: { name: string; options: object } }>('/admin/providers', async ({ body }) => {
    const [created] = await db.run<{ id: number }>('InsertChatProvider', [body.name, body.options]);
    await publish.providers();
    return created;
  });
  app.put<Options>('/admin/providers/:id', async ({ params, body }) => {
    await db.run('UpdateChatProvider', [params.id, body.options]);
    await publish.providers();
    return { id: Number(params.id) };
  });
  app.delete<Options>('/admin/providers/:id', async ({ params }) => {
    await db.run('DeleteChatProvider', [params.id]);
    await publish.providers();
    return { id: Number(params.id) };
  });

  app.post<{ Body: { providerId: number; model: string; options: object } }>('/admin/models', async ({ body }) => {
    const [created] = await db.run<{ id: number }>('InsertChatModelConfig', [
      body.providerId,
      body.model,
      body.options,
    ]);
    await publish.modelConfig(created!.id);
    return created;
  });
  app.put<Options>('/admin/models/:id', async ({ params, body }) => {
    await db.run('UpdateChatModelConfig', [params.id, body.options]);
    await publish.modelConfig(Number(params.id));
    return { id: Number(params.id) };
  });
  app.delete<Options>('/admin/models/:id', async ({ params }) => {
    await db.run('DeleteChatModelConfig', [params.id]);
    await publish.modelConfig(Number(params.id));
    return { id: Number(params.id) };
  });

  app.put<{ Params: { id: string }; Body: { prompt: string } }>('/users/:id/prompt', async ({ params, body }) => {
    await db.run('PutUserChatCustomPrompt', [params.id, body.prompt]);
    await publish.userPrompt(Number(params.id));
    return { userId: Number(params.id) };
  });
}
