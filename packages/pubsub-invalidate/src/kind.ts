import { checkCount, checkFunction } from './check.ts';

/**
 * One sort of change that a topic announces. `payload` says which thing changed (ids, not values and not cache keys:
 * each replica derives its own keys).
 */
export interface Kind<Payload> {
  readonly version: number;
  readonly decode: ((raw: unknown, version: number) => Payload) | undefined;
  /** Only for the compiler. */
  readonly payload?: Payload;
}

/** For `kind()`. */
export interface KindOptions<Payload> {
  /** Counts up with each new shape of the payload (1). A replica that meets a newer version than its own clears (`unknown-kind`). */
  readonly version?: number | undefined;
  /** Turns what came over the wire into a payload; gets every version up to `version`. What it throws on becomes the gap `undecodable`. */
  readonly decode?: ((raw: unknown, version: number) => Payload) | undefined;
}

// eslint-disable-next-line typescript/no-explicit-any -- any payload: the constraint must not narrow it
export type Kinds = Readonly<Record<string, Kind<any>>>;

/** The payload of a kind. */
export type PayloadOf<OneKind> = OneKind extends Kind<infer Payload> ? Payload : never;

/** The payload as arguments: none for a kind without one. */
export type PayloadArguments<OneKind> = [PayloadOf<OneKind>] extends [void]
  ? [payload?: undefined]
  : [payload: PayloadOf<OneKind>];

/** Declares a kind: `kind<{ userId: string }>()`, `kind<void>()`. */
export function kind<Payload>(options: KindOptions<Payload> = {}): Kind<Payload> {
  const { version = 1, decode } = options;
  return Object.freeze({ version: checkCount('version', version), decode: checkFunction('decode', decode) });
}
