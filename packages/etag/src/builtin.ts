/** The built-in modules that are used where they exist, in the shape in which they are used. */
export interface BuiltinModules {
  'node:buffer': { Buffer: { from(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array } };
  'node:crypto': {
    /** Node 20.12 and later. */
    hash?(algorithm: string, data: string | Uint8Array, encoding: 'base64url'): string;
    createHash(algorithm: string): { update(data: string | Uint8Array): { digest(encoding: 'base64url'): string } };
  };
  'node:diagnostics_channel': { channel(name: string): { hasSubscribers: boolean; publish(message: unknown): void } };
  'node:stream': { Readable: { from(items: readonly unknown[]): unknown } };
  'node:zlib': {
    gzip: NodeCompress;
    brotliCompress: NodeCompress;
    /** Node 22.15, 23.8 and later. */
    zstdCompress?: NodeCompress;
    constants: Record<string, number>;
  };
}

export type NodeCompress = (
  bytes: Uint8Array,
  options: object,
  done: (error: Error | null, result: Uint8Array) => void,
) => void;

type Find = <Name extends keyof BuiltinModules>(name: Name) => BuiltinModules[Name] | undefined;

/** A built-in module of Node, Bun or Deno, or `undefined` where there is none: the core itself imports nothing. */
export const builtinModule: Find = (name) => {
  const { process } = globalThis as { process?: { getBuiltinModule?: Find } };
  return process?.getBuiltinModule?.(name);
};
