import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Admin, createAdmin, LoadBalancer, type LoadBalancerOptions } from "../../mod.ts";
import { EventClient } from "../testing/event_client.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { RawClient } from "../testing/raw_client.ts";

/** Balancer and its admin API on a real port. */
class Fixture implements AsyncDisposable {
  readonly balancer: LoadBalancer;
  readonly admin: Admin;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: LoadBalancerOptions = {}) {
    this.balancer = new LoadBalancer(options);
    this.admin = createAdmin(this.balancer);
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      this.admin.fetch,
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  add(...urls: string[]): void {
    for (const url of urls) this.balancer.add({ url, healthCheckPeriod: 0 });
  }

  /** The id of the event with this number. */
  id(number: number): string {
    return `${this.balancer.events.run}-${number}`;
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return this.admin.fetch(new Request(`http://localhost${path}`, init));
  }

  shutdown(): Promise<void> {
    return this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.close();
    await this.shutdown();
    await this.balancer.close();
  }
}

function urls(events: readonly { data: { server: { url: string } | null } }[]): unknown[] {
  return events.map(({ data }) => data.server?.url);
}

Deno.test("GET /events sends new events only, as they happen", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a");
  await using client = await EventClient.open(fixture.url);
  const head = await client.begun();
  assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
  for (
    const field of [
      ...["content-type: text/event-stream\r\n", "cache-control: no-store\r\n"],
      "x-accel-buffering: no\r\n",
    ]
  ) assertStringIncludes(head.toLowerCase(), field);
  assertStringIncludes(head, `retry: 1000\nid: ${fixture.id(1)}\n\n`);
  fixture.add("http://b");
  const [event, ...more] = await client.until("http://b");
  assertEquals([event!.id, event!.type, more], [fixture.id(2), "added", []]);
  assertEquals(urls([event!]), ["http://b"]);
});

Deno.test("GET /events is not compressed, as that would hold events back", async () => {
  await using fixture = new Fixture();
  await using client = await EventClient.open(fixture.url, "", "Accept-Encoding: gzip, br\r\n");
  assertEquals((await client.begun()).toLowerCase().includes("content-encoding"), false);
});

Deno.test("GET /events?last=N sends the latest events first", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a", "http://b", "http://c");
  await using client = await EventClient.open(fixture.url, "?last=2");
  assertEquals(urls(await client.until("http://c")), ["http://b", "http://c"]);
  fixture.add("http://d");
  assertEquals(urls(await client.until("http://d")), ["http://b", "http://c", "http://d"]);
});

Deno.test("GET /events?follow=false ends after the kept events", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a", "http://b");
  const response = await fixture.get("/events?last=1000&follow=false");
  assertEquals((await response.text()).match(/^event: added$/gm)?.length, 2);
});

Deno.test("GET /events continues after Last-Event-ID, without gaps and duplicates", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a");
  {
    await using client = await EventClient.open(fixture.url, "?last=1");
    await client.until("http://a");
  }
  fixture.add("http://b", "http://c");
  const fields = `Last-Event-ID: ${fixture.id(1)}\r\n`;
  // A browser repeats the query, which must not repeat the old events.
  await using client = await EventClient.open(fixture.url, "?last=3", fields);
  fixture.add("http://d");
  assertEquals(urls(await client.until("http://d")), ["http://b", "http://c", "http://d"]);
});

Deno.test("GET /events begins with a reset where it cannot continue, and then goes on", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a", "http://b");
  const run = fixture.balancer.events.run;
  for (
    const id of [
      ...["another-1", `${run}-3`, `${run}--1`, `${run}-01`, `${run}-1e0`, run, "1", "-", "?"],
      `${run}-99999999999999999999`,
    ]
  ) {
    await using client = await EventClient.open(fixture.url, "", `Last-Event-ID: ${id}\r\n`);
    const [reset, ...more] = await client.until("event: reset");
    assertEquals([reset!.id, reset!.data.server, more], [fixture.id(2), null, []], id);
  }
  await using client = await EventClient.open(fixture.url, "", "Last-Event-ID: x\r\n");
  await client.until("event: reset");
  fixture.add("http://c");
  assertEquals(urls(await client.until("http://c")), [undefined, "http://c"]);
});

