import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { SimulationJson } from "../../src/simulate/result.ts";
import { RunningBalancer } from "../testing/program.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { type CliResult, runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** Reading files is all that a simulation has to be allowed. */
function simulate(...args: string[]): Promise<CliResult> {
  return runCli("--allow-read", "simulate", ...args);
}

async function simulateJson(...args: string[]): Promise<SimulationJson> {
  const { code, stdout, stderr } = await simulate("--json", ...args);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

Deno.test("simulate compares the policies in tables and charts", async () => {
  const { code, stdout, stderr } = await simulate("--servers=3", "--requests=5000", "--load=0.9");
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  assertMatch(
    lines[0]!,
    /^4500 requests in \d+ s, 27 requests\/s, 3 servers, 1 balancer, seed 1; without the warm-up/,
  );
  assertMatch(lines[2]!, /^POLICY +P50 +P99 +P99\.9 +MEAN +QUEUED .*UTILIZATION +PEAK/);
  for (const policy of ["least_connections", "round_robin", "random_two_choices", "client_hash"]) {
    assertMatch(stdout, new RegExp(`\n${policy} .*(ms|s) .*% … .*active +0 +0\n`));
    assertMatch(stdout, new RegExp(`\n(p99 )? +${policy} +█.* (ms|s)\n`));
    assertStringIncludes(stdout, `\nShare of requests under ${policy}\nserver-1  █`);
  }
  // The longest bar is that of the worst.
  const bars = lines.filter((line) => /^(p99 {4}|p99\.9| {7}).*█/.test(line));
  assertEquals(Math.max(...bars.map((line) => line.match(/█+/)![0].length)), 40);
});

Deno.test("simulate shows how many servers differ, where they are many", async () => {
  const { stdout } = await simulate("--servers=200", "--requests=5000", "--policy=round_robin");
  assertMatch(stdout, /\nrequests\/weight +round_robin +0\.\d\d [·▁-█]{40} 1\.\d\d\n/);
  assertMatch(stdout, /\nutilization +round_robin +\d+ % [·▁-█]{40} \d+ %\n/);
  assertMatch(stdout, /\npeak +round_robin +\d [·▁-█]{40} \d+\n/);
});

Deno.test("simulate tells of failures and queues", async () => {
  await using config = await makeTemporaryFile(
    "servers: [{ url: http://a, max_connections: 2 }, { url: http://b, max_connections: 2 }]\n" +
      "limits: { queue: 3 }\n",
  );
  await using workload = await makeTemporaryFile(
    "load: 2\nfailures: [{ servers: [a], kind: down, from: 10, until: 30 }]\n",
  );
  const { stdout } = await simulate(
    `--config=${config.path}`,
    `--workload=${workload.path}`,
    "--requests=5000",
    "--policy=least_connections",
  );
  assertMatch(stdout, /\nleast_connections .* \d+ \(\d+ overloaded/);
  assertStringIncludes(stdout, "\n\nleast_connections: longest queue of a balancer: 3\n");
  assertMatch(stdout, /\nleast_connections, all balancers: .*1 × ejected.*1 × probing/);
});

Deno.test("simulate --json says the same at each run, and what flags change in a file", async () => {
  await using workload = await makeTemporaryFile("load: 0.5\nseed: 9\nrequests: 3000\n");
  const args = ["--servers=3", `--workload=${workload.path}`, "--policy=random_two_choices"];
  const first = await simulate("--json", ...args);
  assertEquals((await simulate("--json", ...args)).stdout, first.stdout);
  const plain: SimulationJson = JSON.parse(first.stdout);
  assertEquals([plain.seed, plain.balancers, plain.rate], [9, 1, 15]);
  assertEquals(plain.policies.map(({ policy }) => policy), ["random_two_choices"]);
  const changed = await simulateJson(
    ...args,
    ...["--rate=7", "--seed=8", "--balancers=2", "--start=apart", "--concurrency=4"],
    ...["--service=0.01", "--duration=10", "--max-connections=1"],
  );
  assertEquals([changed.seed, changed.balancers, changed.rate], [8, 2, 7]);
  assert(changed.policies[0]!.response_ms.mean < 15);
});

Deno.test("simulate takes the access log of a real balancer", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using config = await makeTemporaryFile(
    [one, two].map(({ url }) => `- { url: "${url}", health_check_period: 0 }\n`).join(""),
  );
  await using balancer = await RunningBalancer.start(
    ...["--host=127.0.0.1", "--access-log=json", `--config=${config.path}`],
  );
  const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (let i = 0; i < 20; i++) await exchangeRaw(balancer.url, request);
  assertEquals(await balancer.stop(), 0);
  await using log = await makeTemporaryFile(balancer.output);
  await using workload = await makeTemporaryFile(
    "service: { distribution: recorded }\nconcurrency: 0\nwarm_up: 0\n",
  );
  const { rate, policies } = await simulateJson(
    ...[`--log=${log.path}`, `--workload=${workload.path}`, `--config=${config.path}`],
  );
  assertEquals(rate, null);
  for (const { answered, response_ms } of policies) {
    assertEquals(answered, 20);
    assert(response_ms.p50 > 0 && response_ms.p99 < 10_000);
  }
});

Deno.test("simulate says what is wrong with its files, and what to do", async () => {
  await using text = await makeTemporaryFile("a: [\n");
  await using faulty = await makeTemporaryFile("rate: 0\nserver: 7\n");
  await using empty = await makeTemporaryFile("[]\n");
  const servers = "--servers=2";
  const cases: [args: string[], message: RegExp][] = [
    [["--config=/nowhere"], /^ballast: Cannot read the configuration \/nowhere: no such file/],
    [[`--config=${empty.path}`], /servers has no server to simulate/],
    [[servers, "--workload=/nowhere"], /Cannot read the workload \/nowhere: no such file/],
    [[servers, "--log=/nowhere"], /Cannot read the access log \/nowhere/],
    [[servers, `--workload=${text.path}`], /Cannot use \/.*: it is not valid YAML/],
    [[servers, `--workload=${faulty.path}`], /rate must be a number .*server is not known here/],
    [[servers, `--log=${text.path}`], /line 1 is not a line of a JSON access log/],
    [
      [servers, "--concurrency=0"],
      /load cannot be used if a server has no concurrency limit; give a rate/,
    ],
  ];
  await Promise.all(cases.map(async ([args, message]) => {
    const { code, stdout, stderr } = await simulate(...args);
    assertEquals([code, stdout], [1, ""], args.join(" "));
    assertMatch(stderr, message);
  }));
});
