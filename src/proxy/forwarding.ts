import { formatIpAddress, type IpBytes } from "../model/ip_address.ts";
import type { HeaderField } from "../http1/message.ts";
import {
  CHAIN_MAX,
  forPair,
  type ForwardedElement,
  isScheme,
  parseForwarded,
} from "./forwarded_header.ts";
import { isHost } from "./request_url.ts";
import { parseForwardedFor, type TrustedProxies } from "./trusted_proxies.ts";

/** Who sent a request, and how, as this proxy saw it. */
export interface ClientInfo {
  /** The IP address of whoever sent it; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /** The host and port that were asked for. */
  readonly host: string;
  /** The scheme by which it came: `http` or `https`. */
  readonly scheme: string;
}

/** What a trusted proxy says of the client, both families of fields taken together. */
interface Claims {
  /** The members of `X-Forwarded-For`, the client's end first. */
  readonly members: readonly string[];
  /** For each of them, what its element of `Forwarded` has beside `host` and `proto`. */
  readonly pairs: readonly (readonly string[])[];
  /** The index of the client's among them; -1 where that is not known. */
  readonly client: number;
  /** The host that the client asked for, if that is told. */
  readonly host: string | undefined;
  /** The scheme by which the client came, if that is told. */
  readonly proto: string | undefined;
  /** The elements of `Forwarded`, where these are believed. */
  readonly elements?: readonly ForwardedElement[];
}

/**
 * The forwarding fields of a trusted proxy in front of this one. `X-Forwarded-*` and `Forwarded`
 * leave here saying the same: some servers read the one family, some the other (RFC 7239 §7.4).
 *
 * What one family leaves out is taken from the other. Where they contradict each other,
 * `X-Forwarded-*` is believed: most proxies know nothing of `Forwarded`, and let it pass.
 */
export class ForwardingFields {
  readonly #trusted: TrustedProxies;
  /** The value of `Forwarded`. */
  #forwarded: string | undefined;
  /** The value of `X-Forwarded-For`. */
  #for: string | undefined;
  /** The value of `X-Forwarded-Host`. */
  #host: string | undefined;
  /** The value of `X-Forwarded-Proto`. */
  #proto: string | undefined;

  /** @param trusted The proxies whose forwarding fields are believed. */
  constructor(trusted: TrustedProxies) {
    this.#trusted = trusted;
  }

  /** Takes a field if it is one of these. */
  take(name: string, value: string): void {
    if (name === "forwarded") this.#forwarded = value;
    else if (name === "x-forwarded-for") this.#for = value;
    else if (name === "x-forwarded-host") this.#host = value;
    else if (name === "x-forwarded-proto") this.#proto = value;
  }

  /**
   * The fields for the server: the chain of proxies with this one's peer at its end, and the host
   * and scheme that the first trusted one of them saw.
   *
   * @param origin What this proxy saw.
   */
  toUpstream(origin: ClientInfo): HeaderField[] {
    const { clientAddress } = origin;
    const claims = this.#read();
    const host = claims.host ?? origin.host;
    const scheme = claims.proto ?? origin.scheme;
    const own = forwardedElement({ clientAddress, host, scheme });
    const fields: HeaderField[] = [];
    const members = clientAddress === undefined
      ? claims.members
      : [...claims.members, clientAddress];
    if (members.length > 0) fields.push(["x-forwarded-for", members.join(", ")]);
    fields.push(["x-forwarded-host", host], ["x-forwarded-proto", scheme]);
    const before = claims.members.length === 0
      ? ""
      : `${this.#agrees(claims, { host, scheme }) ?? elementsOf(claims, { host, scheme })}, `;
    fields.push(["forwarded", before + own]);
    return fields;
  }

  /**
   * The client's address by these fields; see {@linkcode TrustedProxies.clientAddress}.
   *
   * @param peer The address of whoever sent them.
   */
  clientAddress(peer: string | undefined): string | undefined {
    const { members, client } = this.#read();
    const address = client === -1 ? undefined : parseForwardedFor(members[client]!);
    return address === undefined ? peer : formatIpAddress(address);
  }

