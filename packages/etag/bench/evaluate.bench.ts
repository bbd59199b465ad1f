// What deciding and tagging cost in process: CPU time for one call (user and system), and bytes allocated.
import { hash } from 'node:crypto';
import { compare, type Comparison, type Figure, report } from '@corral-internal/bench-kit';
import etagPackage from 'etag';
import fresh from 'fresh';
import { etag as honoEtag } from 'hono/etag';
import { Hono } from 'hono';
import { H3, handleCacheHeaders } from 'h3';
import { defineCachedHandler } from 'ocache';
import { computeEtag, createRepresentation, evaluatePreconditions, parseHttpDate } from '../src/index.ts';
import { conditional, representationToResponse } from '../src/web.ts';
import { buildSmall } from './bodies.ts';
import { versions } from './versions.ts';

const etag = computeEtag('x');
const tags = Array.from({ length: 4 }, (_, index) => computeEtag(String(index)));
const one = { 'if-none-match': etag };
const five = { 'if-none-match': [...tags, etag].join(', ') };
const long = { 'if-none-match': Array.from({ length: 600 }, (_, index) => computeEtag(String(index))).join(', ') };
const many = { 'if-none-match': `${'"some-other-tag", '.repeat(58_000)}${etag}` };
const commas = { 'if-none-match': ','.repeat(2 ** 20) };
const current = { etag };
const response = { etag };

/** CPU time of this process, so that what else runs on the machine counts less. */
const clock = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
let sink = 0;
const times = (count: number, work: () => boolean) => (): void => {
  for (let index = 0; index < count; index++) if (work()) sink++;
};
const decide = (headers: Record<string, string>) => () => evaluatePreconditions('GET', headers, current).status === 304;
const pair = (name: string, headers: Record<string, string>, count: number): Promise<Comparison> =>
  compare({
    name,
    baseline: 'evaluatePreconditions',
    contenders: {
      evaluatePreconditions: times(count, decide(headers)),
      fresh: times(count, () => fresh(headers, response)),
    },
    operations: count,
    clock,
  });

