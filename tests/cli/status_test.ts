import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isInstalled } from "../testing/installed.ts";
import { RunningBalancer } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { STATS } from "../testing/stats.ts";
import { Terminal } from "../testing/terminal.ts";

/** Elsewhere, `script` has other flags. */
const noTerminal = Deno.build.os !== "linux" || !await isInstalled("script");

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

Deno.test("status shows a real balancer once where the output is not a terminal", async () => {
  await using server = new SampleServer("one");
  await using balancer = await RunningBalancer.start();
  await balancer.run("add-server", `--url=${server.url}`, "--name=one", "--health-check-period=0");
  await (await fetch(balancer.url)).text();
  for (const flags of [[], ["--once"]]) {
    const { code, stdout, stderr } = await balancer.run("status", ...flags);
    assertEquals([code, stderr], [0, ""]);
    const [head, rates, counts, none, columns, row, ...more] = stdout.split("\n");
    assertMatch(head!, /^Ballast \d+\.\d+\.\d+, up .+, 1 worker, \d{4}-\d\d-\d\d [0-9:]{8} UTC$/);
    assertMatch(rates!, /^\d\.\d requests\/s, 0\.0 errors\/s, p50 .*s, p99 .*s \(over .*s\)$/);
    assertStringIncludes(counts!, "active 0, waiting 0; total: 1 request, 0 refused");
    assertEquals([none, more], ["", [""]]);
    assertMatch(columns!, /^NAME +URL +STATE +.* LAST CHECK$/);
    assertMatch(row!, /^one +http:\/\/127\.0\.0\.1:\d+ +up +0 +1 +100 % .* none yet$/);
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000-\u0009\u000b-\u001f]/.test(stdout), "no control sequences");
  }
});

Deno.test("status --json writes what the API answers", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json(STATS),
  );
  const { code, stdout } = await runCli("status", "--json", `--api-port=${server.addr.port}`);
  assertEquals([code, JSON.parse(stdout)], [0, STATS as unknown]);
});

Deno.test("status tells in one line that it cannot reach a balancer, or finds something else", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ version: "1", servers: [] }),
  );
  const { code, stdout, stderr } = await runCli("status", `--api-port=${server.addr.port}`);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^ballast: Cannot reach .*: the server at this address is not Ballast\. .*\n$/,
  );
});

Deno.test({
  name: "status is drawn in place, says when the balancer is gone, and gives the terminal back",
  ignore: noTerminal,
  async fn() {
    await using server = new SampleServer("one");
    await using balancer = await RunningBalancer.start("--grace-period=0");
    await balancer.run("add-server", `--url=${server.url}`, "--name=one");
    const flags = ["status", `--api-port=${balancer.apiPort}`];
    await using terminal = new Terminal([90, 10], {}, flags);
    const first = await terminal.waitFor("\x1b[H");
    assertEquals(terminal.output.slice(0, first), `${ENTER}\x1b[2J\x1b[H`);
    await terminal.waitFor("\x1b[32mup", first);
    const second = await terminal.waitFor("\x1b[H", await terminal.waitFor("\x1b[J", first));
    // One picture is over the other: nothing is cleared in between, and nothing scrolls.
    const picture = terminal.output.slice(first, second);
    assert(picture.split("\n").length <= 10, picture);
    assertEquals(picture.includes("\x1b[2J"), false);
    assertEquals(await balancer.stop(), 0);
    const gone = await terminal.waitFor("\x1b[31mCannot reach the admin API", second);
    await terminal.waitFor("\x1b[31mCannot reach the admin API", gone);
    await terminal.type("\x03");
    assertEquals(await terminal.exitCode(), 0);
    assert(terminal.output.endsWith(LEAVE), terminal.output);
    assertEquals(terminal.output.split(LEAVE).length, 2);
  },
});

Deno.test({
  name: "status shows no colours with NO_COLOR, and cuts its lines to the terminal",
  ignore: noTerminal,
  async fn() {
    await using balancer = await RunningBalancer.start();
    await balancer.run("add-server", "--url=http://a", "--health-check-period=0");
    const flags = ["status", "--once", `--api-port=${balancer.apiPort}`];
    await using plain = new Terminal([40, 10], { NO_COLOR: "1" }, flags);
    assertEquals(await plain.exitCode(), 0);
    const lines = plain.output.trimEnd().split("\r\n");
    assertEquals([plain.output.includes("\x1b"), lines.length], [false, 6]);
    assert(lines.every((line) => [...line].length <= 40), plain.output);
    assertMatch(lines[0]!, /^Ballast .*…$/);
    await using colored = new Terminal([200, 10], {}, flags);
    assertEquals(await colored.exitCode(), 0);
    assertStringIncludes(colored.output, "\x1b[32mup   \x1b[0m");
    assertEquals(colored.output.includes(ENTER), false);
  },
});
