import { assertEquals, assertThrows } from "@std/assert";
import {
  type PlatformServer,
  serveWithRestart,
} from "../../../src/fronts/web/serve_with_restart.ts";

/** A server that fails when a test says so. */
class FakeServer implements PlatformServer {
  readonly #over = Promise.withResolvers<void>();
  readonly addr: { readonly hostname: string; readonly port: number };

  constructor(port: number) {
    this.addr = { hostname: "127.0.0.1", port: port === 0 ? 4711 : port };
  }

  get finished(): Promise<void> {
    return this.#over.promise;
  }

  fail(): void {
    this.#over.reject(new Error("Too many open files (os error 24)"));
  }

  shutdown(): Promise<void> {
    this.#over.resolve();
    return this.finished;
  }
}

Deno.test("serveWithRestart() listens again on its port until it can", async () => {
  const servers: FakeServer[] = [];
  const asked: number[] = [];
  const again = Promise.withResolvers<void>();
  const listener = serveWithRestart((port) => {
    asked.push(port);
    // The second time, the port cannot be had either.
    if (asked.length === 2) throw new Error("Too many open files (os error 24)");
    const server = new FakeServer(port);
    servers.push(server);
    if (servers.length === 2) again.resolve();
    return server;
  }, 0);
  servers[0]!.fail();
  await again.promise;
  assertEquals(asked, [0, 4711, 4711]);
  await listener.shutdown();
  await listener.finished;
});

Deno.test("serveWithRestart() does not listen again after the end", async () => {
  const abort = new AbortController();
  const server = new FakeServer(1);
  let starts = 0;
  const listener = serveWithRestart(
    () => {
      starts++;
      return server;
    },
    1,
    abort.signal,
  );
  abort.abort();
  server.fail();
  await listener.finished;
  assertEquals(starts, 1);
});

Deno.test("serveWithRestart() throws what the first attempt throws", () => {
  assertThrows(
    () =>
      serveWithRestart(() => {
        throw new Error("in use");
      }, 1),
    Error,
    "in use",
  );
});
