import { seededRandom } from '@corral-internal/test-kit';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { formatEtag } from './entity-tag.ts';
import { type EtagList, matchEtagList, parseEtagList } from './etag-list.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

/** The grammar of RFC 9110 written down as regular expressions, with no thought of speed. */
function naiveParse(field: string): EtagList {
  if (/^[ \t]*\*[ \t]*$/.test(field)) return { any: true, tags: [], malformed: false };
  const tags: { weak: boolean; opaque: string }[] = [];
  let rest = field.replace(/^[ \t,]+/, '');
  while (rest !== '') {
    const member = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|$)/.exec(rest);
    if (member === null) return { any: false, tags, malformed: true };
    tags.push({ weak: member[1] !== undefined, opaque: member[2]! });
    rest = rest.slice(member[0].length).replace(/^[ \t,]+/, '');
  }
  return { any: false, tags, malformed: false };
}

/** By the definition of §13.1.1 and §13.1.2, from the parsed list. */
function naiveMatch(field: string, etag: string, mode: 'weak' | 'strong'): boolean {
  const { any, tags } = naiveParse(field);
  const own = naiveParse(etag).tags[0];
  return any || tags.some((tag) => tag.opaque === own?.opaque && (mode === 'weak' || !(tag.weak || own.weak)));
}

const etagc = fc
  .integer({ min: 0x21, max: 0x7e })
  .filter((code) => code !== 0x22)
  .map((code) => String.fromCharCode(code));
const opaque = fc.string({ unit: etagc, maxLength: 12 });
const tag = fc.record({ weak: fc.boolean(), opaque });
const separator = fc.stringMatching(/^[ \t]{0,2},[ \t,]{0,3}$/);

describe('parseEtagList', () => {
  it('gives back the tags that formatEtag wrote, whatever separates them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, separator)), (members) => {
        const field = members
          .map(([member, between]) => formatEtag(`"${member.opaque}"`, member.weak) + between)
          .join('');

        expect(parseEtagList(field)).toEqual({ any: false, tags: members.map(([member]) => member), malformed: false });
      }),
    );
  });

  it('agrees with a naive parser of the grammar, and so does matchEtagList, on a million random fields', () => {
    const random = seededRandom(20_261_121);
    const pieces = [
      '"',
      '"',
      '"a"',
      'W/"a"',
      ',',
      ',',
      ' ',
      '\t',
      'a',
      'b',
      '*',
      '\\',
      'W/',
      'w/',
      '/',
      'é',
      '€',
      ';',
      '\u007f',
      '""',
    ];
    const etags = ['"a"', 'W/"a"', '""', '"aa"', '"*"', '"\\"'];
    const differences: string[] = [];
    let matches = 0;
    let malformed = 0;
    for (let round = 0; round < 1_000_000; round++) {
      let field = '';
      for (let count = random.int(9); count > 0; count--) field += pieces[random.int(pieces.length)];
      const etag = etags[random.int(etags.length)]!;
      const mode = random.int(2) === 0 ? 'weak' : 'strong';
      const expected = naiveParse(field);
      const actual = parseEtagList(field);
      const same =
        actual.any === expected.any &&
        actual.malformed === expected.malformed &&
        actual.tags.length === expected.tags.length &&
        actual.tags.every(
          (one, index) => one.weak === expected.tags[index]!.weak && one.opaque === expected.tags[index]!.opaque,
        );
      if (!same) differences.push(`parse ${JSON.stringify(field)}`);
      const match = matchEtagList(field, etag, mode);
      if (match !== naiveMatch(field, etag, mode)) differences.push(`match ${JSON.stringify(field)} ${etag} ${mode}`);
      if (match) matches++;
      if (actual.malformed) malformed++;
    }
    expect(differences).toEqual([]);
    expect(matches).toBeGreaterThan(10_000);
    expect(malformed).toBeGreaterThan(100_000);
  });
});

describe('matchEtagList', () => {
  it('matches only if that very tag stands quoted in the field', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        opaque,
        fc.constantFrom('weak' as const, 'strong' as const),
        (field, text, mode) => {
          fc.pre(field.trim() !== '*');
          const matched = matchEtagList(field, `"${text}"`, mode);

          expect(matched && !field.includes(`"${text}"`)).toBe(false);
        },
      ),
    );
  });

  it('finds a tag anywhere in a list', () => {
    fc.assert(
      fc.property(fc.array(tag), fc.array(tag), tag, (before, after, wanted) => {
        const field = [...before, wanted, ...after].map((one) => formatEtag(`"${one.opaque}"`, one.weak)).join(', ');

        expect(matchEtagList(field, `"${wanted.opaque}"`, 'weak')).toBe(true);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 1 }), fc.anything({ maxDepth: 1 }), (field, etag) => {
        expect(typeof matchEtagList(field as string, etag as string, 'weak')).toBe('boolean');
        expect(typeof parseEtagList(field as string).malformed).toBe('boolean');
      }),
    );
  });

  // The bound of 5 ms is measured by the bench; a quadratic parser would take minutes here.
  it.each([
    { name: 'commas', field: ','.repeat(2 ** 20) },
    { name: 'white space', field: ' \t'.repeat(2 ** 19) },
    { name: 'the tag inside others', field: `"x"b"`.repeat(2 ** 18) },
    { name: 'quotes', field: '"'.repeat(2 ** 20) },
    { name: 'tags', field: '"a",'.repeat(2 ** 18) },
    { name: 'W/', field: 'W/'.repeat(2 ** 19) },
    { name: 'spaces between tags', field: `"x"${' '.repeat(2 ** 20)},"b"` },
    { name: 'one open tag', field: `"${'a'.repeat(2 ** 20)}` },
  ])('reads a megabyte of $name in linear time', ({ field }) => {
    const start = performance.now();
    for (const text of [field, `${field},"b"`, `${field}"b"`]) {
      matchEtagList(text, '"b"', 'weak');
      matchEtagList(text, 'W/"b"', 'weak');
      matchEtagList(text, '"b"', 'strong');
      parseEtagList(text);
    }

    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
