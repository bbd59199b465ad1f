import { describe, expect, it } from 'vitest';
import { parseCommandLine, UsageError } from './arguments.ts';

const known = ['config-cache', 'cache-aside'];
const parse = (...args: string[]): ReturnType<typeof parseCommandLine> => parseCommandLine(args, known, '/typed/here');

describe('parseCommandLine', () => {
  it('runs everything when nothing is said', () => {
    expect(parse()).toMatchObject({ name: 'run', scenarios: known, options: { before: true, after: true, size: 'default' } });
  });

  it('runs one phase when one is named, and both when both are', () => {
    expect(parse('run', 'config-cache', '--before')).toMatchObject({ options: { before: true, after: false } });
    expect(parse('run', 'config-cache', '--before', '--after')).toMatchObject({ options: { before: true, after: true } });
  });

  it('takes files as relative to the folder in which the command was typed', () => {
    expect(parse('run', 'all', '--json', 'out/result.json')).toMatchObject({ json: '/typed/here/out/result.json' });
    expect(parse('run', 'all', '--json', '/elsewhere.json')).toMatchObject({ json: '/elsewhere.json' });
  });

  it.each([
    [['run', 'config-cach'], 'scenario: expected one of config-cache, cache-aside, all, got config-cach'],
    [['fly'], 'command: expected run, plan or doctor, got fly'],
    [['run', '--fast', '--full'], '--fast and --full exclude each other'],
    [['run', '--replicas', '0'], '--replicas: expected an integer from 1 to 16, got 0'],
    [['run', '--replicas', 'two'], '--replicas: expected an integer from 1 to 16, got two'],
    [['run', '--bus', 'pigeon'], '--bus: expected postgres or redis, got pigeon'],
    [['run', '--quick'], "Unknown option '--quick'"],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});
