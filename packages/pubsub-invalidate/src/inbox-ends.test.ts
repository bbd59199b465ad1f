import { afterEach, expect, it } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import { createInbox } from './inbox.ts';
import { memoryTransport } from './memory.ts';

let bus: Bus;
afterEach(() => bus.close());

it('a check that never answers keeps its place only as long as somebody waits for it', async () => {
  bus = createBus({ transport: memoryTransport(), namespace: 'tools' });
  const waiting = createInbox<string>({ bus, name: 'results' });
  const controller = new AbortController();
  const hung = Array.from({ length: 16 }, (_, i) =>
    waiting.waitFor(`hung ${i}`, { signal: controller.signal, check: () => new Promise(() => {}) }),
  );
  const next = waiting.waitFor('next', { check: async () => 'found' });
  controller.abort(new Error('left'));
  await Promise.allSettled(hung);
  expect(await next).toBe('found');
});

it('ready() rejects once the inbox is closed', async () => {
  bus = createBus({ transport: memoryTransport(), namespace: 'tools' });
  const inbox = createInbox({ bus, name: 'x' });
  const waiting = inbox.ready();
  await inbox.close();
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' });
  await expect(inbox.ready()).rejects.toMatchObject({ code: 'ERR_INBOX_CLOSED' });
});
