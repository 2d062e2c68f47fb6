import { formatIpAddress, type IpBytes } from "../model/ip_address.ts";
import type { HeaderField } from "../http1/message.ts";
import {
  CHAIN_MAX,
  forPair,
  type ForwardedElement,
  isScheme,
  parseForwarded,
} from "./forwarded_header.ts";
import { isHostField } from "../http1/request_url.ts";
import { parseForwardedFor, type TrustedProxies } from "./trusted_proxies.ts";

/** Client of a request, as seen by this proxy. */
export interface ClientInfo {
  /** IP address of the peer; undefined if the platform does not know it. */
  readonly clientAddress: string | undefined;
  /** Requested host, with a port if there is one. */
  readonly host: string;
  /** Scheme of the connection: `http` or `https`. */
  readonly scheme: string;
}

/** Claims of a trusted proxy about the client, merged from both families of fields. */
interface Claims {
  /** Members of `X-Forwarded-For`, beginning at the client. */
  readonly members: readonly string[];
  /** Pairs of the element of `Forwarded` for each member, except `host` and `proto`. */
  readonly pairs: readonly (readonly string[])[];
  /** Index of the client among the members; -1 if it is unknown. */
  readonly client: number;
  /** Host that the client requested, if claimed. */
  readonly host: string | undefined;
  /** Scheme of the client's connection, if claimed. */
  readonly proto: string | undefined;
  /** Elements of `Forwarded`, if they agree with the other fields. */
  readonly elements?: readonly ForwardedElement[];
}

/**
 * Forwarding fields of a trusted proxy in front of this one. `X-Forwarded-*` and `Forwarded` are
 * forwarded with the same content, as some servers read the one family and some the other (RFC 7239
 * §7.4).
 *
 * Each family fills the gaps of the other. If they contradict each other, `X-Forwarded-*` wins:
 * most proxies do not know `Forwarded`, and let it pass.
 */
export class ForwardingFields {
  readonly #trusted: TrustedProxies;
  /** Value of `Forwarded`. */
  #forwarded: string | undefined;
  /** Value of `X-Forwarded-For`. */
  #for: string | undefined;
  /** Value of `X-Forwarded-Host`. */
  #host: string | undefined;
  /** Value of `X-Forwarded-Proto`. */
  #proto: string | undefined;

  /** @param trusted The trusted proxies. */
  constructor(trusted: TrustedProxies) {
    this.#trusted = trusted;
  }

  /** Takes a field if it is a forwarding field. */
  take(name: string, value: string): void {
    if (name === "forwarded") this.#forwarded = value;
    else if (name === "x-forwarded-for") this.#for = value;
    else if (name === "x-forwarded-host") this.#host = value;
    else if (name === "x-forwarded-proto") this.#proto = value;
  }

  /**
   * The fields for the server: the chain of proxies with the peer of this one at its end, and the
   * host and scheme that the first trusted proxy saw.
   *
   * @param peer The client as seen by this proxy.
   */
  toUpstream(peer: ClientInfo): HeaderField[] {
    const { clientAddress } = peer;
    const claims = this.#read();
    const host = claims.host ?? peer.host;
    const scheme = claims.proto ?? peer.scheme;
    const own = forwardedElement({ clientAddress, host, scheme });
    const fields: HeaderField[] = [];
    const members = clientAddress === undefined
      ? claims.members
      : [...claims.members, clientAddress];
    if (members.length > 0) fields.push(["x-forwarded-for", members.join(", ")]);
    fields.push(["x-forwarded-host", host], ["x-forwarded-proto", scheme]);
    const before = claims.members.length === 0
      ? ""
      : `${this.#agreeing(claims, { host, scheme }) ?? elementsOf(claims, { host, scheme })}, `;
    fields.push(["forwarded", before + own]);
    return fields;
  }

  /**
   * The client's address according to these fields; see {@linkcode TrustedProxies.clientAddress}.
   *
   * @param peer The address of the peer.
   */
  clientAddress(peer: string | undefined): string | undefined {
    const { members, client } = this.#read();
    const address = client === -1 ? undefined : parseForwardedFor(members[client]!);
    return address === undefined ? peer : formatIpAddress(address);
  }

