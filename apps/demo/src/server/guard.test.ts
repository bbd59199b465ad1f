import { describe, expect, it } from 'vitest';
import { refusalOf } from './guard.ts';

const own = { host: '127.0.0.1:4600', origin: 'http://127.0.0.1:4600', 'x-corral-token': 'secret' };

describe('refusalOf', () => {
  it('lets the page in', () => {
    expect(refusalOf('GET', { host: 'localhost:4600' }, 'secret')).toBeUndefined();
    expect(refusalOf('POST', own, 'secret')).toBeUndefined();
  });

  it.each([
    ['a name that was made to resolve to this machine', { ...own, host: 'evil.example' }, 'host: '],
    ['no name', { ...own, host: undefined }, 'host: '],
    ['another origin', { ...own, origin: 'http://evil.example' }, 'origin: '],
    ['another port of this machine', { ...own, origin: 'http://127.0.0.1:8080' }, 'origin: '],
    ['no origin', { ...own, origin: undefined }, 'origin: '],
    ['no token', { ...own, 'x-corral-token': undefined }, 'token: '],
    ['a token of another run', { ...own, 'x-corral-token': 'secreT' }, 'token: '],
    ['two tokens', { ...own, 'x-corral-token': ['secret', 'secret'] }, 'token: '],
  ])('refuses %s', (_, headers, reason) => {
    expect(refusalOf('POST', headers as Record<string, string>, 'secret')).toMatch(reason);
  });
});
