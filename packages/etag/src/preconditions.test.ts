import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { loadVectors, problems, currentOf, plainStatus } from '../tests/support/vectors.ts';
import { evaluatePreconditions, isNotModified } from './preconditions.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const honour = { status: 'proceed', range: 'honour' };
const ignore = { status: 'proceed', range: 'ignore' };
const noon = 'Wed, 01 Oct 2025 12:00:00 GMT';
const eleven = 'Wed, 01 Oct 2025 11:00:00 GMT';
const noonMs = Date.parse('2025-10-01T12:00:00Z');

describe('evaluatePreconditions', () => {
  it.each(loadVectors().filter((vector) => plainStatus(vector) < 300 && vector.group !== 'if-range'))(
    'decides $name',
    (vector) => {
      const { status } = evaluatePreconditions(vector.method, vector.requestHeaders, currentOf(vector));
      const performed = status === 'proceed' && !['GET', 'HEAD', 'QUERY'].includes(vector.method);
      const observed = { status: status === 'proceed' ? plainStatus(vector) : status, performed };

      expect(problems(vector, observed)).toEqual([]);
    },
  );

  it('says which field decided', () => {
    const current = { etag: '"1"', lastModified: noon };

    expect(evaluatePreconditions('PUT', { 'if-match': '"2"' }, current)).toEqual({ status: 412, by: 'if-match' });
    expect(evaluatePreconditions('PUT', { 'if-unmodified-since': eleven }, current)).toEqual({
      status: 412,
      by: 'if-unmodified-since',
    });
    expect(evaluatePreconditions('PUT', { 'if-none-match': '*' }, current)).toEqual({
      status: 412,
      by: 'if-none-match',
    });
    expect(evaluatePreconditions('GET', { 'if-none-match': '"1"' }, current)).toEqual({
      status: 304,
      by: 'if-none-match',
    });
    expect(evaluatePreconditions('GET', { 'if-modified-since': noon }, current)).toEqual({
      status: 304,
      by: 'if-modified-since',
    });
  });

  it('lets If-Match hide If-Unmodified-Since, and If-None-Match hide If-Modified-Since, malformed or empty too', () => {
    const current = { etag: '"1"', lastModified: noon };

    expect(evaluatePreconditions('PUT', { 'if-match': '"1"', 'if-unmodified-since': eleven }, current)).toEqual(honour);
    expect(evaluatePreconditions('GET', { 'if-none-match': '"2"', 'if-modified-since': noon }, current)).toEqual(
      honour,
    );
    expect(evaluatePreconditions('GET', { 'if-none-match': '', 'if-modified-since': noon }, current)).toEqual(honour);
    expect(evaluatePreconditions('GET', { 'if-none-match': 'x', 'if-modified-since': noon }, current)).toEqual(honour);
  });

  it.each(['OPTIONS', 'TRACE', 'CONNECT'])('ignores all conditions of %s', (method) => {
    expect(evaluatePreconditions(method, { 'if-match': '"x"', 'if-none-match': '*' }, { etag: '"1"' })).toEqual(honour);
  });

  it('lets a safe request for what does not exist proceed to its 404', () => {
    for (const method of ['GET', 'HEAD', 'QUERY']) {
      const headers = { 'if-match': '*', 'if-none-match': '*' };
      expect(evaluatePreconditions(method, headers, { exists: false, etag: '"old"' })).toEqual(honour);
    }
  });

  it('fails If-Match for an unsafe request to what does not exist', () => {
    for (const field of ['*', '"1"']) {
      expect(evaluatePreconditions('PUT', { 'if-match': field }, { exists: false, etag: '"1"' }).status).toBe(412);
    }
    expect(evaluatePreconditions('PUT', { 'if-none-match': '"1"' }, { exists: false, etag: '"1"' })).toEqual(honour);
  });

  it('ignores If-Modified-Since for QUERY, as for all but GET and HEAD', () => {
    expect(evaluatePreconditions('QUERY', { 'if-modified-since': noon }, { lastModified: noon })).toEqual(honour);
  });

  it('takes methods as case-sensitive: `get` is not GET', () => {
    expect(evaluatePreconditions('get', { 'if-none-match': '"1"' }, { etag: '"1"' }).status).toBe(412);
  });

  it('takes Last-Modified as a Date, epoch milliseconds or text, cut to the second', () => {
    for (const lastModified of [new Date(noonMs + 999), noonMs + 999, noon]) {
      expect(evaluatePreconditions('GET', { 'if-modified-since': noon }, { lastModified }).status).toBe(304);
      expect(evaluatePreconditions('PUT', { 'if-unmodified-since': noon }, { lastModified })).toEqual(honour);
    }
    // Postgres knows `infinity` and `-infinity`, which pg gives as numbers; 8e15 is a Date, but no HTTP-date.
    const none = [new Date(Number.NaN), Number.NaN, '2025-10-01', undefined, Infinity, -Infinity, 8e15, new Date(8e15)];
    for (const lastModified of none) {
      expect(evaluatePreconditions('GET', { 'if-modified-since': noon }, { lastModified })).toEqual(honour);
      expect(evaluatePreconditions('PUT', { 'if-unmodified-since': eleven }, { lastModified })).toEqual(honour);
    }
  });

  it('ignores the white space around a date', () => {
    expect(evaluatePreconditions('GET', { 'if-modified-since': `\t ${noon} ` }, { lastModified: noon }).status).toBe(
      304,
    );
  });

  it('reads Headers, records with names in any case, and fields on several lines', () => {
    const current = { etag: '"1"' };

    expect(evaluatePreconditions('GET', new Headers({ 'If-None-Match': '"1"' }), current).status).toBe(304);
    expect(evaluatePreconditions('PUT', { Accept: '*/*', 'If-Match': '"2"' }, current).status).toBe(412);
    expect(evaluatePreconditions('GET', { 'if-none-match': ['"2"', '"1"'] }, current).status).toBe(304);
    expect(evaluatePreconditions('GET', { 'if-none-match': [] }, current)).toEqual(honour);
    expect(evaluatePreconditions('GET', { 'if-modified-since': [noon, noon] }, { lastModified: noon })).toEqual(honour);
  });

  it('allocates no outcome: equal decisions are one object', () => {
    const decide = () => evaluatePreconditions('GET', { 'if-none-match': '"1"' }, { etag: '"1"' });

    expect(decide()).toBe(decide());
    expect(Object.isFrozen(decide())).toBe(true);
  });

  it('never throws on headers, and never gives 304 to an unsafe method', () => {
    const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range'];
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('*', '"1"', 'W/"1"', noon, null, 7, {}, [], ['"1"', 7], [[]]),
    );
    const headers = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(fc.constantFrom('GET', 'PUT', 'DELETE', 'x'), headers, (method, fields) => {
        const { status } = evaluatePreconditions(method, fields as never, { etag: '"1"', lastModified: noon });

        expect(status === 304 && method !== 'GET').toBe(false);
      }),
    );
  });
});

