import { BalancerError } from "../../model/errors.ts";
import type { PickContext } from "../../state/policy.ts";
import type { SlotDirectory } from "../../state/registry.ts";
import type { StateTable } from "../../state/state_table.ts";
import type { HeaderField, UpstreamRequest } from "../../http1/message.ts";
import { preventSharedCaching } from "../shared_caches.ts";
import { extractCookie } from "./extract_cookie.ts";

/** Name of the cookie that identifies the server of a client's session. */
export const STICKY_COOKIE = "ballast";

/** The part of `node:crypto` in use here. */
interface NodeCrypto {
  createHmac(algorithm: string, key: string): Hmac;
}

interface Hmac {
  update(text: string): Hmac;
  digest(encoding: "base64url"): string;
}

interface Runtime {
  readonly process?: { getBuiltinModule?(name: string): NodeCrypto | undefined };
}

/** Options of {@linkcode StickySessions}. */
export interface StickyParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** State table of the servers. */
  readonly table: StateTable;
  /** Secret key of the cookies. */
  readonly secret: string;
}

/**
 * Session affinity by cookie: keeps each client at the server that answered it first.
 *
 * The value of the cookie is HMAC-SHA-256 of the server's URL with the secret as its key: without
 * the secret, nobody can make a cookie or find out the server's address from one. All threads, and
 * all balancers with the same secret and servers, accept each other's cookies.
 *
 * A server with weight 0 takes no new requests, and its clients move to another server. (HAProxy
 * would keep them until they end their sessions.)
 */
export class StickySessions {
  readonly #parts: StickyParts;
  /** Cookie value of each server by URL. */
  #values = new Map<string, string>();
  /** Slot of each server by cookie value. */
  #slots = new Map<string, number>();
  #generation = -1;

  /**
   * @param parts The options.
   * @throws {BalancerError} `invalid` on a runtime without `node:crypto`.
   */
  constructor(parts: StickyParts) {
    hmac(parts.secret, "");
    this.#parts = parts;
  }

  /**
   * Finds the server of a client's session. Of several cookies, the first with the value of a
   * server counts.
   *
   * @param request The client's request, ready to be sent.
   * @param clientAddress IP address of the client, if known.
   */
  begin(request: UpstreamRequest, clientAddress: string | undefined): StickySession {
    if (this.#generation !== this.#parts.table.generation) this.#refresh();
    const headers: HeaderField[] = [];
    let cookie: string | undefined;
    let extracted = false;
    let secure = false;
    for (const field of request.headers) {
      const [name, value] = field;
      if (name === "x-forwarded-proto") secure = value.startsWith("https");
      const found = name === "cookie" ? extractCookie(value, STICKY_COOKIE) : undefined;
      if (found === undefined) {
        headers.push(field);
        continue;
      }
      extracted = true;
      cookie ??= found.values.find((value) => this.#slots.has(value));
      if (found.rest !== "") headers.push([name, found.rest]);
    }
    return new StickySession({
      sessions: this,
      request: extracted ? { ...request, headers } : request,
      clientAddress,
      cookie,
      secure,
      sessionSlot: cookie === undefined ? undefined : this.#slots.get(cookie),
    });
  }

  /** The cookie value of a server. */
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
      // The slot of a removed server is closed before this thread is notified of the removal.
      const url = table.isOpen(slot) ? registry.inSlot(slot)?.server.url : undefined;
      if (url === undefined) continue;
      const value = this.valueOf(url);
      values.set(url, value);
      slots.set(value, slot);
    }
    // Values of removed servers are dropped with the old maps.
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

/** Session of one request, which may be bound to a server. */
export class StickySession implements PickContext {
  /** The request to be sent, without the cookie. */
  readonly request: UpstreamRequest;
  /** IP address of the client, if known. */
  readonly clientAddress: string | undefined;
  /** Slot of the session's server, if there is one. */
  readonly sessionSlot: number | undefined;
  readonly #sessions: StickySessions;
  readonly #cookie: string | undefined;
  readonly #secure: boolean;

  /** @param parts The properties of the session. */
  constructor(parts: StickySessionParts) {
    this.request = parts.request;
    this.clientAddress = parts.clientAddress;
    this.sessionSlot = parts.sessionSlot;
    this.#sessions = parts.sessions;
    this.#cookie = parts.cookie;
    this.#secure = parts.secure;
  }

  /**
   * Sets the cookie in a response, unless the client has it already.
   *
   * @param response The response to the client.
   * @param url The server that responded.
   */
  setCookie(response: Response, url: string): void {
    const value = this.#sessions.valueOf(url);
    if (value === this.#cookie) return;
    preventSharedCaching(this.request.method, response);
    // Without Max-Age, it lasts until the browser is closed (RFC 6265 §4.1.2.2).
    const secure = this.#secure ? "; Secure" : "";
    response.headers.append(
      "set-cookie",
      `${STICKY_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`,
    );
  }
}

/**
 * Computes HMAC-SHA-256 (RFC 2104) synchronously, which `crypto.subtle` cannot.
 *
 * @param key The key, as UTF-8.
 * @param text The text, as UTF-8.
 * @returns The code in base64url without padding (RFC 4648 §5), 43 characters.
 * @throws {BalancerError} `invalid` on a runtime without `node:crypto`.
 */
function hmac(key: string, text: string): string {
  // Importing it would cost every start and every worker 50 ms, even without sticky sessions.
  const crypto = (globalThis as Runtime).process?.getBuiltinModule?.("node:crypto");
  if (crypto === undefined) {
    throw new BalancerError(
      "invalid",
      "Cannot use sticky sessions: this runtime has no node:crypto; remove the option sticky",
    );
  }
  return crypto.createHmac("sha256", key).update(text).digest("base64url");
}
