import { describe, expect, it } from 'vitest';
import { notModifiedHeaders } from './not-modified-headers.ts';

const full = {
  'Content-Type': 'application/json',
  'content-length': 12,
  'content-encoding': 'gzip',
  'content-language': 'en',
  'content-range': 'bytes 0-1/2',
  'content-location': '/r/1',
  'content-security-policy': "default-src 'self'",
  'transfer-encoding': 'chunked',
  trailer: 'x',
  ETag: '"1"',
  'last-modified': 'Wed, 01 Oct 2025 12:00:00 GMT',
  'cache-control': 'public, max-age=15',
  expires: 'Fri, 01 Jan 2038 00:00:00 GMT',
  vary: ['origin', 'accept-encoding'],
  'access-control-allow-origin': 'https://a.example',
  'set-cookie': ['a=1'],
  missing: undefined,
};

describe('notModifiedHeaders', () => {
  it('keeps everything but what describes the content, names in lower case', () => {
    expect(notModifiedHeaders(full)).toEqual({
      'content-location': '/r/1',
      'content-security-policy': "default-src 'self'",
      etag: '"1"',
      'cache-control': 'public, max-age=15',
      expires: 'Fri, 01 Jan 2038 00:00:00 GMT',
      vary: 'origin, accept-encoding',
      'access-control-allow-origin': 'https://a.example',
      'set-cookie': 'a=1',
    });
  });

  it('keeps Last-Modified where there is no tag', () => {
    const date = 'Wed, 01 Oct 2025 12:00:00 GMT';

    expect(notModifiedHeaders({ 'last-modified': date, 'content-type': 'x' })).toEqual({ 'last-modified': date });
  });

  it('reads Headers, and leaves out cookies that one text cannot hold', () => {
    const headers = new Headers({ etag: '"1"', 'content-type': 'x', vary: 'origin' });
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');

    expect(notModifiedHeaders(headers)).toEqual({ etag: '"1"', vary: 'origin' });
  });

  it('does not change what it was given', () => {
    const headers = Object.freeze({ etag: '"1"', 'content-type': 'x' });

    expect(notModifiedHeaders(headers)).toEqual({ etag: '"1"' });
  });
});
