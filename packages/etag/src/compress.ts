import { builtinModule, type BuiltinModules, type NodeCompress } from './builtin.ts';
import { EtagUnsupportedError } from './errors.ts';

/** What `createRepresentation` can compress ahead; `zstd` needs Node 22.15. */
export type ContentCoding = 'br' | 'gzip' | 'zstd';

export const contentCodings: readonly ContentCoding[] = ['br', 'gzip', 'zstd'];

/**
 * Compresses `bytes` off the main thread. The work is done once for many answers, so the levels favour size: Brotli 9
 * (11 takes some ten times longer for a few per cent), gzip 9, zstd 12.
 * @throws {EtagUnsupportedError} This runtime has no such compressor.
 */
export async function compress(bytes: Uint8Array, coding: ContentCoding): Promise<Uint8Array> {
  const zlib = builtinModule('node:zlib');
  if (zlib === undefined && coding === 'gzip' && typeof CompressionStream === 'function') return gzipStream(bytes);
  const { run, options } = compressorOf(coding, zlib);
  return new Promise((resolve, reject) => {
    run(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function compressorOf(
  coding: ContentCoding,
  zlib: BuiltinModules['node:zlib'] | undefined,
): { run: NodeCompress; options: object } {
  if (zlib !== undefined) {
    const { constants } = zlib;
    if (coding === 'gzip') return { run: zlib.gzip, options: { level: 9 } };
    if (coding === 'br') {
      return { run: zlib.brotliCompress, options: { params: { [constants.BROTLI_PARAM_QUALITY!]: 9 } } };
    }
    if (zlib.zstdCompress !== undefined) {
      return { run: zlib.zstdCompress, options: { params: { [constants.ZSTD_c_compressionLevel!]: 12 } } };
    }
  }
  const needs = coding === 'zstd' ? 'node:zlib with zstd (Node 22.15 or later)' : 'node:zlib';
  throw new EtagUnsupportedError(coding, `encodings: ${coding} needs ${needs}, which this runtime does not have`);
}

async function gzipStream(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
