import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { explainTlsFailure } from "../../src/upstream/tls_failure.ts";
import { type CertificateName, pem } from "../testing/certificates.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, textOf } from "../testing/http1_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { CuttingRelay, TlsServer } from "../testing/tls_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const UNTIL_CLOSE = "HTTP/1.1 200 OK\r\n\r\nhello";
const caCerts = [pem("ca.crt")];

/** The error of a request to a server with this certificate. */
async function failureOf(url: string, tls = {}): Promise<BalancerError> {
  await using transport = makeTransport({ tls });
  return await assertRejects(() => transport.send(url, makeRequest()), BalancerError);
}

Deno.test("Http1Transport.send() speaks HTTP/1.1 over TLS and uses the connection again", async () => {
  await using server = new TlsServer("localhost", OK);
  await using transport = makeTransport({ tls: { caCerts } });
  for (let count = 0; count < 3; count++) {
    assertEquals(await textOf(await transport.send(server.url, makeRequest())), "ok");
  }
  assertEquals(server.protocols, ["http/1.1"]);
});

const REFUSED: readonly [CertificateName, RegExp][] = [
  ["untrusted", /its certificate is from an authority that is not trusted; .*ca_file/],
  ["expired", /its certificate expired on 2023-02-01; it needs a new one$/],
  ["example", /not valid for 127\.0\.0\.1, only for backend\.example; .* server_name of upstream_/],
];

for (const [name, message] of REFUSED) {
  Deno.test(`Http1Transport.send() refuses the certificate "${name}" and says why`, async () => {
    await using server = new TlsServer(name, OK);
    const error = await failureOf(server.url, { caCerts });
    assertEquals([error.code, error.source], ["connect_failed", "upstream"]);
    assertMatch(error.message, message);
    assertStringIncludes(error.message, `Cannot connect to ${server.url}: `);
    assertEquals(server.protocols, []);
  });
}

Deno.test("Http1Transport.send() trusts no authority that it was not told of", async () => {
  await using server = new TlsServer("localhost", OK);
  assertMatch((await failureOf(server.url)).message, /an authority that is not trusted/);
});

Deno.test("Http1Transport.send() says that a server does not speak TLS, or gives up", async () => {
  await using talking = new RawServer(async (connection) => {
    await connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await using closing = new RawServer(async (connection) => {
    await connection.waitFor("\x16\x03");
    connection.close();
  });
  const first = await failureOf(talking.url.replace("http:", "https:"));
  assertEquals(first.code, "connect_failed");
  assertMatch(first.message, /it does not speak TLS on this port; is its URL an http: one\?$/);
  const second = await failureOf(closing.url.replace("http:", "https:"));
  assertMatch(second.message, /it closed the connection in the TLS handshake$/);
});

Deno.test("Http1Transport.send() verifies for the server name, and asks for it (SNI)", async () => {
  await using server = new TlsServer("example", OK);
  const tls = { caCerts, serverName: "backend.example" };
  await using transport = makeTransport({ tls });
  assertEquals((await transport.send(server.url, makeRequest())).status, 200);
  await using listening = new RawServer(async (connection) => {
    await connection.waitFor("backend.example");
    connection.close();
  });
  await failureOf(listening.url.replace("http:", "https:"), tls);
  assertStringIncludes(listening.connections[0]!.received(), "backend.example");
});

Deno.test("Http1Transport.send() refuses a server name that is none, and closes", async () => {
  await using server = new RawServer(() => {});
  const error = await failureOf(server.url.replace("http:", "https:"), { serverName: "a..b" });
  assertEquals(error.code, "connect_failed");
  assertMatch(error.message, /Invalid hostname: 'a..b'/);
  await (await server.connection(1)).closed;
});

Deno.test("Http1Transport.send() gives up a TLS handshake that takes too long", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, connectTimeout: 2000 });
  const sent = transport.send(server.url.replace("http:", "https:"), makeRequest());
  const rejected = assertRejects(() => sent, BalancerError);
  const connection = await server.connection(1);
  await connection.waitFor("\x16\x03");
  await clock.advance(3000);
  const error = await rejected;
  assertEquals(error.code, "connect_timeout");
});

Deno.test("Http1Transport.send() breaks a TLS handshake off when it is called off", async () => {
  await using server = new RawServer(() => {});
  await using transport = makeTransport();
  const cancellation = new Cancellation();
  const sent = transport.send(server.url.replace("http:", "https:"), makeRequest(), {
    cancellation,
  });
  const rejected = assertRejects(() => sent, BalancerError);
  const connection = await server.connection(1);
  await connection.waitFor("\x16\x03");
  cancellation.cancel(new BalancerError("client_gone", "gone", { source: "downstream" }));
  assertEquals((await rejected).code, "client_gone");
});

Deno.test("Http1Transport.send() takes content until close as complete after close_notify", async () => {
  await using server = new TlsServer("localhost", UNTIL_CLOSE, true);
  await using transport = makeTransport({ tls: { caCerts } });
  assertEquals(await textOf(await transport.send(server.url, makeRequest())), "hello");
});

Deno.test("Http1Transport.send() takes content until close as incomplete without close_notify", async () => {
  await using server = new TlsServer("localhost", UNTIL_CLOSE);
  await using relay = new CuttingRelay(server.port);
  await using transport = makeTransport({ tls: { caCerts } });
  const { body } = await transport.send(relay.url, makeRequest());
  assert(body instanceof ReadableStream);
  const reader = body.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "hello");
  relay.cut();
  const error = await assertRejects(() => reader.read(), BalancerError);
  assertEquals([error.code, error.source], ["incomplete", "upstream"]);
});

Deno.test("explainTlsFailure() explains what the runtime says", () => {
  const cases: readonly [string, RegExp][] = [
    ["invalid peer certificate: CaUsedAsEndEntity", /is one for an authority \(CA:TRUE\)/],
    [
      "invalid peer certificate: certificate not valid yet: verification time 1 (UNIX), but " +
      "certificate is not valid before 1675209600 (1675209599 seconds in future)",
      /^its certificate is valid from 2023-02-01 on only/,
    ],
    ["received fatal alert: NoApplicationProtocol", /refuses HTTP\/1\.1/],
    ['certificate not valid for name "a.example"', /is not valid for a\.example; if another/],
    ["received fatal alert: ProtocolVersion", /^the TLS handshake failed: received fatal alert/],
  ];
  for (const [message, explained] of cases) {
    assertMatch(explainTlsFailure(new Error(message), "a.example"), explained);
  }
});
