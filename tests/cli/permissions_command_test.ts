import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { certificatePath, pem } from "../testing/certificates.ts";
import { RawServer } from "../testing/raw_server.ts";
import { freePorts, runCli, RunningCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { TlsServer } from "../testing/tls_server.ts";

const windows = Deno.build.os === "windows";
const TOKEN = "0123456789abcdef";

/** The flags that the program prints for a command line of `listen`. */
async function permissionsFor(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli("permissions", ...args);
  assertEquals(code, 0, stderr);
  return stdout.trimEnd().split(" ");
}

/** Sends a request to the admin API and returns the status and the content. */
async function call(apiPort: number, path: string, body?: unknown): Promise<[number, string]> {
  const init = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  };
  const response = await fetch(`http://127.0.0.1:${apiPort}${path}`, init);
  return [response.status, await response.text()];
}

async function urls(apiPort: number): Promise<string[]> {
  const [, text] = await call(apiPort, "/servers");
  return (JSON.parse(text) as ServerStatusJson[]).map(({ url }) => url);
}

Deno.test("permissions names listeners, servers and files, by default ports and brackets too", async () => {
  await using config = await makeTemporaryFile(`
host: "::"
port: 8443
api_host: localhost
tls: { cert: /etc/b/tls.crt, key: /etc/b/tls.key }
api_token_file: /etc/b/token
sticky: cookie
sticky_secret_file: /etc/b/secret
upstream_tls: { ca_file: /etc/b/ca.crt }
servers:
  - url: http://a.example/app
  - url: https://a.example
  - url: https://a.example/other
  - url: http://[::1]:3001
`);
  assertEquals(
    await permissionsFor("--config", config.path),
    [
      "--allow-net=[::]:8443,localhost:8000,a.example:80,a.example:443,[::1]:3001",
      `--allow-read=${config.path},/etc/b/tls.crt,/etc/b/tls.key,/etc/b/token,/etc/b/secret,/etc/b/ca.crt`,
    ].map((flag) => flag.includes("[") ? `'${flag}'` : flag),
  );
  const result = await runCli(
    ...["permissions", "--json", "--port=80", "--host=127.0.0.1", "--api-port=9000"],
  );
  assertEquals(JSON.parse(result.stdout), {
    allow_net: ["127.0.0.1:80", "127.0.0.1:9000"],
    allow_read: [],
  });
});

Deno.test("permissions shows the command line to paste, quoted where a shell needs it", async () => {
  await using config = await makeTemporaryFile("[]\n", " it's.yaml");
  const quoted = `'${config.path.replace("'", `'\\''`)}'`;
  const { stdout, stderr } = await runCli("permissions", "--config", config.path, "--debug");
  assertStringIncludes(stdout, ` '--allow-read=${quoted.slice(1)}\n`);
  assertStringIncludes(stderr, `cli.ts listen --config ${quoted} --debug\n`);
});

Deno.test("permissions refuses what no flag can name", async () => {
  await using host = await makeTemporaryFile("- url: http://a\n");
  await using folder = await makeTemporaryFile("[]\n", "a,b.yaml");
  const cases = [
    [[host.path, "--host=fe80::1%eth0"], 'address "[fe80::1%eth0]:80"'],
    [[folder.path], `file "${folder.path}"`],
  ] as const;
  for (const [args, what] of cases) {
    const { code, stdout, stderr } = await runCli("permissions", "--config", ...args);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, `ballast: Cannot permit the ${what}: `);
  }
});

