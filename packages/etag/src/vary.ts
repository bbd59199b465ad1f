/**
 * `Vary` with `names` added to what is there already; `*` stays alone. A CORS hook and a compressor each add theirs.
 * @see RFC 9110 §12.5.5
 */
export function mergeVary(existing: string | readonly string[] | number | undefined, names: string): string {
  const present = (Array.isArray(existing) ? existing.join(', ') : String(existing ?? '')).trim();
  if (present === '') return names;
  const known = new Set(members(present));
  if (known.has('*')) return '*';
  const missing = names.split(',').filter((name) => !known.has(name.trim().toLowerCase()));
  return missing.length === 0 ? present : `${present}, ${missing.map((name) => name.trim()).join(', ')}`;
}

const members = (field: string): string[] => field.split(',').map((name) => name.trim().toLowerCase());
