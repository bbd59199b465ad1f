/** One identifier in double quotes: case is kept, and nothing in it can end it. */
export function quoteIdentifier(name: string): string {
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`identifier: expected a string that is not empty, got ${name}`);
  if (name.includes('\0')) throw new TypeError('identifier: a NUL character is not allowed');
  return `"${name.replaceAll('"', '""')}"`;
}

/** `table` or `schema.table`; a name that has a dot itself is written as `schema."odd.name"`. */
export const quoteTable = (name: string): string => splitTable(name).map(quoteIdentifier).join('.');

/** The parts of a table's name: one or two. */
export function splitTable(name: string): string[] {
  const parts = typeof name === 'string' ? (name.match(/"(?:[^"]|"")+"(?=\.|$)|[^".][^.]*/g) ?? []) : [];
  const whole = parts.join('.');
  if (parts.length < 1 || parts.length > 2 || whole !== name) {
    throw new TypeError(`table: expected name or schema.name, got ${name}`);
  }
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new TypeError('literal: a NUL character is not allowed');
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
