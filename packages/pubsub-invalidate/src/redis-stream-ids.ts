/** Orders two stream ids `milliseconds-sequence`. */
export function compareIds(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}

/** The id of the first entry; `0-0` when there is none: read everything that comes. */
export const firstId = (entries: readonly (readonly [id: string, ...unknown[]])[]): string => entries[0]?.[0] ?? '0-0';