const oneTag = await pair('If-None-Match with one tag that matches', one, 500_000);
const fiveTags = await pair('If-None-Match with five tags, the last matches', five, 200_000);
const longList = await pair('If-None-Match of 16 KB, nothing matches', long, 1_000);
const megabyte = await pair('If-None-Match of 1 MB of commas', commas, 5);
const manyTags = await pair('If-None-Match of 1 MB of tags, the last matches', many, 5);
const dates = await compare({
  name: 'An HTTP-date',
  baseline: 'parseHttpDate',
  contenders: {
    parseHttpDate: times(200_000, () => parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT') > 0),
    'Date.parse': times(200_000, () => Date.parse('Sun, 06 Nov 1994 08:49:37 GMT') > 0),
  },
  operations: 200_000,
  clock,
});

const text = JSON.stringify(buildSmall());
const bytes = Buffer.from(text);
const hashing = await compare({
  name: 'Tag of 32 KB',
  baseline: 'crypto.hash(sha256)',
  contenders: {
    'crypto.hash(sha256)': times(1_000, () => hash('sha256', bytes, 'base64url') !== ''),
    computeEtag: times(1_000, () => computeEtag(bytes) !== ''),
    'etag package': times(1_000, () => etagPackage(bytes) !== ''),
  },
  operations: 1_000,
  clock,
});

// From Request to Response, in process.
const made = await createRepresentation(text, { contentType: 'application/json', cacheControl: 'public, max-age=15' });
const hono = new Hono();
hono.use(honoEtag());
hono.get('/', (context) => context.body(text, 200, { 'content-type': 'application/json' }));
const h3 = new H3();
h3.get('/', (event) => (handleCacheHeaders(event, { etag: made.etag, maxAge: 15 }) ? '' : bytes));
const nitro = new H3();
nitro.get('/', defineCachedHandler(() => new Response(text), { maxAge: 3600 }) as never);
const url = 'http://bench/';

async function web(
  name: string,
  headersOf: (tag: string) => Record<string, string>,
  status: number,
): Promise<Comparison> {
  const batch = async (answer: (request: Request) => Response | Promise<Response>, tag: string): Promise<void> => {
    const request = new Request(url, { headers: headersOf(tag) });
    for (let index = 0; index < 200; index++) {
      const response = await answer(request);
      if (response.status !== status) throw new Error(`${name}: status ${response.status}`);
      if (response.body !== null) await response.arrayBuffer();
    }
  };
  const tagOf = async (answer: (request: Request) => Response | Promise<Response>): Promise<string> =>
    (await answer(new Request(url))).headers.get('etag') ?? '';
  const answers: Record<string, (request: Request) => Response | Promise<Response>> = {
    'hand-made Response': (request) =>
      request.headers.get('if-none-match') === made.etag
        ? new Response(null, { status: 304, headers: made.notModified })
        : new Response(bytes, { headers: made.headers }),
    'corral, representation': (request) => representationToResponse(request, made),
    'corral, conditional': (request) => conditional(request, () => new Response(bytes, { headers: made.headers })),
    'hono etag(), text at hand': (request) => hono.fetch(request),
    'h3, bytes and tag at hand': (request) => h3.fetch(request),
    'ocache in h3': (request) => nitro.fetch(request),
  };
  const contenders: Record<string, () => Promise<void>> = {};
  for (const [label, answer] of Object.entries(answers)) {
    const tag = await tagOf(answer);
    contenders[label] = () => batch(answer, tag);
  }
  return compare({ name, baseline: 'hand-made Response', contenders, operations: 200, clock });
}
const web200 = await web('Request to Response, 32 KB, 200', () => ({}), 200);
const web304 = await web('Request to Response, 32 KB, 304', (tag) => ({ 'if-none-match': tag }), 304);

/** Bytes of heap for one call: the growth over a million calls, the least of some runs. */
function allocatedBytes(work: () => boolean): number {
  const calls = 1_000_000;
  const run = times(calls, work);
  run();
  const grown = Array.from({ length: 7 }, () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    run();
    return process.memoryUsage().heapUsed - before;
  });
  return Math.min(...grown.map((value) => Math.max(0, value))) / calls;
}
// Something that does allocate must show: the measure is able to fail.
const witness = allocatedBytes(() => [sink].length === 2);
const allocated = allocatedBytes(decide(one));
const nsOf = (comparison: Comparison, name: string): number =>
  comparison.results.find((result) => result.name === name)!.nsPerOperation;
const ratioOf = (comparison: Comparison, name: string): number =>
  comparison.results.find((result) => result.name === name)!.ratio;

const figures: Figure[] = [];
const atMost = (name: string, value: number, bound: number, unit: string): void => {
  figures.push({
    name,
    value: `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
    bound: `<= ${bound} ${unit}`,
    ok: value <= bound,
  });
};
const atLeast = (name: string, value: number, bound: number): void => {
  figures.push({ name, value: `${value.toFixed(1)}x`, bound: `>= ${bound}x`, ok: value >= bound });
};
atMost('evaluatePreconditions, one tag', nsOf(oneTag, 'evaluatePreconditions'), 100, 'ns');
atMost('evaluatePreconditions, one tag, allocated', allocated, 0.5, 'bytes');
atLeast('five tags, faster than fresh', ratioOf(fiveTags, 'fresh'), 2);
atLeast('16 KB list, faster than fresh', ratioOf(longList, 'fresh'), 5);
atMost('1 MB of commas', nsOf(megabyte, 'evaluatePreconditions') / 1e6, 5, 'ms');
atMost('1 MB of tags, the last matches', nsOf(manyTags, 'evaluatePreconditions') / 1e6, 5, 'ms');
atMost('computeEtag against crypto.hash', ratioOf(hashing, 'computeEtag'), 1.05, 'x');
atMost('web 304 against the hand-made Response', ratioOf(web304, 'corral, representation'), 1.5, 'x');
atLeast('web 304 cheaper than ocache', ratioOf(web304, 'ocache in h3') / ratioOf(web304, 'corral, representation'), 4);
if (witness === 0) figures.push({ name: 'the witness that allocates was seen', value: 'no', bound: 'yes', ok: false });

report(import.meta.url, [oneTag, fiveTags, longList, megabyte, manyTags, dates, hashing, web200, web304], {
  file: 'RESULTS-evaluate.md',
  versions: versions('fresh', 'etag', 'hono', 'h3', 'ocache'),
  figures,
});
