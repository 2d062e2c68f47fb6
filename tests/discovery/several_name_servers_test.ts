import { assertEquals, assertRejects } from "@std/assert";
import { completeServer } from "../../src/model/server.ts";
import { DnsClient } from "../../src/discovery/dns_client.ts";
import { lookUp } from "../../src/discovery/dns_lookup.ts";
import { DnsFailure } from "../../src/discovery/dns_resolver.ts";
import { makeDnsClient } from "../../src/discovery/make_dns_client.ts";
import type { ResolverConfig } from "../../src/discovery/resolv_conf.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";

/** Breaks off what would wait for an answer for ever. */
function limit(): AbortSignal {
  return AbortSignal.timeout(5000);
}

function clientOf(
  servers: readonly DnsServer[],
  clock: FakeClock,
  config: Partial<ResolverConfig> = {},
): DnsClient {
  const complete = {
    servers: servers.map(({ port }) => ({ address: "127.0.0.1", port })),
    search: [],
    ndots: 1,
    timeout: 2000,
    attempts: 1,
    ...config,
  };
  return new DnsClient({ clock, configure: () => Promise.resolve(complete) });
}

/** A name server that answers, and one that takes questions and says nothing. */
async function startTwo(over: readonly ("tcp" | "udp")[] = ["tcp", "udp"]) {
  const hung = await DnsServer.start(over);
  const fine = await DnsServer.start();
  for (const name of ["one.test", "two.test", "three.test"]) {
    hung.reply("A", name, "silence");
    fine.setAddresses(name, 7, ["127.0.0.1"]);
  }
  return { hung, fine };
}

Deno.test("DnsClient.ask() asks the next server 0.3 s after one that is hung", async () => {
  const { hung, fine } = await startTwo();
  await using _hung = hung;
  await using _fine = fine;
  const clock = new FakeClock();
  const asking = clientOf([hung, fine], clock).ask("one.test", "A", limit());
  await hung.asked(1);
  await clock.advance(299);
  assertEquals(fine.questions, []);
  await clock.advance(1);
  assertEquals((await asking).addresses, ["127.0.0.1"]);
  // The other one is broken off.
  assertEquals(clock.timers, 0);
});

Deno.test("DnsClient.ask() asks the next server at once after one that takes no TCP", async () => {
  const { hung, fine } = await startTwo(["udp"]);
  await using _hung = hung;
  await using _fine = fine;
  const clock = new FakeClock();
  const asking = clientOf([hung, fine], clock).ask("one.test", "A", limit());
  assertEquals((await asking).addresses, ["127.0.0.1"]);
  assertEquals(clock.timers, 0);
});

Deno.test("DnsClient.ask() asks a server last for a minute that did not answer", async () => {
  const { hung, fine } = await startTwo();
  await using _hung = hung;
  await using _fine = fine;
  const clock = new FakeClock();
  const client = clientOf([hung, fine], clock);
  const first = client.ask("one.test", "A", limit());
  await hung.asked(1);
  await clock.advance(300);
  await first;
  await client.ask("two.test", "A", limit());
  await clock.advance(59_999);
  await client.ask("two.test", "A", limit());
  assertEquals(hung.questions.length, 1);
  // Then it is asked first again, and stays first where it answers.
  await clock.advance(1);
  hung.setAddresses("three.test", 7, ["127.0.0.2"]);
  assertEquals((await client.ask("three.test", "A", limit())).addresses, ["127.0.0.2"]);
  assertEquals(hung.questions.length, 2);
});

Deno.test("DnsClient.ask() asks a server last as well that gave no answer in all of its time", async () => {
  const { hung, fine } = await startTwo();
  await using _hung = hung;
  await using _fine = fine;
  fine.reply("A", "one.test", { rcode: 2 });
  const clock = new FakeClock();
  const client = clientOf([hung, fine], clock);
  const failing = assertRejects(() => client.ask("one.test", "A", limit()), DnsFailure);
  await hung.asked(1);
  await clock.advance(300);
  await fine.asked(1);
  await clock.advance(1700);
  await hung.asked(1, ({ over }) => over === "udp");
  await clock.advance(2000);
  const { message } = await failing;
  const [from] = message.split(";");
  assertEquals(
    from,
    `no answer for A of one.test from ${hung.address}: no answer within 2 s`,
  );
  assertEquals((await client.ask("two.test", "A", limit())).addresses, ["127.0.0.1"]);
  assertEquals(hung.questions.filter(({ name }) => name === "two.test"), []);
});

Deno.test("DnsClient.ask() goes on at once from a server where nothing listens", async () => {
  await using fine = await DnsServer.start();
  fine.setAddresses("one.test", 7, ["127.0.0.1"]);
  const gone = await DnsServer.start();
  await gone[Symbol.asyncDispose]();
  const client = clientOf([gone, fine], new FakeClock());
  assertEquals((await client.ask("one.test", "A", limit())).addresses, ["127.0.0.1"]);
});

