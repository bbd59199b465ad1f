import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterShards, KeySpace } from './redis-keys.ts';

const anyKey = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ minLength: 90 }));
/** What Redis Cluster hashes: the first `{...}` that holds something, else the whole key. */
const hashedPart = (name: string) => /^[^{]*\{([^}]+)\}/s.exec(name)?.[1] ?? name;

describe('key names', () => {
  it('put all that a script touches into one slot, whatever the prefix and the key are', () => {
    const prefix = fc.string({ minLength: 1, maxLength: 50 }).filter((text) => !text.includes('{}'));
    fc.assert(
      fc.property(prefix, anyKey, (prefix, key) => {
        const space = new KeySpace(prefix, clusterShards);
        const { shard, entry, lease, waited } = space.names(key);

        const slots = [space.generation(shard), entry, lease, waited].map(hashedPart);
        expect(new Set(slots).size).toBe(1);
      }),
    );
  });

  it('differ for different keys, and are bounded', () => {
    const space = new KeySpace('p:', 1);
    fc.assert(
      fc.property(anyKey, anyKey, (one, other) => {
        const [first, second] = [space.names(one), space.names(other)];

        expect(first.entry === second.entry).toBe(one === other);
        expect(new Set([first.entry, first.lease, first.waited]).size).toBe(3);
        expect(first.entry.length).toBeLessThan(120);
      }),
    );
  });

  it('tell lone surrogates apart, which are one and the same in UTF-8', () => {
    const space = new KeySpace('p:', 1);
    const names = ['\uD800', '\uD801', '\uFFFD'].map((key) => Buffer.from(space.names(key).entry).toString('hex'));

    expect(new Set(names).size).toBe(3);
  });

  it('spread over the shards', () => {
    const space = new KeySpace('p:', clusterShards);
    const shards = Array.from({ length: 2_000 }, (_, index) => space.names(`user:${index}`).shard);

    expect(new Set(shards).size).toBe(clusterShards);
  });

  it('stay what they are: another release must find them', () => {
    expect(new KeySpace('app:', 1).names('user:1')).toEqual({
      shard: 0,
      id: '=user:1',
      entry: 'app:{0}:v:=user:1',
      lease: 'app:{0}:l:=user:1',
      waited: 'app:{0}:w:=user:1',
    });
    expect(new KeySpace('app:', clusterShards).names('user:1').shard).toBe(11);
  });
});
