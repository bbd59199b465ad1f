import type { FastifyInstance } from 'fastify';
import type { LiveStore, Update } from './live-store.ts';

const heartbeatMs = 10_000;
/** A reader that is this far behind is cut off; it comes back and gets a snapshot. */
const maxBehindBytes = 4 * 2 ** 20;

/** Server-sent events: a snapshot on connect, then changes; a reader that reconnects gets a snapshot again. */
export function addEvents(app: FastifyInstance, store: LiveStore): void {
  app.get('/events', { exposeHeadRoute: false }, (_request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write('retry: 500\n\n');
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
    const unsubscribe = store.subscribe((update) => {
      raw.write(eventText(update));
      if (raw.writableLength > maxBehindBytes) raw.destroy();
    });
    raw.on('close', () => {
      clearInterval(heartbeat);
      unsubscribe();
    });
  });
}

/** One event; JSON has no line breaks of its own, so one data line is enough. */
function eventText(update: Update): string {
  const [event, data] = 'snapshot' in update ? ['snapshot', update.snapshot] : ['changes', update.changes];
  return `id: ${update.id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
