import { assertEquals } from "@std/assert";
import { type AdminOptions, createAdmin, type LoadBalancer } from "../../mod.ts";

/** An answer of the admin API. */
export interface AdminAnswer {
  /** The status. */
  readonly status: number;
  /** The fields. */
  readonly headers: Headers;
  /** The parsed JSON; undefined without content. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** A request's options, besides method and path. */
export interface AdminCallInit {
  /** The content, sent as JSON. Default: none. */
  readonly body?: unknown;
  /** Further fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls the admin API of a balancer, without a socket. */
export class AdminCaller {
  readonly #fetch: (request: Request) => Promise<Response>;

  /**
   * @param balancer The balancer.
   * @param options Options of its admin API.
   */
  constructor(balancer: LoadBalancer, options: AdminOptions = {}) {
    this.#fetch = createAdmin(balancer, options).fetch;
  }

  /** Calls it and reads the JSON that comes back. */
  async call(method: string, path: string, init: AdminCallInit = {}): Promise<AdminAnswer> {
    const response = await this.raw(method, path, init);
    const text = await response.text();
    const { status, headers } = response;
    if (status >= 400) assertEquals(headers.get("content-type"), "application/problem+json");
    return { status, headers, json: text === "" ? undefined : JSON.parse(text) };
  }

  /** Calls it. */
  raw(method: string, path: string, { body, headers = {} }: AdminCallInit = {}): Promise<Response> {
    const type: Record<string, string> = body === undefined
      ? {}
      : { "content-type": "application/json" };
    return this.#fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { ...type, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }
}

/** The path of a server in the admin API. */
export function serverPath(key: string): string {
  return `/servers/${encodeURIComponent(key)}`;
}