  /** Merges the fields; malformed ones are ignored. */
  #read(): Claims {
    // The last members were appended by proxies; the first may be made up by the client.
    const members = listed(this.#for).slice(-CHAIN_MAX);
    const chain = members.map(parseForwardedFor);
    const client = this.#trusted.clientIndex(chain);
    const host = ofHop(validList(this.#host, isHostField), client, chain.length);
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
    // A later proxy may have added what the client's element leaves out.
    const seen = elements.slice(client === -1 ? -1 : client);
    const hasAnyFor = elements.some(({ hasFor }) => hasFor);
    return {
      members: hasAnyFor ? chain.map((address) => textOf(address) ?? "unknown") : [],
      pairs: elements.map(({ hasFor, otherPairs }) =>
        hasFor ? otherPairs : ["for=unknown", ...otherPairs]
      ),
      client,
      host: seen.find(({ host }) => host !== undefined)?.host,
      proto: seen.find(({ proto }) => proto !== undefined)?.proto,
      elements,
    };
  }

  /** `Forwarded` as received, if it agrees with the other fields for the server. */
  #agreeing(
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
 * The client's address, as reported by trusted proxies.
 *
 * @param trusted The trusted proxies, if any.
 * @param peer The address of the peer; undefined if the platform does not know it.
 * @param headers The fields of the request.
 */
export function trustedClientAddress(
  trusted: TrustedProxies | undefined,
  peer: string | undefined,
  headers: Headers,
): string | undefined {
  if (trusted === undefined) return peer;
  const forwardedFor = headers.get("x-forwarded-for");
  const hasMembers = forwardedFor !== null && /[^, \t]/.test(forwardedFor);
  if (hasMembers || !headers.has("forwarded") || !trusted.has(peer)) {
    return trusted.clientAddress(peer, forwardedFor);
  }
  const fields = new ForwardingFields(trusted);
  headers.forEach((value, name) => fields.take(name, value));
  return fields.clientAddress(peer);
}

/**
 * This proxy's element of `Forwarded` (RFC 7239 §4); an IPv6 address is quoted and in brackets
 * (§6).
 *
 * @param client The client as seen by this proxy.
 */
export function forwardedElement({ clientAddress, host, scheme }: ClientInfo): string {
  const node = clientAddress === undefined
    ? "unknown"
    : clientAddress.includes(":")
    ? `"[${clientAddress}]"`
    : clientAddress;
  return `for=${node};host="${host}";proto=${scheme}`;
}

/** Elements of `Forwarded` with the content of `X-Forwarded-*`. */
function elementsOf(
  { pairs, client }: Claims,
  { host, scheme }: Pick<ClientInfo, "host" | "scheme">,
): string {
  const seen = [`host="${host}"`, `proto=${scheme}`];
  return pairs.map((own, at) => (isRead(at, client) ? [...own, ...seen] : own).join(";"))
    .join(", ");
}

/** Whether servers read the host and scheme from this element: the first, or the client's. */
function isRead(at: number, client: number): boolean {
  return at === 0 || at === client;
}

/** Whether both are present and differ, ignoring case (RFC 3986 §3.1, §3.2.2). */
function differ(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.toLowerCase() !== other.toLowerCase();
}

function textOf(address: IpBytes | undefined): string | undefined {
  return address === undefined ? undefined : formatIpAddress(address);
}

/** Non-empty members of a list (RFC 9110 §5.6.1.2). */
function listed(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value.split(",").map((member) => member.trim()).filter((member) => member !== "");
}

/** Members of a list; none if any is invalid or empty. */
function validList(value: string | undefined, isValid: (member: string) => boolean): string[] {
  const members = value === undefined ? [] : value.split(",").map((member) => member.trim());
  return members.every(isValid) ? members : [];
}

/**
 * The member of a list for the client's hop: at the same index if the list is as long as
 * `X-Forwarded-For`, as some proxies append to both; else the first.
 */
function ofHop(members: readonly string[], hop: number, hops: number): string | undefined {
  return members.length === hops && hop !== -1 ? members[hop] : members[0];
}
