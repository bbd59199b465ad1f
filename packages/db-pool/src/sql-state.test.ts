import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { isBroken } from './connection.ts';
import { endsSession, isHopeless, isRetryable, sqlStateOf, withoutLiterals } from './sql-state.ts';

const sqlError = (code: string, severity = 'ERROR'): DatabaseError =>
  Object.assign(new DatabaseError('text', 1, 'error'), { code, severity });
const socketError = (code: string): Error => Object.assign(new Error(code), { code });

describe('endsSession', () => {
  it.each(['22012', '23505', '40001', '42P01', '57014', '25P02', '0A000'])('keeps the connection after %s', (code) => {
    expect(endsSession(sqlError(code))).toBe(false);
  });

  it.each(['57P01', '57P02', '57P03', '08006', '25P03'])('gives it up after %s', (code) => {
    expect(endsSession(sqlError(code, 'FATAL'))).toBe(true);
    // In another language the severity reads otherwise; the code does not.
    expect(endsSession(sqlError(code, 'FATAAL'))).toBe(true);
  });

  it('gives it up after any FATAL, and after a dead socket', () => {
    expect(endsSession(sqlError('53300', 'FATAL'))).toBe(true);
    expect(endsSession(socketError('ECONNRESET'))).toBe(true);
    expect(endsSession(new TypeError('values'))).toBe(false);
  });

  it('knows an error of another copy of the driver', () => {
    expect(sqlStateOf(Object.assign(new Error('text'), { code: '23505', severity: 'ERROR' }))).toBe('23505');
    expect(sqlStateOf(Object.assign(new Error('text'), { code: '23505' }))).toBeUndefined();
  });
});

describe('isHopeless', () => {
  it('is a wrong password or database, not a server that is away, starting or full', () => {
    expect(['28P01', '28000', '3D000'].map((code) => isHopeless(sqlError(code, 'FATAL'), true))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['57P03', '53300', '57P01'].map((code) => isHopeless(sqlError(code, 'FATAL'), true))).toEqual([
      false,
      false,
      false,
    ]);
    expect(isHopeless(socketError('ECONNREFUSED'), false)).toBe(false);
  });

  it('is a host name that never resolved; one that did may be in the middle of a failover', () => {
    expect(isHopeless(socketError('ENOTFOUND'), false)).toBe(true);
    expect(isHopeless(socketError('ENOTFOUND'), true)).toBe(false);
    expect(isHopeless(socketError('EAI_AGAIN'), false)).toBe(false);
  });
});

describe('isRetryable', () => {
  it('looks through causes, and not for ever', () => {
    expect(isRetryable(new Error('wrapped', { cause: sqlError('40001') }), ['40001'])).toBe(true);
    expect(isRetryable(sqlError('23505'), ['40001'])).toBe(false);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(isRetryable(circle, ['40001'])).toBe(false);
  });
});

describe('a release', () => {
  it('with an ordinary SQL error keeps the connection', () => {
    expect([undefined, null, false, sqlError('23505')].map(isBroken)).toEqual([false, false, false, false]);
    expect([true, new Error('doubt'), sqlError('57P01', 'FATAL')].map(isBroken)).toEqual([true, true, true]);
  });
});

describe('withoutLiterals', () => {
  it('shows no value', () => {
    expect(withoutLiterals("alter user a password 'it''s a secret'")).toBe("alter user a password '?'");
    expect(withoutLiterals('select $body$a secret$body$, $1')).toBe("select '?', $1");
    expect(withoutLiterals("select 'an open secret")).toBe("select '?'");
  });

  it('is short, and fast on hostile text', () => {
    expect(withoutLiterals('x'.repeat(10_000)).length).toBeLessThan(210);
    expect(withoutLiterals('$a$'.repeat(100_000)).length).toBeLessThan(210);
  });
});
