import { assertEquals, assertMatch } from "@std/assert";
import type { ReplayJson } from "../../src/simulate/replay.ts";
import { RunningBalancer } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile, type TemporaryFile } from "../testing/temporary_file.ts";

const REQUESTS = 12;

/** Decisions of a real balancer for requests sent one at a time. */
async function record(command: "explain" | "decisions"): Promise<TemporaryFile> {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using config = await makeTemporaryFile(
    `- { url: "${one.url}", name: one, weight: 2, health_check_period: 0 }\n` +
      `- { url: "${two.url}", name: two, health_check_period: 0 }\n`,
  );
  await using balancer = await RunningBalancer.start(
    ...["--host=127.0.0.1", "--decisions=100", `--config=${config.path}`],
  );
  for (let i = 0; i < REQUESTS; i++) {
    const response = await fetch(`${balancer.url}/${i}`, { headers: { connection: "close" } });
    await response.text();
  }
  if (command === "explain") {
    const { stdout } = await balancer.run("explain", "--json", "--limit=100");
    return await makeTemporaryFile(stdout, ".json");
  }
  const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/decisions`);
  return await makeTemporaryFile(await response.text(), ".json");
}

Deno.test("replay makes what a real balancer has recorded again, and otherwise by another policy", async () => {
  await using file = await record("explain");
  const same = await runCli("--allow-read", "replay", file.path);
  assertEquals([same.code, same.stderr], [0, ""]);
  const [first, ...rest] = same.stdout.split("\n");
  assertEquals(first, `least_connections differs in 0 of ${REQUESTS} decisions (0.0 %)`);
  assertEquals(rest.slice(1), [
    "SERVER  RECORDED  REPLAYED",
    "one     8         8",
    "two     4         4",
    "",
  ]);
  // All come from one address.
  const flags = ["--policy=client_hash", "--limit=2"];
  const { stdout } = await runCli("--allow-read", "replay", file.path, ...flags);
  assertMatch(stdout, /^client_hash differs in (8|4) of 12 decisions \((66\.7|33\.3) %\)\n/);
  assertMatch(stdout, /\n(8|4) of them are between equally loaded servers\n/);
  assertMatch(
    stdout,
    /\nDECISION +AT +PATH +RECORDED +REPLAYED +BY LOAD\n#\d+ +20\S+Z +\/\d+ +(one|two) \(0 \/ \d\)/,
  );
  assertMatch(stdout, /\n… and (6|2) more \(see --limit and --json\)\n$/);
});

Deno.test("replay --json takes what /decisions answers, and the weights of a configuration", async () => {
  await using file = await record("decisions");
  const recorded: { decisions: { chosen: string }[] } = JSON.parse(
    await Deno.readTextFile(file.path),
  );
  const [one, two] = [...new Set(recorded.decisions.map(({ chosen }) => chosen))];
  await using config = await makeTemporaryFile(
    `policy: round_robin\nservers: [{ url: "${one}", weight: 1 }, { url: "${two}", weight: 3 }]\n`,
  );
  const args = ["replay", file.path, `--config=${config.path}`, "--json"];
  const { code, stdout } = await runCli("--allow-read", ...args);
  assertEquals(code, 0);
  const result: ReplayJson = JSON.parse(stdout);
  assertEquals([result.policy, result.decisions], ["round_robin", REQUESTS]);
  assertEquals(result.servers.map(({ url, picked }) => [url, picked]), [[one, 3], [two, 9]]);
  assertEquals(result.differences.length, result.different);
});

Deno.test("replay says what is wrong with what it is given", async () => {
  await using text = await makeTemporaryFile("nope\n");
  await using custom = await makeTemporaryFile(JSON.stringify({
    ...{ number: 1, at: "2026-01-01T00:00:00.000Z", attempt: 1, policy: "custom" },
    ...{
      chosen: null,
      code: "no_server",
      reason: "there is no server",
      candidates: [],
      omitted: 0,
    },
    request: { id: null, method: "GET", path: "/", client: null },
  }));
  const cases: [args: string[], code: number, message: RegExp][] = [
    [["/nowhere"], 1, /^ballast: Cannot read the decisions \/nowhere: no such file/],
    [
      [text.path],
      1,
      /line 1 is not JSON; it must be the output of explain --json or GET \/decisions/,
    ],
    [[text.path, "--config=/nowhere"], 1, /Cannot read the configuration/],
    [[custom.path], 2, /--policy must be one of least_connections, .*, not "custom"/],
  ];
  await Promise.all(cases.map(async ([args, code, message]) => {
    const result = await runCli("--allow-read", "replay", ...args);
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
    assertMatch(result.stderr, message);
  }));
});
