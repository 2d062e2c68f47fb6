import { assertEquals, assertStringIncludes } from "@std/assert";
import { freePorts, runCli, RunningCli } from "./testing/run_cli.ts";
import { makeTemporaryFile } from "./testing/temporary_file.ts";

// Both helpers start the program with --allow-net, --allow-read and --no-prompt, and nothing else.

/** On Windows a signal ends a process without asking it. */
const noSignals = Deno.build.os === "windows";

function listenArgs(port: number, apiPort: number): string[] {
  return ["listen", "--host", "127.0.0.1", "--port", `${port}`, "--api-port", `${apiPort}`];
}

Deno.test("every command works with net and read permission only", async () => {
  await using upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => new Response(`upstream got ${new URL(request.url).pathname}`),
  );
  const url = `http://127.0.0.1:${upstream.addr.port}`;
  await using config = await makeTemporaryFile(
    `- url: ${url}\n  name: one\n  health_check_period: 3600\n`,
  );
  const [port, apiPort] = freePorts(2) as [number, number];
  await using balancer = new RunningCli(...listenArgs(port, apiPort), "--config", config.path);
  await balancer.waitForError(`"Balancing 1 server on http://127.0.0.1:${port}"`);
  await balancer.waitForError(`"Admin API on http://127.0.0.1:${apiPort}"`);

  const response = await fetch(`http://127.0.0.1:${port}/path`);
  assertEquals(await response.text(), "upstream got /path");

  const metrics = await (await fetch(`http://127.0.0.1:${apiPort}/metrics`)).text();
  assertStringIncludes(metrics, `ballast_requests_total{code="2xx",server="${url}"} 1\n`);
  assertStringIncludes(metrics, "\nprocess_resident_memory_bytes ");

  const commands: [args: string[], output: string][] = [
    [["add-server", "--url", "http://a", "--health-check-period", "0"], "Added http://a (a): "],
    [["update-server", "--url", url, "--weight", "5"], "weight 1 → 5"],
    [["list-servers"], "LAST CHECK\none "],
    [["delete-server", "--url", "http://a"], "Deleted http://a (a)"],
    [["status"], "Ballast "],
    [["events", "--no-follow"], "removed   a http://a"],
  ];
  for (const [args, output] of commands) {
    const result = await runCli(...args, "--api-port", String(apiPort));
    assertEquals([result.code, result.stderr], [0, ""]);
    assertStringIncludes(result.stdout, output);
  }
  assertEquals((await runCli("check-config", config.path)).code, 0);
  assertEquals((await runCli("completions", "bash")).code, 0);
  for (const flag of ["--help", "--version"]) assertEquals((await runCli(flag)).code, 0);

  if (noSignals) return;
  balancer.kill("SIGTERM");
  const { code, stdout, stderr } = await balancer.result();
  assertEquals([code, stdout], [0, ""]);
  assertStringIncludes(stderr, '"SIGTERM: finishing active requests, for at most 10 s"');
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `listen stops with exit code 0 at ${signal}, and gives its ports back`,
    ignore: noSignals,
    async fn() {
      const [port, apiPort] = freePorts(2) as [number, number];
      await using balancer = new RunningCli(...listenArgs(port, apiPort), "--debug");
      await balancer.waitForError("Balancing 0 servers");
      // A process that answers also listens to signals by then.
      const response = await fetch(`http://127.0.0.1:${apiPort}/healthz`);
      assertEquals(await response.json(), { status: "ok", servers: 0, healthy: 0 });
      balancer.kill(signal);
      const { code, stdout, stderr } = await balancer.result();
      assertEquals([code, stdout], [0, ""]);
      assertStringIncludes(stderr, `${signal}: finishing active requests`);
      for (const free of [port, apiPort]) {
        Deno.listen({ hostname: "127.0.0.1", port: free }).close();
      }
    },
  });
}
