import type { PickContext } from "../../state/policy.ts";
import type { SlotDirectory } from "../../state/registry.ts";
import type { StateTable } from "../../state/state_table.ts";
import type { HeaderField, UpstreamRequest } from "../../http1/message.ts";
import { hmac } from "./hmac.ts";
import { preventSharedCaching } from "../shared_caches.ts";
import { extractCookie } from "./extract_cookie.ts";

/** The name of the cookie that says which server a client's session is at. */
export const STICKY_COOKIE = "ballast";

/** What {@linkcode StickySessions} works with. */
export interface StickyParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** Which of them take requests. */
  readonly table: StateTable;
  /** What the cookies are made from. */
  readonly secret: string;
}

/**
 * Keeps each client at the server that answered it first, by a cookie.
 *
 * Its value is HMAC-SHA-256 of the server's URL under the secret: who does not know the secret can
 * neither make the value for a server nor read from one where the server is. Balancers with the same
 * secret and the same servers know each other's cookies, and so do all threads of one.
 *
 * A server with weight 0 takes no new requests, sticky or not: its clients move. (HAProxy would keep
 * them there until they end their sessions.)
 */
export class StickySessions {
  readonly #parts: StickyParts;
  /** The value of each server, by URL; computed once. */
  #values = new Map<string, string>();
  /** The slot of the server that has a value. */
  #slots = new Map<string, number>();
  #generation = -1;

  /**
   * @param parts What to work with.
   * @throws {BalancerError} `invalid`, on a runtime without `node:crypto`.
   */
  constructor(parts: StickyParts) {
    hmac(parts.secret, "");
    this.#parts = parts;
  }

  /**
   * Finds out which server a client's session is at. Of several cookies with the name, the first one
   * whose value is a server's counts.
   *
   * @param request The client's request, ready to be sent.
   * @param clientAddress The client's IP address, if it is known.
   */
  begin(request: UpstreamRequest, clientAddress: string | undefined): StickySession {
    if (this.#generation !== this.#parts.table.generation) this.#refresh();
    const headers: HeaderField[] = [];
    let cookie: string | undefined;
    let taken = false;
    let secure = false;
    for (const field of request.headers) {
      const [name, value] = field;
      if (name === "x-forwarded-proto") secure = value.startsWith("https");
      const found = name === "cookie" ? extractCookie(value, STICKY_COOKIE) : undefined;
      if (found === undefined) {
        headers.push(field);
        continue;
      }
      taken = true;
      cookie ??= found.values.find((value) => this.#slots.has(value));
      if (found.rest !== "") headers.push([name, found.rest]);
    }
    return new StickySession({
      sessions: this,
      request: taken ? { ...request, headers } : request,
      clientAddress,
      cookie,
      secure,
      sessionSlot: cookie === undefined ? undefined : this.#slots.get(cookie),
    });
  }

  /** The value that stands for a server. */
  valueOf(url: string): string {
    let value = this.#values.get(url);
    if (value === undefined) {
      value = hmac(this.#parts.secret, url);
      this.#values.set(url, value);
    }
    return value;
  }

  #refresh(): void {
    const { registry, table } = this.#parts;
    const { generation, end } = table;
    const values = new Map<string, string>();
    const slots = new Map<string, number>();
    for (let slot = 0; slot < end; slot++) {
      // A thread may not have heard yet that a server is gone whose slot is closed already.
      const url = table.isOpen(slot) ? registry.inSlot(slot)?.server.url : undefined;
      if (url === undefined) continue;
      const value = this.valueOf(url);
      values.set(url, value);
      slots.set(value, slot);
    }
    // Those of servers that are gone are dropped with the old maps.
    this.#values = values;
    this.#slots = slots;
    this.#generation = generation;
  }
}

interface StickySessionParts {
  readonly sessions: StickySessions;
  readonly request: UpstreamRequest;
  readonly clientAddress: string | undefined;
  readonly cookie: string | undefined;
  readonly secure: boolean;
  readonly sessionSlot: number | undefined;
}

/** One request of a client whose session may be at a server. */
export class StickySession implements PickContext {
  /** The request as the server gets it: without the cookie, which is none of its business. */
  readonly request: UpstreamRequest;
  /** The client's IP address, if it is known. */
  readonly clientAddress: string | undefined;
  /** The slot of the server that the session is at, if any. */
  readonly sessionSlot: number | undefined;
  readonly #sessions: StickySessions;
  readonly #cookie: string | undefined;
  readonly #secure: boolean;

  /** @param parts What was found out. */
  constructor(parts: StickySessionParts) {
    this.request = parts.request;
    this.clientAddress = parts.clientAddress;
    this.sessionSlot = parts.sessionSlot;
    this.#sessions = parts.sessions;
    this.#cookie = parts.cookie;
    this.#secure = parts.secure;
  }

  /**
   * Tells the client, and nobody else, where its session is now, unless it knows.
   *
   * @param response The response to the client.
   * @param url The server that has answered.
   */
  settle(response: Response, url: string): void {
    const value = this.#sessions.valueOf(url);
    if (value === this.#cookie) return;
    preventSharedCaching(this.request.method, response);
    // Without Max-Age, it is gone when the browser is closed (RFC 6265 §4.1.2.2).
    const secure = this.#secure ? "; Secure" : "";
    response.headers.append(
      "set-cookie",
      `${STICKY_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`,
    );
  }
}