Deno.test("DnsClient.ask() does not put a server last that had no time to answer", async () => {
  await using udp = await DnsServer.start(["udp"]);
  await using slow = await DnsServer.start();
  udp.setAddresses("one.test", 7, ["127.0.0.1"]);
  slow.reply("A", "one.test", "silence");
  slow.setAddresses("two.test", 7, ["127.0.0.2"]);
  const servers = [udp, slow].map(({ port }) => ({ address: "127.0.0.1", port }));
  const client = clientOf([], new FakeClock(), { servers });
  assertEquals((await client.ask("one.test", "A", limit())).addresses, ["127.0.0.1"]);
  servers.reverse();
  assertEquals((await client.ask("two.test", "A", limit())).addresses, ["127.0.0.2"]);
  assertEquals(udp.questions.length, 1);
});

Deno.test("DnsClient.ask() goes on at once from a server that answers with an error", async () => {
  const { hung: broken, fine } = await startTwo();
  await using _broken = broken;
  await using _fine = fine;
  broken.reply("A", "one.test", { rcode: 5 });
  const clock = new FakeClock();
  const client = clientOf([broken, fine], clock);
  assertEquals((await client.ask("one.test", "A", limit())).addresses, ["127.0.0.1"]);
  // It answers, so it stays first.
  broken.setAddresses("two.test", 7, ["127.0.0.2"]);
  assertEquals((await client.ask("two.test", "A", limit())).addresses, ["127.0.0.2"]);
});

Deno.test("DnsClient.ask() asks as often, and waits as long, as it is told to", async () => {
  await using hung = await DnsServer.start(["udp"]);
  hung.reply("A", "one.test", "silence");
  const clock = new FakeClock();
  const client = clientOf([hung], clock, { timeout: 500, attempts: 2 });
  const failing = assertRejects(() => client.ask("one.test", "A", limit()), DnsFailure);
  await hung.asked(1);
  await clock.advance(500);
  await hung.asked(2);
  await clock.advance(499);
  assertEquals(clock.timers > 0, true);
  await clock.advance(1);
  assertEquals((await failing).message.endsWith("by UDP, no answer within 0.5 s"), true);
  assertEquals(hung.questions.length, 2);
});

Deno.test("makeDnsClient() takes the time-out and the attempts from the settings", async () => {
  await using hung = await DnsServer.start(["udp"]);
  hung.reply("A", "one.test", "silence");
  const clock = new FakeClock();
  const settings = { server: hung.address, timeout: 0.5, attempts: 3 };
  const client = makeDnsClient(settings, clock);
  const failing = assertRejects(() => client.ask("one.test", "A", limit()), DnsFailure);
  for (let attempt = 1; attempt <= 3; attempt++) {
    await hung.asked(attempt);
    await clock.advance(500);
  }
  await failing;
  // A lookup has the time for that, and again for what a service's targets take.
  const slow = makeDnsClient({ ...settings, timeout: 5 }, clock);
  assertEquals(await slow.names("one.test"), { names: ["one.test"], limit: 60_000 });
  assertEquals((await client.names("one.test")).limit, 10_000);
});

Deno.test("DnsClient.ask() says to the millisecond how long it has waited", async () => {
  await using hung = await DnsServer.start(["udp"]);
  hung.reply("A", "one.test", "silence");
  const clock = new FakeClock();
  const client = makeDnsClient({ server: hung.address, timeout: 1 / 3 }, clock);
  const failing = assertRejects(() => client.ask("one.test", "A", limit()), DnsFailure);
  await hung.asked(1);
  await clock.advance(334);
  assertEquals((await failing).message.endsWith("by UDP, no answer within 0.333 s"), true);
});

Deno.test("lookUp() finds a name by its search list though the first name server is hung", async () => {
  const { hung, fine } = await startTwo();
  await using _hung = hung;
  await using _fine = fine;
  const names = ["api.a.test", "api.b.test", "api.c.test", "api"];
  for (const name of names) {
    for (const type of ["A", "AAAA"]) hung.reply(type, name, "silence");
  }
  fine.setAddresses("api", 7, ["127.0.0.1"]);
  const clock = new FakeClock();
  const resolver = clientOf([hung, fine], clock, { search: ["a.test", "b.test", "c.test"] });
  const entry = completeServer({ url: "http://api:80", discover: "dns" });
  const looking = lookUp(entry, { resolver, known: [], clock, signal: limit() });
  // A and AAAA of the first name: only these are asked of it.
  await hung.asked(2);
  await clock.advance(300);
  const outcome = await looking;
  assertEquals(outcome.type === "found" && outcome.found.map(({ address }) => address), [
    "127.0.0.1",
  ]);
  assertEquals(hung.questions.length, 2);
});
