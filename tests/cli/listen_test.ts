import { assert, assertEquals } from "@std/assert";
import { type CliResult, freePorts, runCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

function taken(address: string, flag: string): CliResult {
  const why = `the port is in use; choose another with ${flag}`;
  return { code: 1, stdout: "", stderr: `ballast: Cannot listen on ${address}: ${why}\n` };
}

function assertFree(port: number): void {
  Deno.listen({ hostname: "127.0.0.1", port }).close();
}

Deno.test("listen tells in one line that its port is in use, and leaves nothing behind", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const apiPort = freePorts(1)[0]!;
  const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--api-port", `${apiPort}`];
  assertEquals(await runCli("listen", ...flags), taken(`127.0.0.1:${port}`, "--port"));
  assertFree(apiPort);
});

Deno.test("listen tells in one line that its API port is in use, and gives the other back", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const apiPort = listener.addr.port;
  const port = freePorts(1)[0]!;
  const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--api-port", `${apiPort}`];
  const config = ["--config", "examples/servers.yaml"];
  assertEquals(
    await runCli("listen", ...config, ...flags),
    taken(`127.0.0.1:${apiPort}`, "--api-port"),
  );
  assertFree(port);
});

Deno.test("listen tells in one line that it was given one port for both", async () => {
  const port = freePorts(1)[0]!;
  const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--api-port", `${port}`];
  assertEquals(await runCli("listen", ...flags), taken(`127.0.0.1:${port}`, "--api-port"));
  assertFree(port);
});

Deno.test("listen tells in one line that a host is not one of this machine", async () => {
  // 192.0.2.0/24 is kept for documentation (RFC 5737), so no machine has such an address.
  const port = freePorts(1)[0]!;
  const { code, stdout, stderr } = await runCli(
    "listen",
    "--host",
    "192.0.2.1",
    "--port",
    `${port}`,
  );
  assertEquals([code, stdout], [1, ""]);
  assert(stderr.startsWith(`ballast: Cannot listen on 192.0.2.1:${port}: `), stderr);
  assertEquals(stderr.match(/\n/g)?.length, 1, stderr);
});

Deno.test("listen reports a failed start as JSON where the log is to be JSON", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await using config = await makeTemporaryFile(
    "log_format: json\ntls: { cert: /no/cert, key: /no/key }\nservers: []\n",
  );
  const cases: [args: string[], code: number, message: string][] = [
    [
      ["--log-format=json", "--host=127.0.0.1", `--port=${port}`],
      1,
      `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another with --port`,
    ],
    [["--log-format=json", "--watch"], 2, "--watch needs --config, the file to watch"],
    [["--log-format=json", "--config=/no"], 1, "Cannot read the configuration /no: no such file"],
    [
      [`--config=${config.path}`],
      1,
      "Cannot read the certificate /no/cert: no such file; " +
      "Cannot read the private key /no/key: no such file",
    ],
  ];
  for (const [args, exitCode, message] of cases) {
    const { code, stdout, stderr } = await runCli("listen", ...args);
    assertEquals([code, stdout, stderr.match(/\n/g)?.length], [exitCode, "", 1], stderr);
    const line = JSON.parse(stderr);
    assertEquals([line.level, line.message], ["error", message]);
  }
});
