import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Deadlines } from "../../../src/runtime/deadlines.ts";
import { BalancerError } from "../../../src/model/errors.ts";
import type { UpstreamTls } from "../../../src/model/settings.ts";
import { systemClock } from "../../../src/runtime/system_clock.ts";
import { FetchTransport } from "../../../src/upstream/fetch/fetch_transport.ts";
import { makeRequest } from "../../testing/http1_client.ts";
import { codeOf } from "../contract.ts";

function makeTransport(tls?: UpstreamTls): FetchTransport {
  const deadlines = new Deadlines(systemClock);
  return new FetchTransport({
    clock: systemClock,
    deadlines,
    ...(tls === undefined ? {} : { tls }),
  });
}

Deno.test("FetchTransport refuses authorities and names of its own, and says what to do", () => {
  const cases: [UpstreamTls, string][] = [
    [{ caCerts: ["pem"] }, "caCerts"],
    [{ serverName: "a" }, "serverName"],
  ];
  for (const [tls, name] of cases) {
    const { code, message } = assertThrows(() => makeTransport(tls), BalancerError);
    assertEquals(code, "unsupported");
    assertStringIncludes(message, `upstreamTls.${name}`);
    assertStringIncludes(message, "NODE_EXTRA_CA_CERTS");
  }
  makeTransport({ caCerts: [] });
});

Deno.test("FetchTransport.send() refuses methods that fetch would change or not send", async () => {
  await using transport = makeTransport();
  for (const method of ["TRACE", "CONNECT", "get", "a b"]) {
    const sent = transport.send("http://127.0.0.1:1", makeRequest({ method }));
    assertEquals(await codeOf(sent), "unsupported", method);
  }
});

Deno.test("FetchTransport.send() says that fetch does not go to every port", async () => {
  await using transport = makeTransport();
  assertEquals(
    await codeOf(transport.send("http://127.0.0.1:6000", makeRequest())),
    "connect_failed",
  );
});