  /** What is malformed counts as if it had not been there. */
  #read(): Claims {
    // Those nearest to this proxy were appended by proxies, not claimed by the client.
    const members = listed(this.#for).slice(-CHAIN_MAX);
    const chain = members.map(parseForwardedFor);
    const client = this.#trusted.clientIndex(chain);
    const host = ofHop(validList(this.#host, isHost), client, chain.length);
    const proto = ofHop(validList(this.#proto, isScheme), client, chain.length);
    const pairs = members.map((member, at) => [forPair(member, chain[at])]);
    const claims = { members, pairs, client, host, proto };
    const elements = this.#forwarded === undefined ? undefined : parseForwarded(this.#forwarded);
    if (elements === undefined) return claims;
    const other = this.#claimsOf(elements);
    const contradicts = differ(host, other.host) || differ(proto, other.proto) ||
      (members.length > 0 && other.members.length > 0 &&
        textOf(chain[client]) !== textOf(elements[other.client]?.address));
    if (contradicts) return claims;
    const merged = { host: host ?? other.host, proto: proto ?? other.proto };
    if (members.length === 0) return { ...other, ...merged };
    const same = chain.length === elements.length &&
      chain.every((address, at) =>
        elements[at]!.hasFor && textOf(address) === textOf(elements[at]!.address)
      );
    return same ? { ...claims, ...merged, pairs: other.pairs, elements } : { ...claims, ...merged };
  }

  #claimsOf(elements: readonly ForwardedElement[]): Claims {
    const chain = elements.map(({ address }) => address);
    const client = this.#trusted.clientIndex(chain);
    // Where the client's element leaves something out, the next proxy's after it may say it.
    const seen = elements.slice(client === -1 ? -1 : client);
    const told = elements.some(({ hasFor }) => hasFor);
    return {
      members: told ? chain.map((address) => textOf(address) ?? "unknown") : [],
      pairs: elements.map(({ hasFor, otherPairs }) =>
        hasFor ? otherPairs : ["for=unknown", ...otherPairs]
      ),
      client,
      host: seen.find(({ host }) => host !== undefined)?.host,
      proto: seen.find(({ proto }) => proto !== undefined)?.proto,
      elements,
    };
  }

  /** `Forwarded` as it was received, if nothing in it differs from what the server is told. */
  #agrees(
    claims: Claims,
    { host, scheme }: Pick<ClientInfo, "host" | "scheme">,
  ): string | undefined {
    const { elements, client } = claims;
    if (elements === undefined) return undefined;
    for (const [at, element] of elements.entries()) {
      if (!element.hasFor) return undefined;
      if (differ(element.host, host) || differ(element.proto, scheme)) return undefined;
      if (!isRead(at, client)) continue;
      if (claims.host !== undefined && element.host === undefined) return undefined;
      if (claims.proto !== undefined && element.proto === undefined) return undefined;
    }
    return this.#forwarded;
  }
}

/**
 * The client's address, as the trusted proxies tell it.
 *
 * @param trusted The proxies whose forwarding fields are believed, if there are any.
 * @param peer The address of whoever sent the request; undefined where the platform does not tell.
 * @param headers The request's fields.
 */
export function trustedClientAddress(
  trusted: TrustedProxies | undefined,
  peer: string | undefined,
  headers: Headers,
): string | undefined {
  if (trusted === undefined) return peer;
  const forwardedFor = headers.get("x-forwarded-for");
  const told = forwardedFor !== null && /[^, \t]/.test(forwardedFor);
  if (told || !headers.has("forwarded") || !trusted.has(peer)) {
    return trusted.clientAddress(peer, forwardedFor);
  }
  const fields = new ForwardingFields(trusted);
  headers.forEach((value, name) => fields.take(name, value));
  return fields.clientAddress(peer);
}

/**
 * This proxy's element of `Forwarded` (RFC 7239 §4); an IPv6 address is quoted and in brackets (§6).
 *
 * @param origin What this proxy saw.
 */
export function forwardedElement({ clientAddress, host, scheme }: ClientInfo): string {
  const client = clientAddress === undefined
    ? "unknown"
    : clientAddress.includes(":")
    ? `"[${clientAddress}]"`
    : clientAddress;
  return `for=${client};host="${host}";proto=${scheme}`;
}

/** The elements of `Forwarded` that say what `X-Forwarded-*` says. */
function elementsOf(
  { pairs, client }: Claims,
  { host, scheme }: Pick<ClientInfo, "host" | "scheme">,
): string {
  const seen = [`host="${host}"`, `proto=${scheme}`];
  return pairs.map((own, at) => (isRead(at, client) ? [...own, ...seen] : own).join(";"))
    .join(", ");
}

/** Whether servers look into this element for the host and scheme: the first, or the client's. */
function isRead(at: number, client: number): boolean {
  return at === 0 || at === client;
}

/** Both are there and not the same, letter case aside (RFC 3986 §3.1, §3.2.2). */
function differ(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.toLowerCase() !== other.toLowerCase();
}

function textOf(address: IpBytes | undefined): string | undefined {
  return address === undefined ? undefined : formatIpAddress(address);
}

/** The members of a list that are not empty (RFC 9110 §5.6.1.2). */
function listed(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value.split(",").map((member) => member.trim()).filter((member) => member !== "");
}

/** The members of a list; none if one is not valid, an empty one included. */
function validList(value: string | undefined, isValid: (member: string) => boolean): string[] {
  const members = value === undefined ? [] : value.split(",").map((member) => member.trim());
  return members.every(isValid) ? members : [];
}

/**
 * The member of a list that is about the client's hop: some proxies append to the list, as to
 * `X-Forwarded-For`; else it is the first.
 */
function ofHop(members: readonly string[], hop: number, hops: number): string | undefined {
  return members.length === hops && hop !== -1 ? members[hop] : members[0];
}