Deno.test("GET /events begins with a reset where too much was missed", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a");
  for (let i = 0; i < 1001; i++) fixture.balancer.update("http://a", { weight: i });
  const fields = `Last-Event-ID: ${fixture.id(1)}\r\n`;
  await using late = await EventClient.open(fixture.url, "?follow=false", fields);
  assertEquals((await late.rest()).map(({ id }) => id), [fixture.id(1002)]);
  const enough = `Last-Event-ID: ${fixture.id(2)}\r\n`;
  await using client = await EventClient.open(fixture.url, "?follow=false", enough);
  assertEquals((await client.rest()).length, 1000);
});

Deno.test("GET /events refuses unknown parameters and values", async () => {
  await using fixture = new Fixture();
  for (const last of ["-1", "1001", "1e2", "", "x", "1&last=2", "99999"]) {
    const response = await fixture.get(`/events?last=${last}`);
    assertEquals(response.status, 400, last);
    const [{ field, detail }] = (await response.json()).errors;
    assertEquals(field, "last");
    assertMatch(detail, /^must (be a whole number from 0 to 1000|not be given twice)/);
  }
  for (const follow of ["no", "", "TRUE", "true&follow=true"]) {
    const response = await fixture.get(`/events?follow=${follow}`);
    assertEquals([response.status, (await response.json()).errors[0].field], [400, "follow"]);
  }
  assertEquals((await fixture.get("/events", { method: "POST" })).status, 405);
});

Deno.test("HEAD /events opens no stream", async () => {
  await using fixture = new Fixture();
  for (let i = 0; i < 101; i++) {
    const response = await fixture.get("/events", { method: "HEAD" });
    assertEquals([response.status, response.body], [200, null]);
  }
});

Deno.test("clients that disconnect make room for others", async () => {
  await using fixture = new Fixture();
  for (let round = 0; round < 2; round++) {
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => EventClient.open(fixture.url)),
    );
    await Promise.all(clients.map((client) => client.begun()));
    const refusal = await fixture.get("/events");
    assertEquals([refusal.status, refusal.headers.get("retry-after")], [503, "5"]);
    assertStringIncludes((await refusal.json()).detail, "100 event streams are open");
    for (const client of clients) await client[Symbol.asyncDispose]();
    // They have disconnected already; the platform only has to notice.
    let status = 503;
    for (let look = 0; look < 2000 && status === 503; look++) {
      (await RawClient.connect(fixture.url)).close();
      const response = await fixture.get("/events?follow=false");
      status = response.status;
      await response.text();
    }
    assertEquals(status, 200);
  }
});

Deno.test("a client that never reads is disconnected instead of filling memory", async () => {
  await using log = await LogWatcher.start();
  await using fixture = new Fixture();
  const name = "\u4e00".repeat(255);
  fixture.balancer.add({ url: "http://a", healthCheckPeriod: 0 });
  await using client = await RawClient.connect(fixture.url);
  await client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.readUntil("retry: ");
  let events = 1;
  // Fills the buffers of both sockets, which takes some megabytes.
  while (
    !log.lines.some((line) => line.startsWith("Closed an event stream")) && events < 100_000
  ) {
    for (let i = 0; i < 100; i++) fixture.balancer.update("http://a", { name, weight: ++events });
    // Lets the platform write.
    (await RawClient.connect(fixture.url)).close();
  }
  assert(events < 100_000, "it was cut off");
  // The response up to then can be read, with a clean end and no partial event.
  const text = await client.readUntil("\r\n0\r\n\r\n");
  assertMatch(text, /\n\n\r\n0\r\n\r\n$/);
  const [, last] = /id: .*-([0-9]+)\n[^]*$/.exec(text.slice(text.lastIndexOf("\nid: ")))!;
  assert(Number(last) < events - 1000, `told ${last} of ${events}`);
});

Deno.test("Admin.close() ends the streams, so that its server can shut down", async () => {
  await using fixture = new Fixture();
  await using client = await EventClient.open(fixture.url);
  await client.begun();
  fixture.admin.close();
  await fixture.shutdown();
  assertEquals(await client.rest(), []);
  assertEquals((await fixture.get("/events")).status, 503);
  assertEquals((await fixture.get("/servers")).status, 200);
});

Deno.test("LoadBalancer.close() ends the streams of events", async () => {
  await using fixture = new Fixture();
  fixture.add("http://a");
  await using client = await EventClient.open(fixture.url, "?last=1");
  await client.begun();
  await fixture.balancer.close();
  assertEquals(urls(await client.rest()), ["http://a"]);
  assertEquals((await fixture.get("/events")).status, 503);
});
