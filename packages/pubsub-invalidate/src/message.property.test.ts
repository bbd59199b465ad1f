import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeBeat, encodeHint, encodeMessage, encodeResult, ENVELOPE_BYTES } from './message.ts';
import { byteLength, fit, inboxChannel, isInboxChannel, MAX_CHANNEL_BYTES, topicChannel } from './names.ts';

const origin = fc.record({
  publisher: fc.string({ minLength: 1, maxLength: 16 }),
  epoch: fc.nat(),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  previousAgeMs: fc.nat(),
});

describe('the wire format', () => {
  it('gives back every hint that went in', () => {
    fc.assert(
      fc.property(
        origin,
        fc.array(fc.tuple(fc.string(), fc.nat(), fc.jsonValue()), { minLength: 1 }),
        (from, hints) => {
          const items = hints.map(([kind, version, payload]) => encodeHint(kind, version, payload));
          const decoded = decodeMessage(encodeMessage(from, 'h', items));
          const expected = hints.map(([kind, version, payload]) => ({
            kind,
            version,
            payload: JSON.parse(JSON.stringify(payload)) as unknown,
          }));
          expect(decoded).toEqual({ type: 'numbered', origin: from, body: { type: 'hints', hints: expected } });
        },
      ),
    );
  });

  it('gives back every result that went in', () => {
    fc.assert(
      fc.property(origin, fc.string(), fc.jsonValue(), (from, id, value) => {
        const decoded = decodeMessage(encodeMessage(from, 'r', [encodeResult(id, 'value', value)]));
        const results = [{ id, outcome: 'value', value: JSON.parse(JSON.stringify(value)) as unknown }];
        expect(decoded).toEqual({ type: 'numbered', origin: from, body: { type: 'results', results } });
      }),
    );
  });

  it('adds no more than its stated envelope', () => {
    fc.assert(
      fc.property(origin, fc.string(), (from, kind) => {
        const item = encodeHint(kind, 1, undefined);
        const asMade = { ...from, publisher: 'x'.repeat(16) };
        expect(byteLength(encodeMessage(asMade, 'h', [item])) - byteLength(item)).toBeLessThanOrEqual(ENVELOPE_BYTES);
      }),
    );
  });

  it.each(['"length"', '"map"', '"0"', '-1', '3', 'null'])('reads no result with the outcome %s', (code) => {
    expect(decodeMessage(`{"v":1,"p":"p","s":1,"r":[["id",${code},1]]}`)).toBeUndefined();
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
        expect(() => decodeMessage(data)).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('v', 'p', 'e', 's', 'a', 'h', 'c', 'r', 'n', 'b', 'm', '__proto__'),
          fc.jsonValue(),
        ),
        (raw) => {
          expect(() => decodeMessage(JSON.stringify({ ...raw, v: 1 }))).not.toThrow();
        },
      ),
    );
  });

  it('reads nothing from a message that was cut', () => {
    const whole = encodeMessage({ publisher: 'p', epoch: 0, seq: 1, previousAgeMs: 0 }, 'h', [
      encodeHint('k', 1, { id: 'x' }),
    ]);
    for (let end = 0; end < whole.length; end++) expect(decodeMessage(whole.slice(0, end))).toBeUndefined();
  });

  it('reads what a person writes in psql', () => {
    expect(decodeMessage('{"v":1,"h":[["providers",1]]}')).toMatchObject({
      origin: { seq: 0 },
      body: { hints: [{ kind: 'providers' }] },
    });
  });

  it('carries a heartbeat of a publisher that promises no next one', () => {
    const data = encodeBeat({ publisher: 'p', number: 1, intervalMs: Infinity, marks: [], bye: false });
    expect(decodeMessage(data)).toMatchObject({ type: 'beat', intervalMs: Infinity });
  });
});

describe('channel names', () => {
  it('are at most 63 bytes and differ when what they stand for differs', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        (a, b) => {
          expect(byteLength(fit(a, MAX_CHANNEL_BYTES))).toBeLessThanOrEqual(MAX_CHANNEL_BYTES);
          expect(fit(a, MAX_CHANNEL_BYTES) === fit(b, MAX_CHANNEL_BYTES)).toBe(a === b);
        },
      ),
    );
  });

  it('stay readable while they fit', () => {
    expect(topicChannel('chat', 'config_change')).toBe('chat:config_change');
    expect(byteLength(topicChannel('chat', 'x'.repeat(64)))).toBe(63);
  });

  it('of inboxes are told from topics, so that a forged replyTo reaches none', () => {
    const replyTo = inboxChannel('a-namespace-of-some-length', 'tool-results-of-some-length', 'x'.repeat(16));
    expect(byteLength(replyTo)).toBeLessThanOrEqual(MAX_CHANNEL_BYTES);
    expect(isInboxChannel('a-namespace-of-some-length', replyTo)).toBe(true);
    expect(isInboxChannel('chat', 'chat:config_change')).toBe(false);
    expect(isInboxChannel('chat', 7 as never)).toBe(false);
    // Postgres refuses a NUL for ever, and nothing behind that message would leave.
    expect(isInboxChannel('chat', 'chat:~in:a\0b:x')).toBe(false);
  });
});
