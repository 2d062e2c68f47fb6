import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { DecisionJson, DecisionsJson } from "../../src/admin/decisions.ts";
import { RunningBalancer } from "../testing/program.ts";
import { runCli, RunningCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { until } from "../testing/until.ts";

/** Two servers, of which one is left, behind a balancer. */
async function start(...args: string[]): Promise<RunningBalancer> {
  return await RunningBalancer.start("--host=127.0.0.1", ...args);
}

async function addServer(balancer: RunningBalancer, { name, url }: SampleServer): Promise<void> {
  const flags = [`--url=${url}`, `--name=${name}`, "--health-check-period=0"];
  assertEquals((await balancer.run("add-server", ...flags)).code, 0);
}

async function get(balancer: RunningBalancer, path: string): Promise<void> {
  await (await fetch(balancer.url + path, { headers: { connection: "close" } })).body?.cancel();
}

async function decisions(balancer: RunningBalancer): Promise<DecisionsJson> {
  return await (await fetch(`http://127.0.0.1:${balancer.apiPort}/decisions`)).json();
}

function follow(balancer: RunningBalancer, ...args: string[]): RunningCli {
  return new RunningCli("explain", "--follow", `--api-port=${balancer.apiPort}`, ...args);
}

/** Waits until a follower has turned on recording. */
async function untilRecording(balancer: RunningBalancer): Promise<void> {
  await until("decisions to be recorded", async () => (await decisions(balancer)).keep > 0);
}

Deno.test("explain says how to have decisions recorded where they are not", async () => {
  await using balancer = await start();
  for (const args of [[], ["--json"]]) {
    const { code, stdout, stderr } = await balancer.run("explain", ...args);
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      'ballast: No decisions are recorded. Watch them live with "ballast explain --follow", or ' +
        'keep the latest with "ballast listen --decisions 100".\n',
    );
  }
});

Deno.test("explain tells the latest decisions of a real balancer", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using balancer = await start("--decisions=20");
  assertEquals(
    (await balancer.run("explain")).stdout,
    "No requests since recording began.\n",
  );
  await addServer(balancer, one);
  await addServer(balancer, two);
  for (const path of ["/a?secret=1", "/b", "/a/c"]) await get(balancer, path);
  const all = (await balancer.run("explain")).stdout;
  assertEquals(all.includes("secret"), false);
  const blocks = all.trimEnd().split("\n\n").map((block) => block.split("\n"));
  assertEquals(blocks.length, 3);
  assertMatch(blocks[0]![0]!, /^#1 {2}20\S+Z {2}GET \/a, from 127\.0\.0\.1, attempt 1$/);
  assertEquals(blocks[0]!.slice(1), [
    `  -> one ${one.url} (least_connections: idle, tied with 1 other; next in the weighted rotation)`,
    "     SERVER  STATE  WEIGHT  ACTIVE  KEY      VERDICT",
    "     one     up     1       0       idle: 0  chosen",
    "     two     up     1       0       idle: 0  tie: later in the weighted rotation",
  ]);
  async function told(...args: string[]): Promise<string[]> {
    const { stdout } = await balancer.run("explain", "--json", ...args);
    return (JSON.parse(stdout) as DecisionJson[]).map(({ request }) => request.path);
  }
  assertEquals(await told(), ["/a", "/b", "/a/c"]);
  assertEquals(await told("--limit=1"), ["/a/c"]);
  assertEquals(await told("--path=/a"), ["/a", "/a/c"]);
  assertEquals(await told("--server=two"), ["/b"]);
  assertEquals(await told(`--server=${two.url.replace("http:", "HTTP:")}/`), ["/b"]);
  assertEquals(await told("--server=three"), []);
  assertEquals(
    (await balancer.run("explain", "--path=/none")).stdout,
    "None of the latest 3 decisions matches.\n",
  );
});

Deno.test("explain refuses flags that make no sense", async () => {
  const faults: [flag: string, message: string][] = [
    ["--path=orders", '--path must begin with a slash, not "orders"'],
    ["--limit=0", "--limit must be a whole number from 1 to 10000"],
    ["--limit=10001", "--limit must be a whole number from 1 to 10000"],
  ];
  for (const [flag, message] of faults) {
    const { code, stderr } = await runCli("explain", flag);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
  const { code, stderr } = await runCli("listen", "--decisions=10001");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--decisions must be a whole number from 0 to 10000");
});

Deno.test("explain --follow records while it runs, and ends that at each signal", async () => {
  await using server = new SampleServer("one");
  await using balancer = await start();
  await addServer(balancer, server);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    await using following = follow(balancer);
    await following.waitForError("Decisions were not being recorded");
    await untilRecording(balancer);
    await get(balancer, `/${signal}`);
    await following.waitFor(`GET /${signal}, from 127.0.0.1, attempt 1`);
    following.kill(signal);
    const { code, stderr } = await following.result();
    assertEquals(code, 0, signal);
    assertEquals(
      stderr,
      "Decisions were not being recorded; recording them until this command ends.\n",
    );
    const { keep, decisions: left } = await decisions(balancer);
    assertEquals([keep, left], [0, []]);
  }
});

