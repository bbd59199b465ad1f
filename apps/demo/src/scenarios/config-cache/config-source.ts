import type { Statements } from '../../db/statements.ts';
import type { ChatModelConfig, ChatProvider, StatementName, UserPrompt } from './schema.ts';

/** The three questions of every chat turn. */
export interface ConfigSource {
  enabledProviders(): Promise<ChatProvider[]>;
  modelConfig(id: number): Promise<ChatModelConfig | undefined>;
  userPrompt(userId: number): Promise<UserPrompt | undefined>;
}

/** Before: every question goes to Postgres. */
export function configFromDatabase(db: Statements<StatementName>): ConfigSource {
  const first = async <Row>(rows: Promise<Row[]>): Promise<Row | undefined> => (await rows)[0];
  return {
    enabledProviders: () => db.run<ChatProvider>('GetEnabledChatProviders'),
    modelConfig: (id) => first(db.run<ChatModelConfig>('GetChatModelConfigByID', [id])),
    userPrompt: (userId) => first(db.run<UserPrompt>('GetUserChatCustomPrompt', [userId])),
  };
}
