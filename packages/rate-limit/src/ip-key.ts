/**
 * The key of a client address: an IPv4 address as it is, an IPv6 address cut to its network (`/64` by default: one home or
 * one host has the whole of it). Mapped (`::ffff:192.0.2.1`) addresses become IPv4, zone ids are dropped, spelling does not matter.
 * Text that is no address is returned as it is. Linear in the length of the input.
 * @throws {RangeError} `v6Prefix` is no integer from 1 to 128.
 * @see RFC 4291, RFC 6177
 */
export function ipKey(ip: string, v6Prefix = 64): string {
  if (!Number.isInteger(v6Prefix) || v6Prefix < 1 || v6Prefix > 128) {
    throw new RangeError(`v6Prefix: expected an integer from 1 to 128, got ${v6Prefix}`);
  }
  if (ip.length > 100 || !ip.includes(':')) return ip;
  const groups = parseV6(ip.split('%', 1)[0]!.toLowerCase());
  if (groups === undefined) return ip;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (mapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  const network = groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, v6Prefix - index * 16));
    return (group & (0xff_ff << (16 - bits)) & 0xff_ff).toString(16);
  });
  return `${network.slice(0, Math.ceil(v6Prefix / 16)).join(':')}${v6Prefix > 112 ? '' : '::'}/${v6Prefix}`;
}

/** The eight groups of an IPv6 address, or undefined. */
function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0]!);
  const right = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right];
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const quad = index === parts.length - 1 ? parseV4(part) : undefined;
      if (quad === undefined) return undefined;
      groups.push(...quad);
    } else {
      if (!/^[\da-f]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function parseV4(text: string): [number, number] | undefined {
  const bytes = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) return undefined;
  return [bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!];
}
