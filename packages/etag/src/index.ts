export { cacheControl, cachePolicy, type CacheDirectives } from './cache-control.ts';
export { computeEtag, computeEtagAsync, type ComputeEtagOptions } from './compute-etag.ts';
export { equalStrong, equalWeak, formatEtag, isEntityTag, weaken } from './entity-tag.ts';
export { EtagUnsupportedError } from './errors.ts';
export { matchEtagList, parseEtagList, type EtagList } from './etag-list.ts';
export type { HeaderSource, HeadersLike } from './header-source.ts';
export { formatHttpDate, parseHttpDate } from './http-date.ts';
export { notModifiedHeaders, notModifiedStrip } from './not-modified-headers.ts';
export {
  evaluatePreconditions,
  isNotModified,
  type ConditionalField,
  type Current,
  type PreconditionOutcome,
} from './preconditions.ts';
export {
  createRepresentation,
  type Representation,
  type RepresentationOptions,
  type Variant,
} from './representation.ts';
export { versionEtag, type VersionPart } from './version-etag.ts';
export type { ContentCoding } from './compress.ts';
export type { EtagEvent } from './events.ts';
