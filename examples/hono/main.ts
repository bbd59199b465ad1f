// Hono, or anything that takes a Request and gives a Response: Deno, Bun, workers.
import { formatEtag } from '@corral/etag';
import { conditional } from '@corral/etag/web';
import { createRateLimiter, rateLimitHeaders, rateLimitProblem } from '@corral/rate-limit';
import { Hono } from 'hono';

const note = { text: 'buy milk', version: 1 };
const limiter = createRateLimiter({ rules: { limit: 4, windowMs: 60_000 } });
const app = new Hono();

app.use(async (c, next) => {
  const decision = await limiter.consume(c.req.header('x-api-key') ?? 'anonymous');
  for (const [name, value] of Object.entries(rateLimitHeaders(decision, limiter.rules))) c.header(name, value);
  if (decision.allowed) return next();
  return c.body(JSON.stringify(rateLimitProblem(decision)), 429, { 'content-type': 'application/problem+json' });
});

// A strong tag, so that If-Match can guard the write.
const current = () => ({ etag: formatEtag(String(note.version)) });

app.get('/note', (c) => conditional(c.req.raw, () => c.json({ text: note.text }), { current }));
app.put('/note', (c) =>
  conditional(
    c.req.raw,
    async () => {
      note.text = await c.req.text();
      note.version++;
      return c.json({ text: note.text });
    },
    { current }, // 412 before the write if somebody else was faster
  ),
);

// What two clients see that edit the same note.
const read = await app.request('/note');
const ifMatch = { 'if-match': read.headers.get('etag')! };
const hers = await app.request('/note', { method: 'PUT', body: 'buy tea', headers: ifMatch });
const his = await app.request('/note', { method: 'PUT', body: 'buy coffee', headers: ifMatch });
const now = await app.request('/note');
console.log(`hers: ${hers.status}, his: ${his.status}, the note: ${await now.text()}`);
const tooMany = await app.request('/note');
console.log(`too many: ${tooMany.status} ${tooMany.headers.get('content-type')}`);
await limiter.close();
