/** There is no such server here, and none can be fetched; the message says which command provides one. */
export class ServerMissingError extends Error {
  override readonly name = 'ServerMissingError';
  readonly code = 'ERR_SERVER_MISSING';
}
