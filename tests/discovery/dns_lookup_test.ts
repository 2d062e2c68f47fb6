import { assertEquals, assertRejects } from "@std/assert";
import type { DiscoveredAddress } from "../../src/model/discovery.ts";
import { completeServer } from "../../src/model/server.ts";
import { lookUp, type LookupOutcome } from "../../src/discovery/dns_lookup.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { FakeResolver } from "../testing/fake_resolver.ts";

const API = completeServer({ url: "http://api.test:8080", discover: "dns" });
const SERVICE = completeServer({ url: "http://_http._tcp.api.test", discover: "dns-srv" });
const SRV = "SRV _http._tcp.api.test";

function run(
  entry: typeof API,
  resolver: FakeResolver,
  known: readonly DiscoveredAddress[] = [],
): Promise<LookupOutcome> {
  const { signal } = new AbortController();
  return lookUp(entry, { resolver, known, clock: new FakeClock(), signal });
}

/** The addresses that were found, as `address:port*weight`; or what else it came to. */
function shown(outcome: LookupOutcome): unknown {
  if (outcome.type !== "found") return outcome;
  return outcome.found.map(({ address, port, weight }) => `${address}:${port ?? ""}*${weight}`);
}

function at(address: string, source: string, port?: number): DiscoveredAddress {
  return { address, port, weight: 1, source };
}

Deno.test("lookUp() finds the addresses of both families, in an order that does not change", async () => {
  const resolver = new FakeResolver();
  resolver.answer("A api.test", { ttl: 9, addresses: ["10.0.0.2", "10.0.0.1"] });
  resolver.answer("AAAA api.test", { ttl: 7, addresses: ["::1"] });
  assertEquals(await run(API, resolver), {
    type: "found",
    found: [at("10.0.0.1", "api.test"), at("10.0.0.2", "api.test"), at("::1", "api.test")],
    ttl: 7,
    problem: undefined,
  });
  // A family without addresses has no time that could count.
  resolver.answer("AAAA api.test", { ttl: 0 });
  assertEquals(await run(API, resolver), {
    type: "found",
    found: [at("10.0.0.1", "api.test"), at("10.0.0.2", "api.test")],
    ttl: 9,
    problem: undefined,
  });
});

Deno.test("lookUp() keeps what is known of a family that fails, and says so", async () => {
  const resolver = new FakeResolver();
  resolver.setAddresses("api.test", 9, "10.0.0.2");
  resolver.fail("AAAA api.test");
  const known = [at("10.0.0.1", "api.test"), at("::1", "api.test"), at("::2", "other.test")];
  const outcome = await run(API, resolver, known);
  assertEquals(shown(outcome), ["10.0.0.2:*1", "::1:*1"]);
  assertEquals(outcome.type === "found" && outcome.problem, "it answered SERVFAIL");
});

Deno.test("lookUp() tells that there is nothing from that nothing can be told", async () => {
  const resolver = new FakeResolver();
  const empty = { type: "empty", why: "no A api.test; no AAAA api.test" } as const;
  assertEquals(await run(API, resolver), empty);
  // One family alone cannot say that there is nothing.
  resolver.fail("AAAA api.test");
  const failed = { type: "failed", why: "it answered SERVFAIL" } as const;
  assertEquals(await run(API, resolver, [at("::1", "api.test")]), failed);
  resolver.fail(SRV);
  assertEquals(await run(SERVICE, resolver), failed);
});

Deno.test("lookUp() takes the first of the full names that has addresses, and no mixture", async () => {
  const resolver = new FakeResolver("default.svc", "svc");
  resolver.setAddresses("api.test.svc", 9, "10.0.0.1");
  resolver.answer("AAAA api.test", { addresses: ["::1"] });
  assertEquals(shown(await run(API, resolver)), ["10.0.0.1:*1"]);
  assertEquals(resolver.questions.includes("A api.test"), false);
  // One that cannot be asked does not keep the others from being asked, …
  resolver.fail("A api.test.default.svc");
  assertEquals(shown(await run(API, resolver)), ["10.0.0.1:*1"]);
  // … but where they have nothing, there may be something.
  resolver.answer("A api.test.svc", {});
  resolver.answer("AAAA api.test", {});
  assertEquals((await run(API, resolver)).type, "failed");
});

Deno.test("lookUp() finds the ports and weights of services", async () => {
  const resolver = new FakeResolver();
  resolver.answer(SRV, {
    ttl: 30,
    services: [[0, 10, 81, "a.test"], [0, 20, 82, "b.test"], [0, 20, 83, "b.test"]],
    hosts: { "b.test": ["10.0.0.2"] },
  });
  resolver.answer("A a.test", { ttl: 20, addresses: ["10.0.0.1"] });
  resolver.answer("AAAA a.test", { ttl: 40, addresses: ["::1"] });
  const outcome = await run(SERVICE, resolver);
  const expected = ["10.0.0.1:81*1", "10.0.0.2:82*2", "10.0.0.2:83*2", "::1:81*1"];
  assertEquals(shown(outcome), expected);
  assertEquals(outcome.type === "found" && outcome.ttl, 20);
  assertEquals(resolver.questions.includes("A b.test"), false);
  resolver.answer(SRV, { ttl: 10, services: [[0, 10, 81, "a.test"]] });
  const short = await run(SERVICE, resolver);
  assertEquals(short.type === "found" && short.ttl, 10);
});

