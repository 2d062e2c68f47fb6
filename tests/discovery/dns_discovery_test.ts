import { assert, assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { Registry, type RegistryEvent } from "../../src/state/registry.ts";
import { completeServer, type Server, type ServerInit } from "../../src/model/server.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { DnsDiscovery } from "../../src/discovery/dns_discovery.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { FakeResolver } from "../testing/fake_resolver.ts";
import { LogWatcher } from "../testing/log_watcher.ts";

const API = "http://api.test:8080";

/** Discovery on a clock that stands still, over names that a test gives addresses. */
class Fixture implements Disposable {
  readonly clock = new FakeClock();
  readonly resolver = new FakeResolver();
  readonly registry: Registry;
  readonly discovery: DnsDiscovery;
  readonly events: string[] = [];
  settled: () => Promise<void> = () => Promise.resolve();

  constructor(capacity = 100, admit: (servers: readonly Server[]) => void = () => {}) {
    this.registry = new Registry(new StateTable(capacity), () => true, admit);
    this.registry.subscribe((event) => this.events.push(shown(event)));
    this.discovery = new DnsDiscovery({
      registry: this.registry,
      clock: this.clock,
      makeResolver: () => Promise.resolve(this.resolver),
      settled: () => this.settled(),
    });
  }

  async add(init: Partial<ServerInit> = {}): Promise<void> {
    this.discovery.add(completeServer({ url: API, discover: "dns", ...init }));
    await settle();
  }

  get urls(): string[] {
    return this.registry.entries().map(({ server }) => server.url);
  }

  get report() {
    return this.discovery.reports()[0]!;
  }

  [Symbol.dispose](): void {
    this.discovery[Symbol.dispose]();
  }
}

function shown({ type, entry: { server } }: RegistryEvent): string {
  return `${type} ${server.url}`;
}

Deno.test("DnsDiscovery follows the addresses of a name, each time the answer has run out", async () => {
  using fixture = new Fixture();
  const { resolver, clock, events } = fixture;
  resolver.setAddresses("api.test", 5, "10.0.0.1", "10.0.0.2");
  await fixture.add({ weight: 3 });
  assertEquals(fixture.urls, ["http://10.0.0.1:8080", "http://10.0.0.2:8080"]);
  const { server } = fixture.registry.get("http://10.0.0.1:8080");
  assertEquals([server.weight, server.discoveredBy], [3, API]);

  resolver.setAddresses("api.test", 5, "10.0.0.2", "10.0.0.3");
  await clock.advance(4999);
  assertEquals(resolver.questions.length, 2);
  await clock.advance(1);
  assertEquals(resolver.questions.length, 4);
  assertEquals(fixture.urls, ["http://10.0.0.2:8080", "http://10.0.0.3:8080"]);
  // New ones come before old ones go, and what stays is left alone.
  assertEquals(events.slice(2), ["added http://10.0.0.3:8080", "removed http://10.0.0.1:8080"]);
  await clock.advance(60_000);
  assertEquals(events.length, 4);
  assertEquals(clock.timers, 1);
});

Deno.test("DnsDiscovery does nothing while there is no entry", async () => {
  using fixture = new Fixture();
  await fixture.discovery.ready();
  assertEquals([fixture.clock.timers, fixture.discovery.reports()], [0, []]);
});

Deno.test("DnsDiscovery removes servers only once every thread knows the new ones", async () => {
  using fixture = new Fixture();
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.1");
  await fixture.add();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.settled = () => promise;
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.2");
  await fixture.clock.advance(5000);
  assertEquals(fixture.urls, ["http://10.0.0.1:8080", "http://10.0.0.2:8080"]);
  resolve();
  await settle();
  assertEquals(fixture.urls, ["http://10.0.0.2:8080"]);
});

Deno.test("DnsDiscovery keeps its servers while lookups fail, and logs each state once", async () => {
  await using log = await LogWatcher.start();
  using fixture = new Fixture();
  const { resolver, clock } = fixture;
  resolver.setAddresses("api.test", 5, "10.0.0.1");
  await fixture.add();
  resolver.fail("A api.test");
  await clock.advance(600_000);
  assertEquals(fixture.urls, ["http://10.0.0.1:8080"]);
  assertEquals(fixture.report.error, "it answered SERVFAIL");
  // 1, 2, 4, 8, 16, and then 30 seconds apart.
  const count = resolver.questions.length / 2;
  assert(count >= 24 && count <= 27, `there were ${count}`);
  resolver.setAddresses("api.test", 5, "10.0.0.1");
  await clock.advance(30_000);
  assertEquals(fixture.report.error, undefined);
  const lines = log.lines.filter((line) => /look up|Lookups of/.test(line));
  assertEquals(lines, [
    `Cannot look up ${API}: it answered SERVFAIL. Known addresses, which stay in use: 1`,
    `Lookups of ${API} succeed again`,
  ]);
});

Deno.test("DnsDiscovery believes an empty answer after half a minute of them", async () => {
  await using log = await LogWatcher.start();
  using fixture = new Fixture();
  const { resolver, clock } = fixture;
  resolver.setAddresses("api.test", 10, "10.0.0.1");
  await fixture.add();
  resolver.setAddresses("api.test", 10);
  await clock.advance(10_000 + 29_999);
  assertEquals(fixture.urls.length, 1);
  await clock.advance(5000);
  assertEquals(fixture.urls, []);
  const lines = log.lines.filter((line) => line.includes("Cannot look up"));
  assertEquals(lines.map((line) => /stay in use: (.*)$/.exec(line)?.[1]), [
    "1",
    "0",
  ]);
  // A service that comes back is found within seconds.
  resolver.setAddresses("api.test", 10, "10.0.0.2");
  await clock.advance(5000);
  assertEquals(fixture.urls, ["http://10.0.0.2:8080"]);
});

Deno.test("DnsDiscovery gives a lookup ten seconds, and never runs two at once", async () => {
  using fixture = new Fixture();
  const { resolver, clock } = fixture;
  resolver.answer("A api.test", new Promise(() => {}));
  await fixture.add();
  await clock.advance(9999);
  assertEquals([resolver.waiting, resolver.questions.length], [1, 2]);
  assertEquals([fixture.report.error, fixture.report.nextLookup], [undefined, undefined]);
  await clock.advance(1);
  assertEquals([resolver.waiting, fixture.report.error], [0, "the lookup took over 10 s"]);
  assertEquals(fixture.report.nextLookup!.getTime() - clock.date().getTime(), 1000);
});

Deno.test("DnsDiscovery.ready() waits for the first lookups, for five seconds at most", async () => {
  using fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<{ addresses: string[] }>();
  fixture.resolver.answer("A api.test", promise);
  await fixture.add();
  let isReady = false;
  const waiting = fixture.discovery.ready().then(() => isReady = true);
  await settle();
  assertEquals(isReady, false);
  resolve({ addresses: ["10.0.0.1"] });
  await waiting;
  assertEquals(fixture.urls.length, 1);

  fixture.resolver.answer("A b.test", new Promise(() => {}));
  await fixture.add({ url: "http://b.test" });
  const late = fixture.discovery.ready();
  await fixture.clock.advance(5000);
  await late;
  // Failed lookups count as lookups.
  fixture.resolver.fail("A c.test");
  fixture.discovery.remove("http://b.test");
  await fixture.add({ url: "http://c.test" });
  await fixture.discovery.ready();
});

Deno.test("DnsDiscovery.update() changes every server at once", async () => {
  using fixture = new Fixture();
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.1", "10.0.0.2");
  await fixture.add();
  const change = { weight: 7, name: "api", maxConnections: 3, draining: true };
  assertEquals(fixture.discovery.update(`${API}/`, change).weight, 7);
  for (const { server } of fixture.registry.entries()) {
    const { weight, name, maxConnections, draining, discoveredBy } = server;
    assertEquals([weight, maxConnections, draining, discoveredBy], [7, 3, true, API]);
    assertEquals(name, `api ${server.url.slice(7)}`);
  }
  await fixture.clock.advance(5000);
  assertEquals(fixture.events.filter((event) => event.startsWith("updated")).length, 2);
  assertThrows(() => fixture.discovery.update("http://no.test", {}), BalancerError, "no server");
});

Deno.test("DnsDiscovery.update() to another way of finding looks up at once, and keeps servers", async () => {
  using fixture = new Fixture();
  const { resolver } = fixture;
  resolver.setAddresses("api.test", 300, "10.0.0.1");
  await fixture.add({ url: "http://api.test" });
  const { promise, resolve } = Promise.withResolvers<object>();
  resolver.answer("SRV api.test", promise);
  fixture.discovery.update("http://api.test", { discover: "dns-srv" });
  await settle();
  assertEquals(fixture.urls, ["http://10.0.0.1"]);
  resolve({ services: [[0, 0, 81, "a.test"]], hosts: { "a.test": ["10.0.0.1"] } });
  await settle();
  assertEquals(fixture.urls, ["http://10.0.0.1:81"]);
  assertEquals(fixture.clock.timers, 1);
});

Deno.test("DnsDiscovery.remove() ends the lookups and removes every server, with the drain", async () => {
  using fixture = new Fixture();
  const { resolver, clock, registry } = fixture;
  resolver.setAddresses("api.test", 5, "10.0.0.1", "10.0.0.2");
  await fixture.add();
  const drains: unknown[] = [];
  registry.subscribe((event) => drains.push(event.type === "removed" && event.drain));
  assertEquals(fixture.discovery.remove(API, 30).url, API);
  assertEquals([fixture.urls, drains, clock.timers], [[], [30, 30], 0]);
  // A lookup that is under way adds nothing any more.
  const { promise, resolve } = Promise.withResolvers<{ addresses: string[] }>();
  resolver.answer("A api.test", promise);
  await fixture.add();
  fixture.discovery.remove(API);
  resolve({ addresses: ["10.0.0.3"] });
  await settle();
  assertEquals([fixture.urls, clock.timers, resolver.waiting], [[], 0, 0]);
});

Deno.test("DnsDiscovery looks nothing up any more once it is disposed of, and leaves the servers", async () => {
  const fixture = new Fixture();
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.1");
  await fixture.add();
  fixture[Symbol.dispose]();
  await fixture.clock.advance(60_000);
  assertEquals([fixture.urls.length, fixture.resolver.questions.length], [1, 2]);
  assertEquals(fixture.clock.timers, 0);
});

Deno.test("DnsDiscovery does nothing more for an entry that goes while the threads are told", async () => {
  using fixture = new Fixture();
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.1");
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.settled = () => promise;
  await fixture.add();
  assertEquals(fixture.urls.length, 1);
  fixture.discovery.remove(API);
  resolve();
  await settle();
  assertEquals([fixture.urls, fixture.clock.timers], [[], 0]);
});

Deno.test("DnsDiscovery goes on after a defect", async () => {
  await using log = await LogWatcher.start();
  using fixture = new Fixture();
  fixture.resolver.answer("A api.test", new TypeError("a defect"));
  await fixture.add();
  await fixture.discovery.ready();
  await log.waitFor("Cannot discover servers of");
  fixture.resolver.setAddresses("api.test", 5, "10.0.0.1");
  await fixture.clock.advance(10_000);
  assertEquals(fixture.urls.length, 1);
});
