import { assertEquals, assertStringIncludes } from "@std/assert";
import { certificatePath, handshakes, handshakesSoon, pem } from "../testing/certificates.ts";
import { freePorts, runCli, RunningCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { TlsServer } from "../testing/tls_server.ts";

const CERT = certificatePath("localhost.crt");
const KEY = certificatePath("localhost.key");
/** Windows knows no SIGHUP. */
const noHangup = Deno.build.os === "windows";

Deno.test("listen wants both files of TLS, and says which one is missing", async () => {
  const one = await runCli("listen", "--tls-cert", CERT);
  assertEquals(one.code, 2);
  assertStringIncludes(one.stderr, "ballast: --tls-cert needs --tls-key, the certificate's key.");
  const other = await runCli("listen", "--tls-key", KEY);
  assertEquals(other.code, 2);
  assertStringIncludes(other.stderr, "ballast: --tls-key needs --tls-cert");
});

Deno.test("listen says in one line what is wrong with a TLS file", async () => {
  const otherKey = certificatePath("untrusted.key");
  const cases: readonly [cert: string, key: string, message: string][] = [
    ["/no/such", KEY, "Cannot read the certificate /no/such: no such file"],
    [CERT, "/no/such", "Cannot read the private key /no/such: no such file"],
    [KEY, KEY, `Cannot use the certificate ${KEY}: it is not a certificate in PEM form`],
    [CERT, CERT, `Cannot use the private key ${CERT}: it is not a private key in PEM form`],
    [
      CERT,
      otherKey,
      `Cannot use the private key ${otherKey}: it is not the key of the certificate`,
    ],
  ];
  for (const [cert, key, message] of cases) {
    const { code, stdout, stderr } = await runCli(
      "listen",
      `--tls-cert=${cert}`,
      `--tls-key=${key}`,
    );
    assertEquals([code, stdout, stderr.match(/\n/g)?.length], [1, "", 1], stderr);
    assertStringIncludes(stderr, `ballast: ${message}`);
  }
});

Deno.test("listen says in one line what is wrong with the ca_file", async () => {
  const cases = [
    ["/no/such", "Cannot read the ca_file /no/such: no such file"],
    [KEY, `Cannot use the ca_file ${KEY}: it has no certificate in PEM form`],
  ] as const;
  for (const [path, message] of cases) {
    await using config = await makeTemporaryFile(
      `upstream_tls: { ca_file: ${path} }\nservers: []\n`,
    );
    const { code, stderr } = await runCli("listen", "--config", config.path);
    assertEquals([code, stderr.match(/\n/g)?.length], [1, 1], stderr);
    assertStringIncludes(stderr, `ballast: ${message}`);
  }
});

for (const workers of [1, 2]) {
  Deno.test({
    name: `listen --workers ${workers} speaks TLS on both sides and reads its files at SIGHUP`,
    ignore: noHangup,
    async fn() {
      await using server = new TlsServer("example", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await using cert = await makeTemporaryFile(pem("localhost.crt"), ".crt");
      await using key = await makeTemporaryFile(pem("localhost.key"), ".key");
      const ca = certificatePath("ca.crt");
      await using config = await makeTemporaryFile(`
tls: { cert: ${cert.path}, key: ${key.path} }
upstream_tls: { ca_file: ${ca}, server_name: backend.example }
servers: [{ url: "${server.url}", health_check_period: 0 }]
`);
      const [port, apiPort] = freePorts(2) as [number, number];
      const flags = [`--port=${port}`, `--api-port=${apiPort}`, `--workers=${workers}`];
      await using program = new RunningCli("listen", "--config", config.path, ...flags);
      await program.waitForError(`Balancing 1 server on https://localhost:${port}`);
      await program.waitForError("Admin API on http://127.0.0.1:");
      using client = Deno.createHttpClient({ caCerts: [pem("ca.crt")], http1: false });
      const response = await fetch(`https://127.0.0.1:${port}/`, { client });
      assertEquals([response.status, await response.text()], [200, ""]);

      // The key alone is not the key of the old certificate.
      await Deno.writeTextFile(key.path, pem("untrusted.key"));
      program.kill("SIGHUP");
      // The admin API answers once the signal was seen; the old certificate is in use.
      assertEquals((await runCli("list-servers", `--api-port=${apiPort}`)).code, 0);
      assertEquals(await handshakes(port, "ca"), true);
      await Deno.writeTextFile(cert.path, pem("untrusted.crt"));
      program.kill("SIGHUP");
      await program.waitForError(`Reloaded the certificate ${cert.path}; new connections use it`);
      assertEquals(await handshakesSoon(port, "unknown_ca"), true);

      program.kill("SIGTERM");
      const { code, stderr } = await program.result();
      assertEquals(code, 0);
      assertStringIncludes(stderr, "Cannot reload the certificate; the old one stays in use: ");
      assertStringIncludes(stderr, "it is not the key of the certificate");
    },
  });
}

Deno.test("the flags of listen for TLS count before the configuration's files", async () => {
  await using server = new SampleServer("one");
  await using config = await makeTemporaryFile(
    `tls: { cert: /no/such, key: /no/such }\nservers: [{ url: "${server.url}" }]\n`,
  );
  const [port, apiPort] = freePorts(2) as [number, number];
  const flags = [
    `--port=${port}`,
    `--api-port=${apiPort}`,
    `--tls-cert=${CERT}`,
    `--tls-key=${KEY}`,
  ];
  await using program = new RunningCli("listen", "--config", config.path, ...flags);
  await program.waitForError("Admin API on");
  assertEquals(await handshakes(port, "ca"), true);
});
