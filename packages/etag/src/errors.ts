/** This runtime lacks what an option asks for: a hash, or a content coding. */
export class EtagUnsupportedError extends Error {
  override readonly name = 'EtagUnsupportedError';
  readonly code = 'ERR_ETAG_UNSUPPORTED';
  /** What is missing: `node:crypto`, `br`, `gzip` or `zstd`. */
  readonly feature: string;

  constructor(feature: string, message: string) {
    super(message);
    this.feature = feature;
  }
}
