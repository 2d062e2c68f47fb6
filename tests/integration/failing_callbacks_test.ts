import { trace } from "@opentelemetry/api";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadBalancer, type Policy } from "../../mod.ts";
import type { CheckSharing } from "../../src/health/check_sharing.ts";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { settle } from "../testing/fake_clock.ts";
import { GatedServer } from "../testing/gated_server.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { unusedUrl } from "../testing/raw_server.ts";
import { SampleServer } from "../testing/sample_server.ts";

// A rejection that nobody handles, or an exception in a timer, fails the test that runs.

function fail(): never {
  throw new Error("a defect");
}

/** The ways in which a program's function fails. */
const FAILURES: readonly (() => unknown)[] = [
  fail,
  () => Promise.reject(new Error("a defect")),
  // deno-lint-ignore no-explicit-any
  () => ({ then: (_: unknown, reject: any) => reject(new Error("a defect")) }),
];

/** How often this was logged. */
async function logged(watcher: LogWatcher, line: string): Promise<number> {
  await settle();
  return watcher.lines.filter((logged) => logged === line).length;
}

for (const [way, failure] of FAILURES.entries()) {
  Deno.test(`listeners that fail change nothing, way ${way}`, async () => {
    await using watcher = await LogWatcher.start();
    const balancer = new LoadBalancer();
    const heard: string[] = [];
    balancer.events.subscribe(failure, failure);
    balancer.events.subscribe(({ type }) => heard.push(type));
    balancer.decisions.onSwitch(failure);
    balancer.decisions.subscribe(failure);
    const url = unusedUrl();
    assertEquals(balancer.add({ url, healthCheckPeriod: 0 }).url, new URL(url).origin);
    balancer.update(url, { weight: 2 });
    balancer.remove(url);
    balancer.decisions.keep(10);
    await (await balancer.fetch(new Request("http://a/"))).body?.cancel();
    await balancer.close();
    assertEquals([heard, balancer.decisions.count], [["added", "updated", "removed"], 1]);
    const line = "Cannot call a listener of balancer.events: Error: a defect";
    assertEquals(await logged(watcher, line), 4);
    for (const what of ["a decision", "whether decisions are recorded"]) {
      assertEquals(await logged(watcher, `Cannot report ${what}: Error: a defect`), 1);
    }
  });

  Deno.test(`a listener that fails as a request ejects a server fails no request, way ${way}`, async () => {
    await using server = new SampleServer("server");
    await using served = await serveBalancer([unusedUrl(), server.url], {
      ejection: { connectionFailures: 1 },
    });
    const heard: string[] = [];
    served.balancer.events.subscribe(failure);
    served.balancer.events.subscribe(({ type }) => heard.push(type));
    for (let i = 0; i < 3; i++) assertEquals(await (await fetch(served.url)).text(), "server");
    assertEquals(heard, ["ejected"]);
  });

  Deno.test(`an access log that cannot be written loses its lines only, way ${way}`, async () => {
    await using watcher = await LogWatcher.start();
    await using server = new SampleServer("server");
    {
      await using served = await serveBalancer([server.url], {
        accessLog: { format: "json", write: failure },
      });
      assertEquals(await (await fetch(served.url)).text(), "server");
    }
    assertEquals(await logged(watcher, "Cannot write the access log: Error: a defect"), 1);
  });

  Deno.test(`sharing that fails leaves the checks to this balancer, way ${way}`, async () => {
    await using watcher = await LogWatcher.start();
    await using server = new SampleServer("server");
    const sharing = {
      begin: failure,
      changeCheck: failure,
      owner: fail,
      onResult: failure,
      forget: failure,
    } as unknown as CheckSharing;
    const balancer = new LoadBalancer();
    balancer.shareChecks(sharing);
    balancer.add({ url: server.url, healthCheckPeriod: 60 });
    assertEquals((await balancer.check(server.url)).passed, true);
    balancer.setHealthCheck({ path: "/other" });
    balancer.remove(server.url);
    await balancer.close();
    assertEquals(await logged(watcher, "Cannot share a health check: Error: a defect"), 1);
  });

  Deno.test(`a policy that fails for one that waits fails that request only, way ${way}`, async () => {
    await using server = new GatedServer();
    let pick = (): unknown => 0;
    const policy: Policy = { attach: way === 0 ? () => {} : failure, pick: () => pick() as number };
    const servers = [{ url: server.url, maxConnections: 1, healthCheckPeriod: 0 }];
    const balancer = new LoadBalancer({ servers, policy });
    const send = () => balancer.fetch(new Request("http://a/"));
    const first = send();
    await server.arrivals(1);
    const second = send();
    pick = failure;
    server.release();
    assertEquals(await (await first).text(), "released");
    const failed = await second;
    assertEquals(failed.status, 500);
    assertStringIncludes(await failed.text(), "500");
    pick = () => 0;
    server.open();
    assertEquals(await (await send()).text(), "released");
    assertEquals(activeRequests(balancer), 0);
    // It would wait for ever for a request that was not counted as over.
    await balancer.close();
  });
}

Deno.test("a listener may replace itself while it is called", () => {
  const { events, add } = setUpEvents();
  const heard: number[] = [];
  let end = () => {};
  function listen({ number }: { number: number }): void {
    heard.push(number);
    end();
    end = events.subscribe(listen);
  }
  end = events.subscribe(listen);
  add();
  add();
  assertEquals(heard, [1, 2]);
});

function setUpEvents() {
  const { events } = new LoadBalancer();
  const server = { url: "http://a", name: "a", weight: 1, healthCheckPeriod: 0 };
  const news = { type: "added", server, detail: undefined } as unknown as Parameters<
    typeof events.add
  >[0];
  return { events, add: () => events.add(news) };
}

Deno.test("a tracer that throws fails no request, and leaves none counted", async () => {
  await using watcher = await LogWatcher.start();
  await using server = new SampleServer("server");
  const span = new Proxy({}, {
    get: (_, name) => name === "spanContext" ? () => ({ traceId: "1" }) : fail,
  });
  const tracers = [fail, () => ({ startSpan: () => span })];
  for (const getTracer of tracers) {
    trace.setGlobalTracerProvider(
      { getTracer } as unknown as Parameters<
        typeof trace.setGlobalTracerProvider
      >[0],
    );
    const balancer = new LoadBalancer({ servers: [{ url: server.url, healthCheckPeriod: 0 }] });
    const response = await balancer.fetch(new Request("http://a/"));
    assertEquals([response.status, await response.text()], [200, "server"]);
    assertEquals(activeRequests(balancer), 0);
    await balancer.close();
    trace.disable();
  }
  assertEquals(await logged(watcher, "Cannot trace a request: Error: a defect"), 1);
  assertEquals(await logged(watcher, "Cannot tell an observer of a request: Error: a defect"), 1);
  const registered = Symbol.for("opentelemetry.js.api.1");
  assert(Reflect.deleteProperty(globalThis, registered));
});
