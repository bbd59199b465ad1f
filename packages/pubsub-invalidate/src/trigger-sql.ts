import { checkCount, checkOneOf, checkText } from './check.ts';
import { byteLength, fit, MAX_CHANNEL_BYTES } from './names.ts';
import { DEFAULT_OUTBOX } from './outbox-rows.ts';
import { quoteIdentifier, quoteLiteral, quoteTable, splitTable } from './sql-quote.ts';

/** For `invalidationTriggerSql`. */
export interface InvalidationTriggerOptions {
  /** `name` or `schema.name`. */
  readonly table: string;
  /** `invalidator.channel`. */
  readonly channel: string;
  /** The name of a kind of that topic. */
  readonly kind: string;
  /** The columns that say which thing changed; the payload is `{ column: value }`. None (`[]`) for a kind without a payload. */
  readonly key: string | readonly string[];
  /** The kind's version (1). */
  readonly version?: number | undefined;
  /** A statement that touches more different keys than this (100) announces that everything changed. */
  readonly maxRows?: number | undefined;
  /** `notify` (default): for the Postgres transport, atomic with the commit. `outbox`: a row that `createOutboxRelay` publishes over any transport. */
  readonly via?: 'notify' | 'outbox' | undefined;
  /** The table of `outboxSql()` (`corral_outbox`). */
  readonly outboxTable?: string | undefined;
}

const EVERYTHING = `'{"v":1,"c":1}'`;

/**
 * SQL for triggers that announce a change whoever writes: psql, a migration, another service. Both texts may run again and
 * again. Fires once for a statement, through transition tables; TRUNCATE and statements over many rows announce everything.
 * Numbers of more than 15 digits come as text, since JSON in JavaScript would round them.
 * @throws {TypeError | RangeError} An option is wrong; the message names it.
 */
export function invalidationTriggerSql(options: InvalidationTriggerOptions): { up: string; down: string } {
  const {
    table,
    channel,
    kind,
    key,
    version = 1,
    maxRows = 100,
    via = 'notify',
    outboxTable = DEFAULT_OUTBOX,
  } = options;
  const columns = typeof key === 'string' ? [key] : key;
  if (!Array.isArray(columns)) throw new TypeError('key: expected a column or a list of columns');
  if (byteLength(checkText('channel', channel)) > MAX_CHANNEL_BYTES) {
    throw new RangeError(`channel: expected at most ${MAX_CHANNEL_BYTES} bytes, use invalidator.channel`);
  }
  checkText('kind', kind);
  checkOneOf('via', via, ['notify', 'outbox']);
  const target = quoteTable(table);
  const name = fit(`corral_${kind}_${table}_${channel}`, 52);
  const schema = splitTable(table)
    .slice(0, -1)
    .map((part) => `${quoteIdentifier(part)}.`);
  const routine = `${schema.join('')}${quoteIdentifier(name)}`;
  const events = ['insert', 'update', 'delete', 'truncate'] as const;
  const triggers = events.map((event) => ({ event, name: quoteIdentifier(`${name}_${event}`) }));
  const drops = triggers.map((trigger) => `DROP TRIGGER IF EXISTS ${trigger.name} ON ${target};`);
  const body = functionBody({
    kind,
    version: checkCount('version', version),
    columns,
    maxRows: checkCount('maxRows', maxRows),
    send: sender(via, channel, outboxTable),
  });
  const up = [
    `CREATE OR REPLACE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(body)};`,
    ...drops,
    ...triggers.map(
      (trigger) =>
        `CREATE TRIGGER ${trigger.name} AFTER ${trigger.event.toUpperCase()} ON ${target}${REFERENCING[trigger.event]} FOR EACH STATEMENT EXECUTE FUNCTION ${routine}();`,
    ),
  ];
  return { up: `${up.join('\n')}\n`, down: `${[...drops, `DROP FUNCTION IF EXISTS ${routine}();`].join('\n')}\n` };
}

const REFERENCING = {
  insert: ' REFERENCING NEW TABLE AS corral_new',
  update: ' REFERENCING OLD TABLE AS corral_old NEW TABLE AS corral_new',
  delete: ' REFERENCING OLD TABLE AS corral_old',
  truncate: '',
};

/** How `hints` (JSON, or NULL for everything) leaves. */
function sender(via: 'notify' | 'outbox', channel: string, outboxTable: string): string {
  if (via === 'outbox')
    return `INSERT INTO ${quoteTable(outboxTable)} (channel, hints) VALUES (${quoteLiteral(channel)}, hints::text);`;
  return `message := coalesce('{"v":1,"h":' || hints::text || '}', ${EVERYTHING});
  IF octet_length(message) > 7999 THEN message := ${EVERYTHING}; END IF;
  PERFORM pg_notify(${quoteLiteral(channel)}, message);`;
}

interface BodyOptions {
  readonly kind: string;
  readonly version: number;
  readonly columns: readonly string[];
  readonly maxRows: number;
  readonly send: string;
}

function functionBody({ kind, version, columns, maxRows, send }: BodyOptions): string {
  const payload = columns.length === 0 ? '' : `, jsonb_build_object(${columns.map(member).join(', ')})`;
  const hint = `jsonb_build_array(${quoteLiteral(kind)}::text, ${version}${payload})`;
  const from = (transition: string): string => `SELECT ${hint} AS hint FROM ${transition} AS r`;
  const collect = (source: string): string =>
    `SELECT count(*), jsonb_agg(hint) INTO found, hints FROM (SELECT DISTINCT hint FROM (${source}) AS every_row LIMIT ${maxRows + 1}) AS changed;`;
  return `
DECLARE
  found bigint := 0;
  hints jsonb;
  message text;
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN ${collect(from('corral_new'))}
    WHEN 'UPDATE' THEN ${collect(`${from('corral_old')} UNION ALL ${from('corral_new')}`)}
    WHEN 'DELETE' THEN ${collect(from('corral_old'))}
    ELSE found := ${maxRows + 1};
  END CASE;
  IF found = 0 THEN RETURN NULL; END IF;
  IF found > ${maxRows} THEN hints := NULL; END IF;
  ${send}
  RETURN NULL;
END
`;
}

/** `'column', value` for jsonb_build_object. */
function member(column: string): string {
  const value = `r.${quoteIdentifier(column)}`;
  const json = `to_jsonb(${value})`;
  const isLong = `jsonb_typeof(${json}) = 'number' AND length(${json}::text) > 15`;
  return `${quoteLiteral(column)}, CASE WHEN ${isLong} THEN to_jsonb(${value}::text) ELSE ${json} END`;
}

/** Quotes a function's body with a tag that does not occur in it. */
function dollarQuote(body: string): string {
  let tag = '$corral$';
  for (let n = 1; body.includes(tag); n++) tag = `$corral${n}$`;
  return `${tag}${body}${tag}`;
}