Deno.test("lookUp() goes to a higher priority only where the lower has no address", async () => {
  const resolver = new FakeResolver();
  resolver.answer(SRV, {
    services: [[20, 1, 83, "c.test"], [10, 5, 82, "b.test"], [5, 1, 81, "a.test"]],
  });
  resolver.setAddresses("b.test", 9, "10.0.0.2");
  resolver.setAddresses("c.test", 9, "10.0.0.3");
  assertEquals(shown(await run(SERVICE, resolver)), ["10.0.0.2:82*1"]);
  assertEquals(resolver.questions.includes("A c.test"), false);
  resolver.setAddresses("a.test", 9, "10.0.0.1");
  assertEquals(shown(await run(SERVICE, resolver)), ["10.0.0.1:81*1"]);
});

Deno.test("lookUp() keeps what is known of a target that fails", async () => {
  const resolver = new FakeResolver();
  resolver.answer(SRV, { services: [[0, 0, 81, "a.test"], [0, 0, 82, "b.test"]] });
  resolver.fail("A a.test", "no answer");
  resolver.setAddresses("b.test", 9, "10.0.0.4");
  const known = [
    at("10.0.0.1", "a.test", 81),
    at("10.0.0.2", "a.test", 80),
    at("10.0.0.3", "b.test", 82),
  ];
  const outcome = await run(SERVICE, resolver, known);
  assertEquals(shown(outcome), ["10.0.0.1:81*1", "10.0.0.4:82*1"]);
  assertEquals(outcome.type === "found" && outcome.problem, "no answer");
});

Deno.test("lookUp() says which services there are not", async () => {
  const resolver = new FakeResolver();
  assertEquals(await run(SERVICE, resolver), { type: "empty", why: `no ${SRV}` });
  resolver.answer(SRV, { services: [[0, 0, 81, "a.test"]] });
  assertEquals(await run(SERVICE, resolver), {
    type: "empty",
    why: "no target of _http._tcp.api.test has an address",
  });
  resolver.fail("A a.test");
  assertEquals((await run(SERVICE, resolver)).type, "failed");
});

Deno.test("lookUp() makes one server of two records with one address", async () => {
  const resolver = new FakeResolver();
  resolver.answer(SRV, {
    services: [[0, 1, 81, "a.test"], [0, 3, 81, "b.test"]],
    hosts: { "a.test": ["10.0.0.1"], "b.test": ["10.0.0.1"] },
  });
  assertEquals(shown(await run(SERVICE, resolver)), ["10.0.0.1:81*3"]);
});

Deno.test("lookUp() rejects when it is broken off, and where something else goes wrong", async () => {
  const resolver = new FakeResolver();
  const abort = new AbortController();
  resolver.answer("A api.test", new Promise(() => {}));
  const looking = lookUp(API, {
    resolver,
    known: [],
    clock: new FakeClock(),
    signal: abort.signal,
  });
  abort.abort(new Error("enough"));
  await assertRejects(() => looking, Error, "enough");
  resolver.answer("A api.test", new TypeError("a defect"));
  await assertRejects(() => run(API, resolver), TypeError, "a defect");
});

Deno.test("lookUp() leaves each name of the search list its time", async () => {
  const resolver = new FakeResolver("a.test", "b.test");
  const clock = new FakeClock();
  const forever = Promise.withResolvers<never>();
  for (const name of ["api.test.a.test", "api.test.b.test"]) {
    for (const type of ["A", "AAAA"]) resolver.answer(`${type} ${name}`, forever.promise);
  }
  resolver.setAddresses("api.test", 9, "10.0.0.1");
  const looking = lookUp(API, { resolver, known: [], clock, signal: new AbortController().signal });
  await clock.advance(20_000);
  assertEquals(shown(await looking), ["10.0.0.1:*1"]);
  assertEquals([resolver.waiting, clock.timers], [0, 0]);
});

Deno.test("lookUp() finds the addresses that a name has on this machine, and asks nobody then", async () => {
  const resolver = new FakeResolver("a.test");
  resolver.hostsFile.set("api.test", ["::1", "10.0.0.1"]);
  resolver.setAddresses("api.test.a.test", 9, "10.0.0.2");
  assertEquals(await run(API, resolver), {
    type: "found",
    found: [at("10.0.0.1", "api.test"), at("::1", "api.test")],
    ttl: 5,
    problem: undefined,
  });
  assertEquals(resolver.questions, []);
  resolver.hostsFile.clear();
  assertEquals(shown(await run(API, resolver)), ["10.0.0.2:*1"]);
  // The name of a service is none of a host.
  resolver.hostsFile.set("_http._tcp.api.test", ["10.0.0.1"]);
  await run(SERVICE, resolver);
  assertEquals(resolver.questions.at(-1), SRV);
});