Deno.test("explain --follow leaves the recording as it was where it was on, and tells with workers", async () => {
  await using server = new SampleServer("one");
  await using config = await makeTemporaryFile("decisions: 7\nworkers: 2\nservers: []\n");
  await using balancer = await start(`--config=${config.path}`);
  await addServer(balancer, server);
  await get(balancer, "/before");
  await using following = follow(balancer, "--json", "--limit=3", "--path=/a");
  // Whether it has begun to follow cannot be seen, so it is asked again until it has enough.
  await until("explain --follow to end", async () => {
    await get(balancer, "/a/b");
    return following.ended;
  });
  const { code, stdout, stderr } = await following.result();
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as DecisionJson);
  assertEquals(lines.map(({ request }) => request.path), ["/a/b", "/a/b", "/a/b"]);
  const [first, ...others] = lines.map(({ number }) => number);
  assertEquals(others, [first! + 1, first! + 2]);
  assertEquals((await decisions(balancer)).keep, 7);
});

Deno.test("explain --follow leaves what somebody else has set in the meantime", async () => {
  await using balancer = await start();
  await using following = follow(balancer);
  await untilRecording(balancer);
  const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/decisions`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"keep":5}',
  });
  await response.body?.cancel();
  following.kill("SIGINT");
  assertEquals((await following.result()).code, 0);
  assertEquals((await decisions(balancer)).keep, 5);
});

Deno.test("explain --follow says that the balancer has gone", async () => {
  await using balancer = await start();
  await using following = follow(balancer);
  await untilRecording(balancer);
  assertEquals(await balancer.stop(), 0);
  const { code, stderr } = await following.result();
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot reach the admin API");
});

Deno.test("explain --follow ends cleanly when nobody reads it any more", async () => {
  await using server = new SampleServer("one");
  await using balancer = await start();
  await addServer(balancer, server);
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `"$0" run --allow-net --allow-read --no-prompt cli.ts explain --follow --api-port=` +
      `${balancer.apiPort} | head -n 1`,
      Deno.execPath(),
    ],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  await untilRecording(balancer);
  // It turns off what it has turned on when its next line finds no reader.
  await until("decisions not to be recorded", async () => {
    await get(balancer, "/");
    return (await decisions(balancer)).keep === 0;
  });
  const { stdout, stderr } = await output;
  assertMatch(new TextDecoder().decode(stdout), /^#1 .*\n$/);
  const errors = new TextDecoder().decode(stderr);
  assertEquals(
    errors,
    "Decisions were not being recorded; recording them until this command ends.\n",
  );
});

Deno.test("explain shows names and paths as text, whatever they are", async () => {
  const hostile = "\x1b]0;owned\x07\x1b[31mred\u009b2J\n-> fake";
  const decision: DecisionJson = {
    number: 1,
    at: hostile,
    request: { id: hostile, method: hostile, path: `/${hostile}`, client: hostile },
    attempt: 1,
    policy: hostile,
    chosen: hostile,
    code: "policy",
    reason: hostile,
    candidates: [1, 2].map((weight) => ({
      url: `${hostile}${weight}`,
      name: hostile,
      state: "up",
      weight,
      active: 0,
      key: hostile,
      code: "chosen",
      verdict: hostile,
    })),
    omitted: 3,
  };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ keep: 5, skipped: 0, latest: 1, decisions: [decision] }),
  );
  const { code, stdout } = await runCli("explain", `--api-port=${server.addr.port}`);
  assertEquals(code, 0);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stdout), JSON.stringify(stdout));
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 6);
  assertEquals(lines.at(-1), "     … and 3 more");
  // Two servers of one name are told apart.
  assertStringIncludes(lines[3]!, "-> fake1  up");
});

Deno.test("explain tells what answers is not Ballast", async () => {
  const decisions = [{}, [null], [{ number: 1, candidates: [] }], [{ number: 1, request: {} }]];
  const answers = decisions.map((decisions) => ({ keep: 1, latest: 1, decisions }));
  for (const answer of [{}, [], null, ...answers]) {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => Response.json(answer),
    );
    const { code, stderr } = await runCli("explain", `--api-port=${server.addr.port}`);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "the server at this address is not Ballast");
  }
});
