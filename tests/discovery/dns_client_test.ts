import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Clock } from "../../src/runtime/clock.ts";
import type { NameServer } from "../../src/model/name_server.ts";
import { DnsClient } from "../../src/discovery/dns_client.ts";
import { DnsFailure, type RecordType } from "../../src/discovery/dns_resolver.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";

function clientOf(servers: readonly NameServer[], clock: Clock = systemClock): DnsClient {
  return new DnsClient({
    clock,
    configure: () => Promise.resolve({ servers, search: [], ndots: 1, timeout: 2000, attempts: 1 }),
  });
}

function at(port: number): NameServer {
  return { address: "127.0.0.1", port };
}

/** The error that a client of these servers gets. */
async function failureOf(client: DnsClient, name: string, type: RecordType = "A"): Promise<string> {
  const { signal } = new AbortController();
  return (await assertRejects(() => client.ask(name, type, signal), DnsFailure)).message;
}

const NEVER = new AbortController().signal;

Deno.test("DnsClient.ask() reads addresses and services with their shortest time", async () => {
  await using server = await DnsServer.start();
  server.setAddresses("api.test", 7, ["127.0.0.1", "127.0.0.2", "::1"]);
  server.setServices("_http._tcp.api.test", 9, [[1, 2, 80, "a.test."], [1, 0, 81, "b.test"]]);
  const client = clientOf([at(server.port)]);
  const a = await client.ask("api.test", "A", NEVER);
  assertEquals([a.addresses, a.ttl, a.empty], [["127.0.0.1", "127.0.0.2"], 7, undefined]);
  assertEquals((await client.ask("api.test", "AAAA", NEVER)).addresses, ["::1"]);
  const srv = await client.ask("_http._tcp.api.test", "SRV", NEVER);
  assertEquals([srv.services, srv.ttl], [[
    { priority: 1, weight: 2, port: 80, target: "a.test" },
    { priority: 1, weight: 0, port: 81, target: "b.test" },
  ], 9]);
  assertEquals(server.questions.map(({ over }) => over), ["tcp", "tcp", "tcp"]);
});

Deno.test("DnsClient.ask() tells what there is not from what cannot be told", async () => {
  await using server = await DnsServer.start();
  server.setAddresses("six.test", 7, ["::1"]);
  server.reply("A", "broken.test", { rcode: 2 });
  server.reply("A", "refused.test", { rcode: 5 });
  const client = clientOf([at(server.port)]);
  assertEquals((await client.ask("six.test", "A", NEVER)).empty, "six.test has no A records");
  assertEquals((await client.ask("no.test", "A", NEVER)).empty, "there is no no.test (NXDOMAIN)");
  const from = `no answer for A of broken.test from ${server.address}: `;
  assertEquals(await failureOf(client, "broken.test"), `${from}it answered SERVFAIL`);
  assertMatch(await failureOf(client, "refused.test"), /: it answered REFUSED$/);
});

Deno.test("DnsClient.ask() goes on to the next server where one has no answer to go by", async () => {
  await using broken = await DnsServer.start();
  await using server = await DnsServer.start();
  broken.reply("A", "api.test", { rcode: 2 });
  server.setAddresses("api.test", 7, ["127.0.0.1"]);
  const client = clientOf([at(broken.port), at(server.port)]);
  assertEquals((await client.ask("api.test", "A", NEVER)).addresses, ["127.0.0.1"]);
  // That there is no such name is an answer.
  assertMatch((await client.ask("no.test", "A", NEVER)).empty!, /NXDOMAIN/);
  assertEquals(server.questions.length, 1);
  await using silent = await DnsServer.start(["udp"]);
  silent.reply("A", "api.test", "silence");
  const clock = new FakeClock();
  const asking = clientOf([at(silent.port), at(server.port)], clock).ask("api.test", "A", NEVER);
  await silent.asked(1);
  await clock.advance(2000);
  assertEquals((await asking).addresses, ["127.0.0.1"]);
});

Deno.test("DnsClient.ask() reads an answer of 64 KiB over TCP", async () => {
  await using server = await DnsServer.start();
  const addresses = Array.from({ length: 3000 }, (_, i) => `127.1.${i >> 8}.${i & 0xff}`);
  server.setAddresses("a.b", 7, addresses);
  const answer = await clientOf([at(server.port)]).ask("a.b", "A", NEVER);
  assertEquals(answer.addresses, addresses);
});

Deno.test("DnsClient.ask() asks over UDP where there is no TCP, and at once for a minute", async () => {
  await using server = await DnsServer.start(["udp"]);
  server.setAddresses("api.test", 7, ["127.0.0.1"]);
  const clock = new FakeClock();
  const client = clientOf([at(server.port)], clock);
  const start = await client.ask("api.test", "A", NEVER);
  assertEquals(start.addresses, ["127.0.0.1"]);
  // Something takes TCP there now, and closes it.
  await using late = listenAt(server.port);
  assertEquals((await client.ask("api.test", "A", NEVER)).addresses, ["127.0.0.1"]);
  assertEquals(late.accepted, 0);
  await clock.advance(60_000);
  assertEquals((await client.ask("api.test", "A", NEVER)).addresses, ["127.0.0.1"]);
  assertEquals(late.accepted, 1);
});

