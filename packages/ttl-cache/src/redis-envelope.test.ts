import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry, newToken, tokenLength, type Codec } from './redis-envelope.ts';
import { checkRedisOptions } from './redis-options.ts';

const { codec: json } = checkRedisOptions<unknown>({ prefix: 'p' });
const wire = (value: unknown, codec: Codec<unknown>) => {
  const { form, payload } = encodeEntry(value, codec);
  return Buffer.concat([Buffer.from(form), Buffer.from(payload)]);
};

describe('an entry', () => {
  it('comes back as it went, in JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(decodeEntry(wire(value, json), 5, json)).toEqual({ value: JSON.parse(JSON.stringify(value)), ttlMs: 5 });
      }),
    );
  });

  it('comes back as it went, in bytes, also from the middle of a larger buffer', () => {
    const bytes: Codec<Uint8Array> = {
      encode: (value) => value,
      decode: (data) => Uint8Array.from(data as Uint8Array),
    };
    const value = new Uint8Array([9, 0, 255, 9]).subarray(1, 3);

    expect(decodeEntry(wire(value, bytes as Codec<unknown>), 5, bytes).value).toEqual(new Uint8Array([0, 255]));
  });

  it('tells "nothing there" from every value', () => {
    expect(decodeEntry(wire(undefined, json), 5, json)).toEqual({ value: undefined, ttlMs: 5 });
    expect(decodeEntry(wire(null, json), 5, json)).toEqual({ value: null, ttlMs: 5 });
  });

  it('makes an own property of __proto__', () => {
    const { value } = decodeEntry(Buffer.from('s{"__proto__":{"admin":true}}'), 5, json);

    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['of an unknown form', 'x1', json, 'unknown form "x"'],
    ['empty', '', json, 'unknown form ""'],
    ['text, but no JSON', 's{', json, 'JSON'],
    ['no value to its codec', 's1', { encode: () => '1', decode: () => undefined }, 'got undefined'],
  ])('that is %s does not decode', (_, data, codec, message) => {
    expect(() => decodeEntry(Buffer.from(data), 5, codec)).toThrow(message);
  });

  it.each([[() => 1], [() => undefined], [() => ({})]])(
    'refuses a codec that encodes to neither text nor bytes',
    (encode) => {
      expect(() => encodeEntry(1, { encode, decode: () => 1 } as never)).toThrow(
        'codec.encode: expected a string or Uint8Array',
      );
    },
  );

  it.each([[() => {}], [Symbol('s')], [1n]])('refuses what JSON cannot hold', (value) => {
    expect(() => encodeEntry<unknown>(value, json)).toThrow(TypeError);
  });
});

describe('a token', () => {
  it('has a fixed length, as the scripts cut by length, and does not repeat', () => {
    const tokens = Array.from({ length: 1_000 }, newToken);

    expect(new Set(tokens).size).toBe(1_000);
    expect(new Set(tokens.map((token) => token.length))).toEqual(new Set([tokenLength]));
  });
});
