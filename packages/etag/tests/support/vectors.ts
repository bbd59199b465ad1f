import { readFileSync } from 'node:fs';

/** One case of `vectors/etag-conditional.json`; see the README beside it. */
export interface Vector {
  name: string;
  group: string;
  class: 'rfc' | 'policy';
  method: string;
  requestHeaders: Record<string, string | string[]>;
  resource: {
    exists: boolean;
    etag?: string;
    lastModified?: string;
    status?: number;
    headers?: Record<string, string>;
  };
  expect: {
    status: number | number[];
    performed?: boolean;
    body?: 'empty' | 'full' | 'not-full';
    maxMs?: number;
    headers?: { present?: string[]; absent?: string[]; equal?: Record<string, string>; contentLengthOk?: boolean };
  };
}

/** What an implementation did with a case. */
export interface Observed {
  status: number;
  performed?: boolean;
  /** Undefined where a level has no answer with fields and body. */
  headers?: Record<string, string>;
  body?: string;
}

export const plainBody = 'the full body of the resource';

export function loadVectors(): Vector[] {
  const text = readFileSync(new URL('../vectors/etag-conditional.json', import.meta.url), 'utf8');
  const cases = JSON.parse(text, (_key, value: unknown) => (isGenerator(value) ? generate(value) : value)) as Vector[];
  if (cases.length === 0) throw new Error('no vectors');
  return cases;
}

/** The status of an answer without conditions. */
export function plainStatus({ method, resource }: Vector): number {
  if (resource.status !== undefined) return resource.status;
  if (method === 'OPTIONS') return 204;
  if (resource.exists) return 200;
  return method === 'PUT' ? 201 : 404;
}

/** What the resource is now, as the package takes it. */
export function currentOf({ resource }: Vector): { exists: boolean; etag?: string; lastModified?: string } {
  const { exists, etag, lastModified } = resource;
  return { exists, ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** What is wrong, in words; empty if the case passes. */
export function problems(vector: Vector, observed: Observed): string[] {
  const { expect } = vector;
  const wrong: string[] = [];
  const statuses = [expect.status].flat();
  if (!statuses.includes(observed.status)) wrong.push(`status ${observed.status}, expected ${statuses.join(' or ')}`);
  if (expect.performed !== undefined && observed.performed !== expect.performed) {
    wrong.push(`performed ${observed.performed}, expected ${expect.performed}`);
  }
  const { headers, body } = observed;
  if (headers !== undefined) wrong.push(...headerProblems(expect.headers ?? {}, headers));
  if (body !== undefined && expect.body !== undefined) {
    const kind = body === '' ? 'empty' : body === plainBody ? 'full' : 'other';
    const ok = expect.body === 'not-full' ? kind !== 'full' : kind === expect.body;
    if (!ok) wrong.push(`body ${kind}, expected ${expect.body}`);
  }
  return wrong;
}

function headerProblems(expected: NonNullable<Vector['expect']['headers']>, headers: Record<string, string>): string[] {
  const { present = [], absent = [], equal = {}, contentLengthOk = false } = expected;
  const length = headers['content-length'];
  return [
    ...present.filter((name) => headers[name] === undefined).map((name) => `${name} is missing`),
    ...absent.filter((name) => headers[name] !== undefined).map((name) => `${name} is there: ${headers[name]}`),
    ...Object.entries(equal)
      .filter(([name, value]) => headers[name] !== value)
      .map(([name, value]) => `${name} is ${headers[name]}, expected ${value}`),
    ...(contentLengthOk && length !== undefined && length !== String(plainBody.length)
      ? [`content-length is ${length}`]
      : []),
  ];
}

interface Generator {
  $gen: 'fill' | 'list';
  before?: string;
  char?: string;
  n: number;
  after?: string;
  prefix?: string;
  last?: string;
}

const isGenerator = (value: unknown): value is Generator =>
  typeof value === 'object' && value !== null && '$gen' in value;

function generate({ $gen, before = '', char = '', n, after = '', prefix = '', last }: Generator): string {
  if ($gen === 'fill') return before + char.repeat(n) + after;
  const tags = Array.from({ length: n }, (_, index) => `${prefix}"t${index}"`);
  return [...tags, ...(last === undefined ? [] : [last])].join(', ');
}
