import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('ends a process whose parent is gone, though it is talking and cannot close what it holds', async () => {
  const script = fileURLToPath(new URL('../../tests/support/stuck-child.ts', import.meta.url));
  const child = fork(script, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = once(child, 'exit');
  await once(child, 'message');

  child.disconnect();

  expect(await ended).toEqual([0, null]);
});
