import { describe, expect, it } from 'vitest';
import { parseCommandLine, UsageError } from './arguments.ts';

const known = ['config-cache', 'cache-aside'];
const parse = (...args: string[]): ReturnType<typeof parseCommandLine> => parseCommandLine(args, known, '/typed/here');

describe('parseCommandLine', () => {
  it('serves the page when no command is given', () => {
    expect(parse()).toMatchObject({ name: 'serve', options: { size: 'default' } });
    expect(parse('--port', '4600')).toMatchObject({ name: 'serve', port: 4600 });
  });

  it('runs everything when no scenario is named', () => {
    expect(parse('run')).toMatchObject({
      name: 'run',
      scenarios: known,
      options: { before: true, after: true, size: 'default' },
    });
  });

  it('leaves out the probes when the loads alone are wanted', () => {
    expect(parse('run', 'all', '--load-only')).toMatchObject({ options: { probes: false } });
  });

  it('compares two files, relative to the folder in which the command was typed', () => {
    expect(parse('compare', 'a.json', '/b.json')).toEqual({
      name: 'compare',
      files: ['/typed/here/a.json', '/b.json'],
    });
  });

  it('runs one phase when one is named, and both when both are', () => {
    expect(parse('run', 'config-cache', '--before')).toMatchObject({ options: { before: true, after: false } });
    expect(parse('run', 'config-cache', '--before', '--after')).toMatchObject({
      options: { before: true, after: true },
    });
  });

  it('takes files as relative to the folder in which the command was typed', () => {
    expect(parse('run', 'all', '--json', 'out/result.json')).toMatchObject({ json: '/typed/here/out/result.json' });
    expect(parse('run', 'all', '--json', '/elsewhere.json')).toMatchObject({ json: '/elsewhere.json' });
  });

  it.each([
    [['run', 'config-cach'], 'scenario: expected one of config-cache, cache-aside, all, got config-cach'],
    [['fly'], 'command: expected run, plan, compare or doctor, got fly'],
    [['compare', 'a.json'], 'compare: expected two files, got 1'],
    [['--port', '70000'], '--port: expected an integer from 0 to 65535, got 70000'],
    [['run', '--fast', '--full'], '--fast and --full exclude each other'],
    [['run', '--replicas', '0'], '--replicas: expected an integer from 1 to 16, got 0'],
    [['run', '--replicas', 'two'], '--replicas: expected an integer from 1 to 16, got two'],
    [['run', '--bus', 'pigeon'], '--bus: expected postgres or redis, got pigeon'],
    [['run', '--quick'], "Unknown option '--quick'"],
    [['run', '--seed', ''], '--seed: expected an integer from 0 to 2147483648, got nothing'],
    [['run', '--seed', '0x10'], '--seed: expected an integer from 0 to 2147483648, got 0x10'],
    [['run', '--port', '4600'], '--port: not an option of run'],
    [['--before', '--fast'], '--before, --fast: not an option of the page'],
    [['compare', 'a.json', 'b.json', '--redis-url', 'redis://a'], '--redis-url: not an option of compare'],
    [['doctor', 'config-cache'], 'doctor: expected no further word, got config-cache'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});
