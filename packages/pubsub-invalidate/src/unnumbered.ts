import { encodeMessage, ENVELOPE_BYTES } from './message.ts';
import { byteLength } from './names.ts';

/** Messages of at most `maxBytes`, without numbers: a rollback would fake a loss. A hint that fits in none turns them into one "everything changed". */
export function packUnnumbered(publisher: string, jsons: readonly string[], maxBytes: number): string[] {
  const origin = { publisher, epoch: 0, seq: 0, previousAgeMs: 0 };
  const limit = maxBytes - ENVELOPE_BYTES;
  const groups: string[][] = [];
  let room = 0;
  for (const json of new Set(jsons)) {
    const size = byteLength(json) + 1;
    if (size > limit) return [encodeMessage(origin, 'h', [])];
    if (size > room) {
      groups.push([]);
      room = limit;
    }
    groups.at(-1)!.push(json);
    room -= size;
  }
  return groups.map((group) => encodeMessage(origin, 'h', group));
}
