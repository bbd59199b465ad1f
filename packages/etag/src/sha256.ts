/** Round constants and initial state are the fractions of the roots of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
const primes = firstPrimes(64);
const roundConstants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const initialState = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/**
 * SHA-256 of a few hundred bytes, synchronous, for runtimes that have neither `node:crypto` nor time to wait for
 * `crypto.subtle`. Not for bodies: it is some twenty times slower.
 * @see FIPS 180-4 §6.2
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) << 6) + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);

  const state = Int32Array.from(initialState);
  const schedule = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) compress(state, schedule, view, block);

  const digest = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) digest.setInt32(index * 4, word);
  return new Uint8Array(digest.buffer);
}

function compress(state: Int32Array, schedule: Int32Array, view: DataView, block: number): void {
  for (let t = 0; t < 64; t++) {
    if (t < 16) schedule[t] = view.getInt32(block + t * 4);
    else {
      const w15 = schedule[t - 15]!;
      const w2 = schedule[t - 2]!;
      const small0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
      const small1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
      schedule[t] = schedule[t - 16]! + small0 + schedule[t - 7]! + small1;
    }
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + roundConstants[t]! + schedule[t]!) | 0;
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index]! += word;
}

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}
