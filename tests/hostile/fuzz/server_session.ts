import { assert, assertEquals } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../../mod.ts";
import { assertProblem, checkFields } from "./admin_session.ts";
import type { Condition, ServerRequest } from "./server_requests.ts";

interface ModelServer {
  readonly url: string;
  readonly name: string;
  readonly weight: number;
  readonly health_check_period: number;
  readonly max_connections: number;
  readonly draining: boolean;
}

/** The expected servers after the accepted requests. */
class Model {
  readonly servers = new Map<string, ModelServer>();

  /** The URLs that a path can mean; a URL means itself, also where there is no such server. */
  meant(key: string): string[] {
    const text = decodeURIComponent(key);
    const url = /^https?:\/\//.test(text.toLowerCase()) ? URL.parse(text) : null;
    if (url !== null) return [url.origin + url.pathname.replace(/\/+$/, "")];
    return [...this.servers.values()].filter(({ name }) => name === text).map(({ url }) => url);
  }

  /** The status of a request that nothing but the servers and its conditions can be against. */
  expectedStatus({ method, key, query, ifMatch, ifNoneMatch }: ServerRequest): number {
    const [url, ...others] = this.meant(key);
    if (others.length > 0) return 409;
    if (url === undefined) return 404;
    const there = this.servers.has(url);
    if (!there && method !== "PUT") return 404;
    const named = (condition: Condition) => there && ["current", "any"].includes(condition);
    if (ifMatch !== "none" && !named(ifMatch)) return 412;
    if (named(ifNoneMatch)) return method === "GET" ? 304 : 412;
    return there || query === "?dry_run=true" ? 200 : 201;
  }

  /** Makes a change that was accepted. */
  apply({ method, key, action, body }: ServerRequest): void {
    const [url] = this.meant(key);
    const previous = this.servers.get(url!);
    if (method === "GET" || action === "/check") return;
    if (method === "DELETE") this.servers.delete(url!);
    else if (method === "POST") {
      this.servers.set(url!, { ...previous!, draining: action === "/drain" });
    } else {
      // A byte order mark is read over (RFC 8259 §8.1).
      const value = JSON.parse(body!.replace(/^\ufeff/, ""));
      this.servers.set(url!, this.#merged(url!, value, method === "PATCH"));
    }
  }

  #merged(url: string, given: Record<string, unknown>, isPatch: boolean): ModelServer {
    const { url: _, ...members } = given;
    const removed = Object.keys(members).filter((key) => members[key] === null);
    const set = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
    checkFields(set);
    assert(isPatch || removed.length === 0, "null is a value in patches only");
    const defaults = {
      name: new URL(url).host,
      weight: 1,
      health_check_period: 10,
      max_connections: 0,
      draining: false,
    };
    const kept = Object.entries(this.servers.get(url) ?? {})
      .filter(([key]) => isPatch && !removed.includes(key));
    return { ...defaults, ...Object.fromEntries(kept), ...set, url } as ModelServer;
  }
}

function field(condition: Condition, tag: string): string {
  return { none: "", current: `"other", ${tag}`, stale: '"other"', any: "*" }[condition];
}

/** Plays a session, and checks every answer and what there is after it. */
export async function playServerSession(session: readonly ServerRequest[]): Promise<void> {
  await using balancer = new LoadBalancer();
  const { fetch } = createAdmin(balancer);
  const model = new Model();
  for (const sent of session) {
    const { method, key, action, query, type, body, oddMatch, valid } = sent;
    const address = `http://localhost/servers/${key}`;
    const read = await fetch(new Request(address));
    await read.body?.cancel();
    const tag = read.headers.get("etag") ?? '"nothing"';
    const headers = new Headers(type === undefined ? {} : { "content-type": type });
    if (sent.ifMatch !== "none") headers.set("if-match", field(sent.ifMatch, tag));
    if (sent.ifNoneMatch !== "none") headers.set("if-none-match", field(sent.ifNoneMatch, tag));
    if (oddMatch !== undefined) headers.set("if-match", oddMatch);
    const bytes = body === undefined || method === "GET" ? null : new TextEncoder().encode(body);
    const expected = valid ? model.expectedStatus(sent) : undefined;
    const request = new Request(address + action + query, { method, headers, body: bytes });
    const isServer = new URL(request.url).pathname === `/servers/${key}${action}`;
    const response = await fetch(request);
    const text = await response.text();
    if (expected !== undefined) assertEquals(response.status, expected);
    if (response.status >= 400) assertProblem(response, JSON.parse(text));
    else if (isServer && !/dry_run=true/.test(query)) model.apply(sent);
    assertEquals(
      balancer.servers().map((server) => ({
        url: server.url,
        name: server.name,
        weight: server.weight,
        health_check_period: server.healthCheckPeriod,
        max_connections: server.maxConnections,
        draining: server.draining,
      })),
      [...model.servers.values()],
    );
    if (response.status < 300 && method !== "DELETE" && response.headers.has("etag")) {
      const at = `http://localhost${response.headers.get("content-location")}`;
      const { headers } = await fetch(new Request(at));
      assertEquals(response.headers.get("etag"), headers.get("etag"));
    }
  }
}
