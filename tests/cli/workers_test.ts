import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT, RunningBalancer } from "../testing/program.ts";
import { freePorts, runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/**
 * Starts the program as a user would for whom no `deno.json` lets threads share a port.
 *
 * @returns Its output until it ends, or until it listens.
 */
async function listenWithoutConfig(...args: string[]): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const map = Object.entries(imports as Record<string, string>).flatMap(([name, target]) => [
    [name, target],
    [`${name}/`, `${target.replace(":", ":/")}/`],
  ]);
  await using file = await makeTemporaryFile(
    JSON.stringify({ imports: Object.fromEntries(map) }),
    ".json",
  );
  const [port, apiPort] = freePorts(2);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ["run", "--no-config", "--vendor=true", "--no-lock", `--import-map=${file.path}`],
      ["--allow-net", "--allow-read", "--no-prompt", "cli.ts", "listen"],
      [`--port=${port}`, `--api-port=${apiPort}`, ...args],
    ].flat(),
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    log += text;
    if (log.includes("Dashboard on")) child.kill("SIGTERM");
  }
  await child.status;
  return log;
}

Deno.test("listen --workers auto takes one where threads cannot share a port, and says why", async () => {
  const output = await listenWithoutConfig("--workers=auto");
  const cores = navigator.hardwareConcurrency;
  if (cores > 1) {
    assertStringIncludes(
      output,
      `Using 1 of ${cores} cores: threads can share a port only if Deno runs with ` +
        '--unstable-net"',
    );
  }
  assertStringIncludes(output, "Balancing 0 servers");
});

Deno.test("listen --workers refuses several where threads cannot share a port", async () => {
  assertStringIncludes(
    await listenWithoutConfig("--workers=2"),
    "ballast: Cannot use 2 workers: threads can share a port only if Deno runs with " +
      "--unstable-net. Start it with that flag.\n",
  );
});

Deno.test("listen --workers serves with several threads, and stops all of them at SIGTERM", async () => {
  await using server = new SampleServer("one");
  await using balancer = await RunningBalancer.start("--workers=2", "--host=127.0.0.1", "--debug");
  await balancer.waitForError("with 2 workers");
  assertEquals((await balancer.run("add-server", `--url=${server.url}`)).code, 0);
  const answers = await Promise.all(Array.from({ length: 40 }, async () => {
    const response = await fetch(balancer.url, { headers: { connection: "close" } });
    return await response.text();
  }));
  assertEquals(answers, new Array(40).fill("one"));
  assertEquals(await balancer.stop(), 0);
});

Deno.test("listen takes the number of workers from the configuration", async () => {
  await using config = await makeTemporaryFile("workers: 3\nservers: []\n");
  await using balancer = await RunningBalancer.start(`--config=${config.path}`);
  await balancer.waitForError("with 3 workers");
  assertEquals(await balancer.stop(), 0);
});

Deno.test("listen --workers auto takes one worker for each core", async () => {
  await using balancer = await RunningBalancer.start("--workers=auto");
  const cores = navigator.hardwareConcurrency;
  await balancer.waitForError(cores === 1 ? "Admin API" : `with ${cores} workers`);
  assertEquals(await balancer.stop(), 0);
});

Deno.test("listen --workers refuses what is no number of threads", async () => {
  for (const value of ["0", "257", "-1", "1.5", "many", ""]) {
    const { code, stderr } = await runCli("listen", `--workers=${value}`);
    assertEquals(code, 2, value);
    assertStringIncludes(stderr, "--workers");
  }
});

Deno.test("listen --workers tells in one line that its port is in use", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [apiPort] = freePorts(1);
  const { port } = listener.addr;
  const flags = [`--port=${port}`, `--api-port=${apiPort}`, "--host=127.0.0.1", "--workers=2"];
  assertEquals(await runCli("listen", ...flags), {
    code: 1,
    stdout: "",
    stderr: `ballast: Cannot listen on 127.0.0.1:${port}: the port is in use; ` +
      "choose another with --port\n",
  });
});
