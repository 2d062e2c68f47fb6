import { formatIpAddress, type IpBytes, parseIpAddress } from "./ip_address.ts";

/** The length of an IPv6 prefix behind which an IPv4-mapped address has its IPv4 address. */
const MAPPED_BITS = 96;

/** A range of IP addresses that begin with the same bits (RFC 4632 §3.1, RFC 4291 §2.3). */
export class CidrBlock {
  readonly #bytes: IpBytes;
  readonly #bits: number;

  /**
   * @param bytes The first address.
   * @param bits How many leading bits all addresses share.
   */
  private constructor(bytes: IpBytes, bits: number) {
    this.#bytes = bytes;
    this.#bits = bits;
  }

  /**
   * Reads a block such as `10.0.0.0/8` or `2001:db8::/32`, or one address. A block of IPv4-mapped
   * IPv6 addresses is one of IPv4 addresses; no other IPv6 block has IPv4 addresses in it, `::/0`
   * included.
   *
   * @param text The block.
   * @throws {TypeError} If it is not a block. The message is a predicate that begins with "is" or
   * "has".
   */
  static parse(text: string): CidrBlock {
    const [address = "", length, ...more] = text.split("/");
    const bytes = parseIpAddress(address);
    if (bytes === undefined || more.length > 0) {
      throw new TypeError("is neither an IP address nor a CIDR block");
    }
    const spelled = address.includes(":") ? 128 : 32;
    const given = length === undefined ? spelled : prefixLength(length, spelled);
    const shift = spelled - bytes.length * 8;
    if (given < shift) {
      throw new TypeError(`has addresses that are IPv4 and others; begin at /${MAPPED_BITS}`);
    }
    const block = new CidrBlock(bytes, given - shift);
    const first = block.#first();
    if (first.every((byte, index) => byte === bytes[index])) return block;
    throw new TypeError(
      `has bits set behind its prefix; write ${formatIpAddress(first)}/${given - shift} ` +
        "for the block, or the address alone",
    );
  }

  /** Whether an address is in this block. */
  contains(address: IpBytes): boolean {
    const bytes = this.#bytes;
    if (address.length !== bytes.length) return false;
    const whole = this.#bits >> 3;
    for (let at = 0; at < whole; at++) if (address[at] !== bytes[at]) return false;
    const rest = this.#bits & 7;
    return rest === 0 || (address[whole]! ^ bytes[whole]!) >> (8 - rest) === 0;
  }

  #first(): IpBytes {
    return this.#bytes.map((byte, at) => {
      const bits = Math.min(8, Math.max(0, this.#bits - at * 8));
      return byte & (0xff << (8 - bits));
    });
  }
}

function prefixLength(text: string, max: number): number {
  const length = /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : NaN;
  if (length <= max) return length;
  throw new TypeError(`has a prefix length that is no whole number from 0 to ${max}`);
}