for (const workers of [1, 2]) {
  Deno.test(`listen --workers=${workers} works with what permissions prints, and dials nothing else`, async () => {
    await using one = new SampleServer("one");
    await using secure = new TlsServer("example", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    // A server that callers of the admin API try to add.
    await using elsewhere = new RawServer(() => {});
    await using token = await makeTemporaryFile(TOKEN, ".txt");
    const byName = one.url.replace("127.0.0.1", "localhost");
    await using config = await makeTemporaryFile(`
tls: { cert: ${certificatePath("localhost.crt")}, key: ${certificatePath("localhost.key")} }
upstream_tls: { ca_file: ${certificatePath("ca.crt")}, server_name: backend.example }
servers:
  - { url: "${one.url}", health_check_period: 1 }
  - { url: "${byName}", health_check_period: 1 }
  - { url: "${secure.url}", health_check_period: 1 }
`);
    const [port, apiPort] = freePorts(2) as [number, number];
    const args = [
      ["--config", config.path, "--host=localhost", `--port=${port}`, `--api-port=${apiPort}`],
      [`--workers=${workers}`, "--api-token-file", token.path, "--watch"],
    ].flat();
    await using program = new RunningCli(
      "listen",
      ...args,
      ...await permissionsFor(...args),
    );
    await program.waitForError("Admin API on");
    using client = Deno.createHttpClient({ caCerts: [pem("ca.crt")] });
    for (let times = 0; times < 9; times++) {
      const response = await fetch(`https://localhost:${port}/`, { client });
      await response.body?.cancel();
      assertEquals(response.status, 200);
    }
    const before = [one.url, byName, secure.url];

    const [status, problem] = await call(apiPort, "/add", { url: elsewhere.url, weight: 9 });
    assertEquals(status, 403);
    const address = new URL(elsewhere.url).host;
    const { title, detail, errors } = JSON.parse(problem);
    assertEquals([title, errors[0].field], ["Forbidden", "url"]);
    assertStringIncludes(detail, `Cannot connect to ${address}: the program was started without`);
    const again = await call(apiPort, "/update", { url: elsewhere.url, weight: 1 });
    assertEquals(again[0], 404);
    const path = await call(apiPort, "/add", { url: `${one.url}/app`, health_check_period: 0 });
    assertEquals(path[0], 200);
    const added = await runCli(
      ...["add-server", "--url", elsewhere.url, `--api-port=${apiPort}`],
      ...["--api-token-file", token.path],
    );
    assertEquals([added.code, added.stdout], [1, ""]);
    assertStringIncludes(added.stderr, "restart it with this address in --allow-net");
    assertEquals(elsewhere.accepted, 0);
    const list = await runCli(
      ...["list-servers", "--json", `--api-port=${apiPort}`, "--api-token-file", token.path],
    );
    assertEquals(
      (JSON.parse(list.stdout) as ServerStatusJson[]).map(({ url }) => url),
      [...before, `${one.url}/app`],
    );
  });
}

Deno.test({
  name: "a reload that names a server without permission changes nothing",
  ignore: windows,
  async fn() {
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    await using config = await makeTemporaryFile(`- url: ${one.url}\n`);
    const [port, apiPort] = freePorts(2) as [number, number];
    const args = ["--config", config.path, `--port=${port}`, `--api-port=${apiPort}`];
    await using program = new RunningCli("listen", ...args, ...await permissionsFor(...args));
    await program.waitForError("Admin API on");
    await Deno.writeTextFile(config.path, `- url: ${two.url}\n`);
    program.kill("SIGHUP");
    await Promise.race([
      program.waitForError("The running configuration is unchanged."),
      program.waitForError("Reloaded"),
    ]);
    assertStringIncludes(program.errors, `Cannot connect to ${new URL(two.url).host}: `);
    assertEquals(await urls(apiPort), [one.url]);
  },
});

Deno.test("listen ends with one line where it lacks a permission from the start", async () => {
  await using config = await makeTemporaryFile("- url: http://127.0.0.1:3001\n");
  const [port, apiPort] = freePorts(2) as [number, number];
  const args = ["listen", "--config", config.path, `--port=${port}`, `--api-port=${apiPort}`];
  const own = [`0.0.0.0:${port}`, `127.0.0.1:${apiPort}`, "127.0.0.1:3001"] as const;
  const cases = [
    [[own[0], own[1]], "ballast: Cannot connect to 127.0.0.1:3001: the program was started"],
    [
      [own[1], own[2]],
      `ballast: Cannot listen on ${own[0]}: no network permission; add ${own[0]} to --allow-net`,
    ],
    [
      [own[0], own[2]],
      `ballast: Cannot listen on ${own[1]}: no network permission; add ${own[1]} to --allow-net`,
    ],
  ] as const;
  for (const [net, message] of cases) {
    const permissions = [`--allow-net=${net.join(",")}`, `--allow-read=${config.path}`];
    await using program = new RunningCli(...args, ...permissions);
    const listens = await program.waitForError("Admin API on").then(() => true, () => false);
    assertEquals(listens, false);
    const { code, stdout, stderr } = await program.result();
    assertEquals([code, stdout], [1, ""], stderr);
    assertEquals(stderr.split("\n").filter((line) => line.startsWith("ballast: ")).length, 1);
    assertStringIncludes(stderr, message);
  }
});
