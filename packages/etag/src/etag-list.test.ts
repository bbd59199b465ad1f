import { describe, expect, it } from 'vitest';
import { matchEtagList, parseEtagList } from './etag-list.ts';

const strong = (opaque: string) => ({ weak: false, opaque });
const weak = (opaque: string) => ({ weak: true, opaque });

describe('parseEtagList', () => {
  it.each([
    { field: '*', any: true, tags: [], malformed: false },
    { field: ' \t* ', any: true, tags: [], malformed: false },
    { field: '', any: false, tags: [], malformed: false },
    { field: ' ,\t,, ', any: false, tags: [], malformed: false },
    { field: '"a"', any: false, tags: [strong('a')], malformed: false },
    { field: '"a", W/"b" ,\t"c",', any: false, tags: [strong('a'), weak('b'), strong('c')], malformed: false },
    { field: '"a,b","W/c","*"', any: false, tags: [strong('a,b'), strong('W/c'), strong('*')], malformed: false },
    { field: '"a\\", "b"', any: false, tags: [strong('a\\'), strong('b')], malformed: false },
    { field: '""', any: false, tags: [strong('')], malformed: false },
  ])('reads $field', ({ field, ...expected }) => {
    expect(parseEtagList(field)).toEqual(expected);
  });

  it.each([
    { field: '"a", b, "c"', tags: [strong('a')] },
    { field: '"a", *', tags: [strong('a')] },
    { field: '*, "a"', tags: [] },
    { field: '"a"x, "b"', tags: [] },
    { field: '"a" "b"', tags: [] },
    { field: '"a"; "b"', tags: [] },
    { field: '"a", w/"b"', tags: [strong('a')] },
    { field: '"a", W/ "b"', tags: [strong('a')] },
    { field: '"a", "b', tags: [strong('a')] },
    { field: '"a b", "c"', tags: [] },
    { field: '"a", "€"', tags: [strong('a')] },
    { field: "'a'", tags: [] },
  ])('stops at the first error of $field and keeps the members before it', ({ field, tags }) => {
    expect(parseEtagList(field)).toEqual({ any: false, tags, malformed: true });
  });
});

describe('matchEtagList', () => {
  it('compares weakly or strongly', () => {
    expect(matchEtagList('W/"a"', '"a"', 'weak')).toBe(true);
    expect(matchEtagList('"a"', 'W/"a"', 'weak')).toBe(true);
    expect(matchEtagList('W/"a"', '"a"', 'strong')).toBe(false);
    expect(matchEtagList('"a"', 'W/"a"', 'strong')).toBe(false);
    expect(matchEtagList('W/"a"', 'W/"a"', 'strong')).toBe(false);
    expect(matchEtagList('W/"a", "a"', '"a"', 'strong')).toBe(true);
  });

  it('takes * for a match with whatever exists', () => {
    expect(matchEtagList('*', '"a"', 'strong')).toBe(true);
    expect(matchEtagList('*', undefined, 'weak')).toBe(true);
  });

  it('matches nothing without a field or a tag', () => {
    expect(matchEtagList(undefined, '"a"', 'weak')).toBe(false);
    expect(matchEtagList('"a"', undefined, 'weak')).toBe(false);
    expect(matchEtagList('abc', 'abc', 'weak')).toBe(false);
    expect(matchEtagList('"a"', 'a', 'weak')).toBe(false);
  });

  // A list, or half a tag, in the place of the one tag: as text it may well stand in the field.
  it.each([
    { field: '"a", "b"', etag: '"a", "b"' },
    { field: '"c", "a", "b"', etag: '"a", "b"' },
    { field: '"a,"', etag: '"a' },
    { field: '"a"', etag: '"a" ' },
  ])('matches $field with nothing that is not one tag', ({ field, etag }) => {
    expect(matchEtagList(field, etag, 'weak')).toBe(false);
    expect(matchEtagList(field, etag, 'strong')).toBe(false);
    expect(matchEtagList('*', etag, 'strong')).toBe(true);
  });

  it('counts a match before the first error, and none after it', () => {
    expect(matchEtagList('"a", oops', '"a"', 'weak')).toBe(true);
    expect(matchEtagList('oops, "a"', '"a"', 'weak')).toBe(false);
    expect(matchEtagList('"a"oops', '"a"', 'weak')).toBe(false);
  });
});
