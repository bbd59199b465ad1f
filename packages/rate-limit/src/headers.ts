import type { Decision } from './decision.ts';
import { capacity, type NamedRule } from './rules.ts';

export interface HeaderOptions {
  /** `draft-11` (default): `RateLimit` and `RateLimit-Policy`. `legacy`: the `X-RateLimit-*` triple. `both`, or neither (`false`). */
  style?: 'draft-11' | 'legacy' | 'both' | false | undefined;
  /** What `X-RateLimit-Reset` holds: seconds from now (`delta`, default) or Unix seconds (`epoch`). */
  legacyReset?: 'delta' | 'epoch' | undefined;
  /** The most milliseconds added to `Retry-After`; default a tenth of the rule's window, at most 30_000. 0 turns jitter off. */
  jitterMs?: number | undefined;
  /** A number from 0 to 1 for the jitter; default `Math.random`. */
  random?: (() => number) | undefined;
  /** Writes the two draft fields; replace it when the draft changes before we do. */
  serialize?: ((decision: Decision, rules: readonly NamedRule[]) => Record<string, string>) | undefined;
}

const seconds = (ms: number): number => Math.ceil(ms / 1000);
/** Structured fields end at 15 digits (RFC 9651 §3.3.1). */
const sfInteger = (value: number): number => Math.min(999_999_999_999_999, Math.max(0, Math.ceil(value)));
const quoted = (name: string): string => `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

/** What the fields say of rules, whoever asks. */
interface Written {
  readonly policy: string;
  readonly rules: ReadonlyMap<string, { readonly rule: NamedRule; readonly head: string }>;
}

const written = new WeakMap<readonly NamedRule[], Written>();

const policyOf = (rule: NamedRule, quota: number): string =>
  `${quoted(rule.name)};q=${sfInteger(quota)};w=${sfInteger(Math.max(1, seconds(rule.windowMs)))}`;

/** The rules of a limiter are frozen, and nearly always the same: they are written once. */
function write(rules: readonly NamedRule[]): Written {
  const known = written.get(rules);
  if (known !== undefined) return known;
  const made = {
    policy: rules.map((rule) => policyOf(rule, rule.limit)).join(', '),
    rules: new Map(rules.map((rule) => [rule.name, { rule, head: quoted(rule.name) }])),
  };
  if (Object.isFrozen(rules)) written.set(rules, made);
  return made;
}

/**
 * `RateLimit-Policy: "api";q=100;w=60` for every rule and `RateLimit: "api";r=42;t=17` for the one that decided.
 * @see draft-ietf-httpapi-ratelimit-headers-11; RFC 9651 for the syntax
 */
export function draft11Headers(decision: Decision, rules: readonly NamedRule[]): Record<string, string> {
  const { limit, remaining, resetMs, rule: name } = decision;
  const all = write(rules);
  const found = all.rules.get(name);
  const policy =
    found === undefined || found.rule.limit === limit
      ? all.policy
      : rules.map((rule) => policyOf(rule, rule.name === name ? limit : rule.limit)).join(', ');
  const available = found === undefined ? remaining : Math.min(remaining, Math.max(capacity(found.rule), limit));
  return {
    'ratelimit-policy': policy,
    ratelimit: `${found?.head ?? quoted(name)};r=${sfInteger(available)};t=${sfInteger(seconds(resetMs))}`,
  };
}

function legacyHeaders(decision: Decision, reset: 'delta' | 'epoch'): Record<string, string> {
  const at = reset === 'delta' ? seconds(decision.resetMs) : seconds(Date.now() + decision.resetMs);
  return {
    'x-ratelimit-limit': String(decision.limit),
    'x-ratelimit-remaining': String(decision.remaining),
    'x-ratelimit-reset': String(at),
  };
}

/**
 * The response fields of a decision, with lower-case names. A denial also gets `Retry-After`, never earlier than the quota is
 * back and spread by jitter upwards, so that the denied do not all return in the same second. A cost above the limit gets none:
 * no wait would help.
 */
export function rateLimitHeaders(
  decision: Decision,
  rules: readonly NamedRule[],
  options: HeaderOptions = {},
): Record<string, string> {
  const {
    style = 'draft-11',
    legacyReset = 'delta',
    jitterMs,
    random = Math.random,
    serialize = draft11Headers,
  } = options;
  if (style === 'draft-11' && decision.allowed) return serialize(decision, rules);
  const headers: Record<string, string> = {};
  if (style === 'draft-11' || style === 'both') Object.assign(headers, serialize(decision, rules));
  if (style === 'legacy' || style === 'both') Object.assign(headers, legacyHeaders(decision, legacyReset));
  if (!decision.allowed && Number.isFinite(decision.retryAfterMs)) {
    const windowMs = rules.find(({ name }) => name === decision.rule)?.windowMs ?? 0;
    const spread = (jitterMs ?? Math.min(windowMs / 10, 30_000)) * random();
    headers['retry-after'] = String(Math.max(1, seconds(Math.max(decision.retryAfterMs, decision.resetMs) + spread)));
  }
  return headers;
}
