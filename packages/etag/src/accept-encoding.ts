/**
 * The content coding to send: of those `available` (in the server's order) the one with the highest weight in
 * `Accept-Encoding`, or `identity` where it says nothing, where identity is weighted higher, or where nothing fits. Never throws; linear.
 * @see RFC 9110 §12.5.3
 */
export function selectEncoding<Coding extends string>(
  field: string | undefined,
  available: readonly Coding[],
): Coding | 'identity' {
  if (field === undefined || field === '' || available.length === 0) return 'identity';
  const weights = new Map<string, number>();
  for (const member of field.split(',')) {
    const separator = member.indexOf(';');
    const name = (separator === -1 ? member : member.slice(0, separator)).trim().toLowerCase();
    const coding = name === 'x-gzip' ? 'gzip' : name;
    if (coding === '' || weights.has(coding)) continue;
    weights.set(coding, separator === -1 ? 1 : weight(member.slice(separator + 1)));
  }
  const rest = weights.get('*') ?? 0;
  let best: Coding | 'identity' = 'identity';
  // Unlisted, identity is acceptable and everything with a weight is better.
  let bestWeight = weights.get('identity') ?? 0;
  let chosen = false;
  for (const coding of available) {
    const own = weights.get(coding) ?? rest;
    if (own > 0 && (chosen ? own > bestWeight : own >= bestWeight)) {
      best = coding;
      bestWeight = own;
      chosen = true;
    }
  }
  return best;
}

/** `q=0.5`; what is no weight counts as 0, so that a malformed member is not chosen. */
function weight(parameters: string): number {
  const match = /^[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*$/i.exec(parameters);
  return match === null ? 0 : Number(match[1]);
}