/** Accepts connections on a port, and closes them. */
function listenAt(port: number): { accepted: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const counter = { accepted: 0 };
  const done = (async () => {
    try {
      for await (const connection of listener) {
        counter.accepted++;
        connection.close();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  })();
  return Object.assign(counter, {
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      await done;
    },
  });
}

Deno.test("DnsClient.ask() refuses what is too large for UDP, and tries TCP the next time", async () => {
  await using server = await DnsServer.start(["udp"]);
  const addresses = Array.from({ length: 200 }, (_, i) => `127.1.0.${i}`);
  server.setAddresses("many.test", 7, addresses);
  // 1232 bytes are more than the 512 of UDP without EDNS.
  server.setAddresses("some.test", 7, addresses.slice(0, 40));
  const client = clientOf([at(server.port)], new FakeClock());
  assertEquals((await client.ask("some.test", "A", NEVER)).addresses.length, 40);
  assertMatch(await failureOf(client, "many.test"), /: its answer is too large for UDP$/);
  await using late = listenAt(server.port);
  assertEquals((await client.ask("some.test", "A", NEVER)).addresses.length, 40);
  assertEquals(late.accepted, 1);
});

Deno.test("DnsClient.ask() sends again what UDP may have lost, and gives up in the end", async () => {
  await using server = await DnsServer.start(["udp"]);
  server.reply("A", "silent.test", "silence");
  const clock = new FakeClock();
  const client = clientOf([at(server.port)], clock);
  const failing = failureOf(client, "silent.test");
  await server.asked(1);
  await clock.advance(700);
  await server.asked(2);
  server.setAddresses("silent.test", 7, ["127.0.0.1"]);
  await clock.advance(1300);
  assertMatch(await failing, /; by UDP, no answer within 2 s$/);
  assertEquals(clock.timers, 0);
});

Deno.test("DnsClient.ask() waits for an answer for 2 s over TCP, and then over UDP", async () => {
  await using server = await DnsServer.start();
  server.reply("A", "silent.test", "silence");
  const clock = new FakeClock();
  const client = clientOf([at(server.port)], clock);
  const failing = failureOf(client, "silent.test");
  await server.asked(1);
  await clock.advance(2000);
  await server.asked(1, ({ over }) => over === "udp");
  await clock.advance(2000);
  assertMatch(await failing, /no answer within 2 s; by UDP, no answer within 2 s$/);
});

const BROKEN: readonly [what: string, bytes: (right: Uint8Array) => Uint8Array, why: RegExp][] = [
  ["no message", () => new Uint8Array(), /its answer is malformed$/],
  ["garbage", () => new Uint8Array(40).fill(0xff), /its answer is malformed$/],
  ["half a message", (right) => right.subarray(0, 14), /its answer is malformed$/],
  ["another id", (right) => right.with(0, right[0]! ^ 1), /it answered something else$/],
  ["a question", (right) => right.with(2, 0), /it answered something else$/],
  ["another question", (right) => right.with(13, 0x7a), /it answered something else$/],
  ["a pointer to itself", selfPointing, /its answer is malformed$/],
];

/** An answer of which the record's name is a pointer to itself. */
function selfPointing(right: Uint8Array): Uint8Array {
  const pointer = right.length;
  const record = [0xc0 | pointer >> 8, pointer & 0xff, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1];
  return Uint8Array.from([...right.with(7, 1), ...record]);
}

for (const [what, bytes, why] of BROKEN) {
  Deno.test(`DnsClient.ask() does not go by ${what}`, async () => {
    await using server = await DnsServer.start(["tcp"]);
    server.reply("A", "api.test", { bytes });
    assertMatch(await failureOf(clientOf([at(server.port)]), "api.test"), why);
  });
}

Deno.test("DnsClient.ask() waits on where a forged answer comes over UDP", async () => {
  await using server = await DnsServer.start(["udp"]);
  server.reply("A", "api.test", { bytes: (right) => right.with(0, right[0]! ^ 1) });
  const clock = new FakeClock();
  const client = clientOf([at(server.port)], clock);
  const asking = client.ask("api.test", "A", NEVER);
  await server.asked(1);
  server.setAddresses("api.test", 7, ["127.0.0.1"]);
  await clock.advance(700);
  assertEquals((await asking).addresses, ["127.0.0.1"]);
});

Deno.test("DnsClient.ask() takes no message that breaks off", async () => {
  await using server = await DnsServer.start();
  server.reply("A", "api.test", "close");
  const clock = new FakeClock();
  const failing = failureOf(clientOf([at(server.port)], clock), "api.test");
  await server.asked(1, ({ over }) => over === "udp");
  await clock.advance(2000);
  assertMatch(await failing, /: it closed the connection; by UDP, no answer within 2 s$/);
});

Deno.test("DnsClient.ask() ends at once when it is broken off", async () => {
  await using server = await DnsServer.start();
  server.reply("A", "silent.test", "silence");
  await using datagrams = await DnsServer.start(["udp"]);
  datagrams.reply("A", "silent.test", "silence");
  for (const each of [server, datagrams]) {
    const clock = new FakeClock();
    const abort = new AbortController();
    const asking = clientOf([at(each.port)], clock).ask("silent.test", "A", abort.signal);
    await each.asked(1);
    abort.abort(new Error("enough"));
    await assertRejects(() => asking, Error, "enough");
    assertEquals(clock.timers, 0);
  }
  const asking = clientOf([at(server.port)]).ask("silent.test", "A", AbortSignal.abort());
  assert(await asking.then(() => false, () => true));
});
