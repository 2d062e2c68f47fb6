import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import { checkAuthorities, checkCertificate } from "../../../src/fronts/web/certificate.ts";
import { TlsListener, type TlsServeOptions } from "../../../src/fronts/web/tls_listener.ts";
import { certificate, handshakes, pem } from "../../testing/certificates.ts";
import { FakeClock } from "../../testing/fake_clock.ts";

/** A listener on a clock that stands still, with the servers that it has started. */
function startListener(reusePort = true) {
  const clock = new FakeClock();
  const servers: Deno.HttpServer[] = [];
  /** The servers that were told to say that their connections close. */
  const drained: Deno.HttpServer[] = [];
  const arrived = Promise.withResolvers<void>();
  const hold = Promise.withResolvers<Response>();
  const listener = new TlsListener({
    hostname: "127.0.0.1",
    port: 0,
    certificate: certificate("localhost"),
    reusePort,
    clock,
    serve: (options: TlsServeOptions) => {
      const server = Deno.serve({ ...options, onListen: () => {} }, () => {
        arrived.resolve();
        return hold.promise;
      });
      servers.push(server);
      return Object.assign(server, { drain: () => void drained.push(server) });
    },
  });
  return { clock, servers, drained, listener, arrived, hold, port: listener.addr.port };
}

Deno.test("TlsListener.replaceCertificate() lets new connections have the new certificate", async () => {
  const { clock, servers, drained, listener, arrived, hold, port } = startListener();
  assertEquals(await handshakes(port, "unknown_ca"), false);
  using client = Deno.createHttpClient({ caCerts: [pem("ca.crt")] });
  const underWay = fetch(`https://localhost:${port}/`, { client });
  await arrived.promise;
  await listener.replaceCertificate(certificate("untrusted"));
  assertEquals(listener.addr.port, port);
  assertEquals([clock.timers, servers.length], [1, 2]);
  assertEquals(drained, [servers[0]]);
  hold.resolve(new Response("finished"));
  assertEquals(await (await underWay).text(), "finished");
  await clock.advance(3000);
  await servers[0]!.finished;
  for (let count = 0; count < 5; count++) {
    assertEquals(await handshakes(port, "unknown_ca"), true);
    assertEquals(await handshakes(port, "ca"), false);
  }
  await listener.shutdown();
  await listener.finished;
});

Deno.test("TlsListener.replaceCertificate() changes nothing when it is refused", async () => {
  const { servers, listener, port } = startListener();
  const mixed = { cert: pem("untrusted.crt"), key: pem("localhost.key") };
  const error = await assertRejects(() => listener.replaceCertificate(mixed), BalancerError);
  assertEquals([error.code, servers.length], ["invalid", 1]);
  assertEquals(await handshakes(port, "ca"), true);
  await listener.shutdown();
  const closed = await assertRejects(
    () => listener.replaceCertificate(certificate("untrusted")),
    BalancerError,
  );
  assertEquals(closed.code, "closed");
});

Deno.test("TlsListener.replaceCertificate() says where the runtime does not let it", async () => {
  const { servers, listener } = startListener(false);
  const error = await assertRejects(
    () => listener.replaceCertificate(certificate("untrusted")),
    BalancerError,
  );
  assertEquals([error.code, servers.length], ["unsupported", 1]);
  assert(error.message.includes("--unstable-net"), error.message);
  await listener.shutdown();
});

Deno.test("TlsListener.shutdown() stops the listeners of both certificates", async () => {
  const { clock, servers, listener } = startListener();
  await listener.replaceCertificate(certificate("untrusted"));
  await listener.shutdown();
  await Promise.all(servers.map(({ finished }) => finished));
  assertEquals(clock.timers, 0);
});

Deno.test("TlsListener.replaceCertificate() has no more than two listeners where it is called each second", async () => {
  const { clock, servers, drained, listener } = startListener();
  const ended: number[] = [];
  for (const [i, wait] of [999, 1, 1000, 0].entries()) {
    await listener.replaceCertificate(certificate(i % 2 === 0 ? "untrusted" : "localhost"));
    servers[i]!.finished.then(() => void ended.push(i));
    await clock.advance(wait);
  }
  // The first one had not been told of its end for long enough at the second call, but at the third.
  await Promise.all(servers.slice(0, 3).map(({ finished }) => finished));
  assertEquals([ended.toSorted(), servers.length, drained], [[0, 1, 2], 5, servers.slice(0, 4)]);
  assertEquals(clock.timers, 1);
  await listener.shutdown();
  assertEquals(clock.timers, 0);
});

const LOCKED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
const NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const NO_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

Deno.test("checkCertificate() names the file and the fault", () => {
  const { cert, key } = certificate("localhost");
  const cases: readonly [string, string, string, string][] = [
    ["hello", key, "cert", "is not a certificate in PEM form"],
    [key, cert, "cert", "is not a certificate in PEM form"],
    ["", key, "cert", "is not a certificate in PEM form"],
    [NO_CERTIFICATE, key, "cert", "cannot be used: "],
    [cert, "hello", "key", "is not a private key in PEM form"],
    [cert, LOCKED, "key", "has a passphrase"],
    [cert, NO_KEY, "key", "cannot be used: "],
    [cert, pem("untrusted.key"), "key", "is not the key of the certificate"],
  ];
  for (const [cert, key, path, message] of cases) {
    const error = assertThrows(() => checkCertificate({ cert, key }), BalancerError);
    assertEquals([error.code, error.faults[0]?.path], ["invalid", path], message);
    assert(error.faults[0]?.message.startsWith(message), error.message);
  }
  checkCertificate({ cert, key });
});

Deno.test("checkAuthorities() refuses a text without a certificate, and one that is broken", () => {
  for (const text of ["hello", "", NO_CERTIFICATE]) {
    const error = assertThrows(() => checkAuthorities([pem("ca.crt"), text]), BalancerError);
    assertEquals(error.faults[0]?.path, "upstreamTls.caCerts[1]");
  }
  checkAuthorities([pem("ca.crt") + pem("unknown_ca.crt")]);
});
