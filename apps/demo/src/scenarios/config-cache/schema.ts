/** The tables of the chat service, with as much in them as the three hot questions need. */
export const schema = `
  CREATE TABLE chat_providers (
    id       int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL,
    enabled  boolean NOT NULL DEFAULT true,
    options  jsonb NOT NULL DEFAULT '{}'
  );
  CREATE TABLE chat_model_configs (
    id           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id  int NOT NULL REFERENCES chat_providers ON DELETE CASCADE,
    model        text NOT NULL,
    options      jsonb NOT NULL DEFAULT '{}'
  );
  CREATE TABLE chat_user_prompts (
    user_id  int PRIMARY KEY,
    prompt   text NOT NULL
  );
  INSERT INTO chat_providers (name, options)
    SELECT 'provider-' || n, jsonb_build_object('revision', 0, 'headers', jsonb_build_object('x-team', 'chat'))
    FROM generate_series(1, 3) AS n;
  INSERT INTO chat_model_configs (provider_id, model, options)
    VALUES (1, 'model-a', '{"revision": 0, "temperature": 0.7, "tools": ["search", "files"]}');
`;

/** Every statement of the scenario. The first three are the hot ones; a user without a prompt is the common case. */
export const statements = {
  GetEnabledChatProviders: 'SELECT id, name, options FROM chat_providers WHERE enabled ORDER BY id',
  GetChatModelConfigByID: 'SELECT id, provider_id, model, options FROM chat_model_configs WHERE id = $1',
  GetUserChatCustomPrompt: 'SELECT user_id, prompt FROM chat_user_prompts WHERE user_id = $1',
  InsertChatProvider: 'INSERT INTO chat_providers (name, options) VALUES ($1, $2) RETURNING id',
  UpdateChatProvider: 'UPDATE chat_providers SET options = $2 WHERE id = $1 RETURNING id',
  DeleteChatProvider: 'DELETE FROM chat_providers WHERE id = $1 RETURNING id',
  InsertChatModelConfig:
    'INSERT INTO chat_model_configs (provider_id, model, options) VALUES ($1, $2, $3) RETURNING id',
  UpdateChatModelConfig: 'UPDATE chat_model_configs SET options = $2 WHERE id = $1 RETURNING id',
  DeleteChatModelConfig: 'DELETE FROM chat_model_configs WHERE id = $1 RETURNING id',
  PutUserChatCustomPrompt:
    'INSERT INTO chat_user_prompts (user_id, prompt) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET prompt = excluded.prompt RETURNING user_id',
};

export type StatementName = keyof typeof statements;

export interface ChatProvider {
  id: number;
  name: string;
  options: Record<string, unknown>;
}

export interface ChatModelConfig {
  id: number;
  provider_id: number;
  model: string;
  options: Record<string, unknown>;
}

export interface UserPrompt {
  user_id: number;
  prompt: string;
}
