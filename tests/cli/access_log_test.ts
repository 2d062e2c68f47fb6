import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readAccessLines } from "../testing/access_lines.ts";
import { RunningBalancer } from "../testing/program.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { connectPeer, PeerServer } from "../testing/web_sockets.ts";

/** On Windows a signal ends a process without asking it. */
const noSignals = Deno.build.os === "windows";

/** Starts the program over one server that is not checked. */
function start(url: string, ...flags: string[]): Promise<RunningBalancer> {
  return startWith(`servers: [{ url: "${url}", health_check_period: 0 }]\n`, ...flags);
}

async function startWith(config: string, ...flags: string[]): Promise<RunningBalancer> {
  await using file = await makeTemporaryFile(config);
  return await RunningBalancer.start(`--config=${file.path}`, "--host=127.0.0.1", ...flags);
}

function request(target: string, agent: string): string {
  const fields = `Host: a\r\nUser-Agent: ${agent}\r\nReferer: http://b/\r\nConnection: close`;
  return `GET ${target} HTTP/1.1\r\n${fields}\r\n\r\n`;
}

const AGENT = '\u00c3\u00a9 "\\';

for (const workers of [1, 2]) {
  Deno.test(`listen --access-log json --workers ${workers} logs each request on a line of its own`, async () => {
    await using server = new SampleServer("one");
    await using balancer = await start(server.url, "--access-log=json", `--workers=${workers}`);
    const targets = Array.from({ length: 60 }, (_, i) => `/${i}`);
    await Promise.all(targets.map((target) => exchangeRaw(balancer.url, request(target, AGENT))));
    await exchangeRaw(balancer.url, request("/last", AGENT));
    // A line shows up without further ones.
    await balancer.waitFor('"/last"');
    assertEquals(await balancer.stop(), 0);
    const lines = readAccessLines(balancer.output);
    assertEquals(lines.map(({ target }) => target).sort(), [...targets, "/last"].sort());
    for (const line of lines) {
      assertEquals([line.status, line.bytes, line.server], [200, 3, server.url]);
      assertEquals([line.user_agent, line.referer], ['é "\\', "http://b/"]);
    }
    assertEquals(new Set(lines.map(({ id }) => id)).size, 61);
    // The program's own messages are in its log, which is JSON as well.
    const log = balancer.errors.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertMatch(log[0].message, /^Started Ballast \d\S* with pid \d+$/);
    assertStringIncludes(log[1].message, "Balancing 1 server on http://127.0.0.1:");
    assertMatch(log[0].time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assertEquals([log[0].level, log[0].logger], ["info", "ballast.listen"]);
  });

  Deno.test({
    name: `listen --workers ${workers} logs what it breaks off when the grace period is over`,
    ignore: noSignals,
    async fn() {
      await using server = new RawServer(async (connection) => {
        await connection.waitFor("\r\n\r\n");
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\npart");
      });
      const flags = ["--access-log=json", `--workers=${workers}`, "--grace-period=1"];
      await using balancer = await start(server.url, ...flags);
      await using client = await RawClient.connect(balancer.url);
      await client.send(request("/held", "x"));
      await client.readUntil("\r\n\r\npart");
      assertEquals(await balancer.stop(), 0);
      const [line, ...others] = readAccessLines(balancer.output);
      assertEquals([line?.target, line?.status, others], ["/held", 200, []]);
      assert(line!.failure !== undefined);
    },
  });
}

Deno.test("listen --access-log common and combined write what Apache does", async () => {
  await using server = new SampleServer("one");
  const common = String
    .raw`^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}(:\d\d){3} [+-]\d{4}\] "GET /a\?b HTTP/1\.1" 200 3`;
  const combined = common + String.raw` "http://b/" "\\xc3\\xa9 \\"\\\\"`;
  for (const [format, line] of [["common", common], ["combined", combined]] as const) {
    await using balancer = await start(server.url, `--access-log=${format}`);
    await exchangeRaw(balancer.url, request("/a?b", AGENT));
    await balancer.waitFor("\n");
    assertMatch(balancer.output, new RegExp(`${line}\n$`));
  }
});

Deno.test("listen takes the formats from its file, and the flags before that", async () => {
  await using server = new SampleServer("one");
  const config = `access_log: json\nlog_format: pretty\nservers: [{ url: "${server.url}" }]\n`;
  await using balancer = await startWith(config, "--access-log=common");
  await (await fetch(balancer.url)).text();
  await balancer.waitFor('"GET / HTTP/1.1" 200 3\n');
  assertMatch(balancer.errors, /^\S+Z \[INF\] ballast\.listen: Started Ballast /);
  // deno-lint-ignore no-control-regex
  assertEquals(/\u001b/.test(balancer.errors), false);
});

Deno.test("listen refuses formats that it does not know", async () => {
  for (const flag of ["access-log", "log-format"]) {
    const { code, stderr } = await runCli("listen", `--${flag}=xml`);
    assertEquals(code, 2);
    assertMatch(stderr, new RegExp(`^ballast: --${flag} must be .* or json, not "xml"\\.`));
  }
});

Deno.test({
  name: "listen logs a WebSocket and a request that end while it stops",
  ignore: noSignals,
  async fn() {
    await using sockets = await PeerServer.start();
    await using balancer = await start(sockets.url, "--access-log=json");
    const client = await connectPeer(`${balancer.url}/socket`);
    assertEquals(balancer.output, "");
    const stopped = balancer.stop();
    assertEquals((await client.closed).code, 1001);
    assertEquals(await stopped, 0);
    const lines = readAccessLines(balancer.output);
    assertEquals(lines.map(({ target, status }) => [target, status]), [["/socket", 101]]);
  },
});
