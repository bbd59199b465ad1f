/** Something with the reading half of the web's `Headers`. */
export interface HeadersLike {
  get(name: string): string | null;
  forEach(visit: (value: string, name: string) => void): void;
}

/** Request or response fields: `Headers`, or a record like Node's `request.headers` (names in any case). */
export type HeaderSource = HeadersLike | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The fields that make a request conditional, and `Range`; a field on several lines is one list. */
export interface ConditionalFields {
  readonly 'if-match'?: FieldValue;
  readonly 'if-unmodified-since'?: FieldValue;
  readonly 'if-none-match'?: FieldValue;
  readonly 'if-modified-since'?: FieldValue;
  readonly 'if-range'?: FieldValue;
  readonly range?: FieldValue;
}
export type FieldValue = string | readonly string[] | undefined;

const names = ['if-match', 'if-unmodified-since', 'if-none-match', 'if-modified-since', 'if-range', 'range'] as const;

export function isHeaders(headers: HeaderSource): headers is HeadersLike {
  return typeof headers.get === 'function';
}

/** The conditional fields of a record. Node's own shape comes back as it is, without a copy. */
export function conditionalFields(headers: Readonly<Record<string, FieldValue>>): ConditionalFields {
  const fields: ConditionalFields = headers;
  const found =
    fields['if-none-match'] !== undefined ||
    fields['if-match'] !== undefined ||
    fields['if-modified-since'] !== undefined ||
    fields['if-unmodified-since'] !== undefined ||
    fields['if-range'] !== undefined;
  return found ? fields : inAnyCase(headers);
}

/** The text of one field that is written in lower case. */
export function readField(headers: HeaderSource, name: string): string | undefined {
  return isHeaders(headers) ? (headers.get(name) ?? undefined) : fieldText(headers[name]);
}

/** A field's value as one text, `undefined` if the field is not there. */
export function fieldText(value: FieldValue): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((line) => fieldText(line) ?? '').join(', ');
  // What is no text is no valid value either, but it stands there: `null` alone means absent.
  return value === null ? undefined : '';
}

/** Some platforms hand on names as the client wrote them; to miss `If-Match` there would lose an update. */
function inAnyCase(headers: Readonly<Record<string, FieldValue>>): ConditionalFields {
  let copy: Record<string, FieldValue> | undefined;
  for (const name in headers) {
    const first = name.charCodeAt(0);
    if (first !== 0x49 && first !== 0x69 && first !== 0x52) continue; // I, i, R
    const lower = name.toLowerCase();
    if (lower !== name && names.some((known) => known === lower)) {
      copy ??= { range: headers.range };
      copy[lower] = headers[name];
    }
  }
  return copy ?? headers;
}
