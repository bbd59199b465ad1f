import { ServerMissingError } from '@corral-internal/test-kit/servers';

/** This machine lacks a program or a server; the message names the command that provides it. */
export class MissingError extends Error {
  override readonly name: string = 'MissingError';
}

/** Whether `error` says that something is missing, and how to get it. */
export const isMissing = (error: unknown): error is Error =>
  error instanceof MissingError || error instanceof ServerMissingError;
