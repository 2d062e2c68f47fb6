import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseConfig } from "../../mod.ts";
import { RunningBalancer } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const YAML = `grace_period: 3
policy: round_robin
health_check: { path: /up, rise: 2 }
servers:
  - { url: "http://127.0.0.1:3001", name: "- one", weight: 2, health_check_period: 0 }
  - { url: "http://127.0.0.1:3002", health_check_period: 0, draining: true, max_connections: 5 }
`;

Deno.test("drain-server and enable-server steer a running balancer, and list-servers shows it", async () => {
  await using file = await makeTemporaryFile(YAML);
  await using balancer = await RunningBalancer.start(`--config=${file.path}`);
  const drained = await balancer.run("drain-server", "--url=HTTP://127.0.0.1:3001/");
  assertEquals(drained, {
    code: 0,
    stdout: "http://127.0.0.1:3001 (- one) takes no new requests until enable-server\n",
    stderr: "",
  });
  const list = (await balancer.run("list-servers")).stdout.split("\n");
  assertEquals(list.filter((line) => line.includes("healthy, draining")).length, 2);
  const enabled = await balancer.run("enable-server", "--url=http://127.0.0.1:3001", "--json");
  assertEquals([enabled.code, JSON.parse(enabled.stdout).draining], [0, false]);
  await balancer.run("update-server", "--url=http://127.0.0.1:3002", "--weight=0");
  const { stdout } = await balancer.run("enable-server", "--url=http://127.0.0.1:3002");
  assertStringIncludes(stdout, "takes new requests, but its weight is 0");
  const unknown = await balancer.run("drain-server", "--url=http://b");
  assertEquals([unknown.code, unknown.stderr], [
    1,
    "ballast: The balancer refused: There is no server with the URL http://b\n",
  ]);
});

Deno.test("export-config writes a file that starts the same balancer again", async () => {
  await using file = await makeTemporaryFile(YAML);
  await using token = await makeTemporaryFile("a-token-of-the-tests\n");
  const flag = `--api-token-file=${token.path}`;
  await using first = await RunningBalancer.start(`--config=${file.path}`, flag);
  const added = ["--url=http://127.0.0.1:3003", "--name= \u{1f600} ", "--health-check-period=0"];
  assertEquals((await first.run("add-server", ...added, flag)).code, 0);
  const { code, stdout, stderr } = await first.run("export-config", flag);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.includes("a-token-of-the-tests"), false);
  const config = parseConfig(stdout);
  assertEquals([config.apiTokenFile, config.apiPort], [token.path, first.apiPort]);
  assertEquals([config.gracePeriod, config.policy, config.workers], [3, "round_robin", 1]);
  assertEquals(config.healthCheck, { path: "/up", rise: 2 });
  await using exported = await makeTemporaryFile(stdout);
  await using second = await RunningBalancer.start(`--config=${exported.path}`);
  const lists = await Promise.all(
    [first, second].map((balancer) => balancer.run("list-servers", "--json", flag)),
  );
  assertEquals(lists[0], lists[1]);
  assertEquals(JSON.parse(lists[0]!.stdout).length, 3);
});

Deno.test("export-config does not let what answers drive the terminal", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("a: \x1b[31m\nb: 1\n", { headers: { "content-type": "application/yaml" } }),
  );
  const { stdout } = await runCli("export-config", `--api-port=${server.addr.port}`);
  assertEquals(stdout, "a: \ufffd[31m\nb: 1\n");
});