describe('If-Range', () => {
  const later = noonMs + 3_600_000;
  const range = (field: string | undefined, current: object = { etag: '"1"', lastModified: noon }, nowMs = later) =>
    evaluatePreconditions(
      'GET',
      { range: 'bytes=0-3', ...(field !== undefined && { 'if-range': field }) },
      current,
      nowMs,
    );

  it('honours Range without it, and with the current strong tag or date', () => {
    expect(range(undefined)).toEqual(honour);
    expect(range('"1"')).toEqual(honour);
    expect(range(' "1"\t')).toEqual(honour);
    expect(range(noon)).toEqual(honour);
    expect(range('Wednesday, 01-Oct-25 12:00:00 GMT')).toEqual(honour);
  });

  it.each(['"2"', 'W/"1"', '"1", "2"', '*', '1', '"1', '', eleven, 'Wed, 01 Oct 2025 13:00:00 GMT', '2025-10-01'])(
    'answers in full when it is %j',
    (field) => {
      expect(range(field)).toEqual(ignore);
    },
  );

  it('answers in full when the current tag is weak or unknown', () => {
    expect(range('W/"1"', { etag: 'W/"1"' })).toEqual(ignore);
    expect(range('"1"', { etag: 'W/"1"' })).toEqual(ignore);
    expect(range('"1"', {})).toEqual(ignore);
    expect(range(noon, {})).toEqual(ignore);
  });

  it('takes a date for weak while its second has not passed', () => {
    expect(range(noon, { lastModified: noon }, noonMs + 999)).toEqual(ignore);
    expect(range(noon, { lastModified: noon }, noonMs + 1_000)).toEqual(honour);
  });

  it('means nothing without Range, and Range means nothing but for GET', () => {
    expect(evaluatePreconditions('GET', { 'if-range': '"2"' }, { etag: '"1"' })).toEqual(honour);
    expect(evaluatePreconditions('HEAD', { range: 'bytes=0-3' }, { etag: '"1"' })).toEqual(ignore);
  });

  it('comes last: a 304 goes before it', () => {
    const headers = { range: 'bytes=0-3', 'if-range': '"2"', 'if-none-match': '"1"' };

    expect(evaluatePreconditions('GET', headers, { etag: '"1"' }).status).toBe(304);
  });
});

describe('isNotModified', () => {
  it('decides a GET unless told otherwise', () => {
    expect(isNotModified({ 'if-none-match': '"1"' }, { etag: 'W/"1"' })).toBe(true);
    expect(isNotModified({ 'if-none-match': '"1"' }, { etag: '"2"' })).toBe(false);
    expect(isNotModified({ 'if-none-match': '"1"' }, { etag: '"1"' }, 'PUT')).toBe(false);
  });

  // What undici adds to a fetch() with a hand-set If-None-Match: fresh then never says yes.
  it('is not switched off by Cache-Control: no-cache of the request', () => {
    expect(isNotModified({ 'if-none-match': '"1"', 'cache-control': 'no-cache' }, { etag: '"1"' })).toBe(true);
  });
});
