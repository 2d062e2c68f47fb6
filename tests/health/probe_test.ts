import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Clock } from "../../src/runtime/clock.ts";
import { probe, type ProbeResult } from "../../src/health/probe.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { makeTransport } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../testing/raw_server.ts";
import { DEFAULT_HEALTH_CHECK } from "../testing/settings.ts";

async function probeOnce(
  url: string,
  options: { clock?: Clock; signal?: AbortSignal; path?: string } = {},
): Promise<ProbeResult> {
  await using transport = makeTransport();
  return await probe(url, {
    transport,
    clock: options.clock ?? systemClock,
    check: { ...DEFAULT_HEALTH_CHECK, path: options.path ?? "/" },
    timeout: 5,
    signal: options.signal ?? new AbortController().signal,
  });
}

Deno.test("probe() passes a status from 200 to 399, without following a redirect", async () => {
  const cases = { 200: true, 204: true, 301: true, 399: true, 400: false, 404: false, 500: false };
  for (const [status, passed] of Object.entries(cases)) {
    await using server = answering(
      `HTTP/1.1 ${status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`,
    );
    assertEquals(await probeOnce(server.url), { passed, detail: `HTTP ${status}` });
    assertEquals(server.accepted, 1);
  }
});

Deno.test("probe() sends GET on a new connection, with the server's host", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await using transport = makeTransport();
  const options = {
    transport,
    clock: systemClock,
    check: { ...DEFAULT_HEALTH_CHECK, path: "/health?x" },
    timeout: 5,
    signal: new AbortController().signal,
  };
  await probe(`${server.url}/base`, options);
  await probe(`${server.url}/base`, options);
  assertEquals(server.accepted, 2);
  const received = server.connections[0]!.received();
  assertMatch(received, /^GET \/base\/health\?x HTTP\/1\.1\r\nhost: 127\.0\.0\.1:[0-9]+\r\n/);
  assertStringIncludes(received, "user-agent: ballast-health-check\r\n");
  await server.connections[1]!.closed;
});

Deno.test("probe() does not wait for endless content", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\n\r\nendless");
  assertEquals((await probeOnce(server.url)).passed, true);
  await server.connections[0]!.closed;
});

Deno.test("probe() fails for a server that refuses, resets, closes or sends half a head", async () => {
  const refused = await probeOnce(unusedUrl());
  assertEquals(refused.passed, false);
  assertStringIncludes(refused.detail, "refused");
  for (const answer of ["", "HTTP/1.1 200 OK\r\nContent-Le", "garbage\r\n\r\n"]) {
    await using server = answeringAndClosing(answer);
    assertEquals((await probeOnce(server.url)).passed, false, answer);
  }
  // Closed with unread bytes, a connection is reset.
  await using resetting = new RawServer((connection) => connection.close());
  assertEquals((await probeOnce(resetting.url)).passed, false);
});

Deno.test("probe() fails after the timeout for a server that hangs", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  const result = probeOnce(server.url, { clock });
  await (await server.connection(1)).waitFor("\r\n\r\n");
  await clock.advance(5000);
  assertEquals(await result, { passed: false, detail: "No response within 5 s" });
  await server.connections[0]!.closed;
});

Deno.test("probe() ends at once when its signal is aborted", async () => {
  await using server = new RawServer(() => {});
  const abort = new AbortController();
  const result = probeOnce(server.url, { signal: abort.signal });
  await (await server.connection(1)).waitFor("\r\n\r\n");
  abort.abort();
  assertEquals((await result).passed, false);
  await server.connections[0]!.closed;
});
