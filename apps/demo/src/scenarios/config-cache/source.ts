export type HotStatement = 'GetEnabledChatProviders' | 'GetChatModelConfigByID' | 'GetUserChatCustomPrompt';

/** The source's own figures. It calls none of them measured; the "after" figures read as estimates. */
export const source: Record<HotStatement, { text: string; minReduction: number }> = {
  GetEnabledChatProviders: { text: '98.6k -> ~500-1000, ~99 % (estimated)', minReduction: 0.99 },
  GetChatModelConfigByID: { text: '49.2k -> ~500-1000, ~98 % (estimated)', minReduction: 0.98 },
  GetUserChatCustomPrompt: { text: '46.7k -> ~1000-2000, ~97 % (estimated, one user)', minReduction: 0.97 },
};
