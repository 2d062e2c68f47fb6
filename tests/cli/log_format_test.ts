import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/model/version.ts";
import { RunningBalancer } from "../testing/program.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const windows = Deno.build.os === "windows";

/** The messages of a log of which every line has to be JSON. */
function messages(log: string): string[] {
  return log.trimEnd().split("\n").map((line) => {
    const { time, level, logger, message } = JSON.parse(line);
    assert(typeof time === "string" && typeof level === "string", line);
    assert(logger.startsWith("ballast."), line);
    return message;
  });
}

for (const flags of [[], ["--log-format=json"], ["--log-format=json", "--access-log=json"]]) {
  Deno.test({
    name: `listen ${flags.join(" ")} says everything in one log, and names the dashboard`,
    ignore: windows,
    async fn() {
      await using one = new SampleServer("one");
      await using file = await makeTemporaryFile(`- url: ${one.url}\n`);
      await using balancer = await RunningBalancer.start(`--config=${file.path}`, ...flags);
      const dashboard = `http://127.0.0.1:${balancer.apiPort}/`;
      assertStringIncludes(await (await fetch(dashboard)).text(), "<title>Ballast<");
      balancer.signal("SIGHUP");
      await balancer.waitForError("Reloaded");
      assertEquals(await balancer.stop(), 0);
      const port = new URL(balancer.url).port;
      assertEquals(messages(balancer.errors), [
        `Started Ballast ${VERSION} with pid ${balancer.pid}`,
        `Balancing 1 server on http://localhost:${port}`,
        `Admin API on http://127.0.0.1:${balancer.apiPort}`,
        `Dashboard on ${dashboard}`,
        `Reloaded ${file.path}: no changes`,
        "SIGTERM: finishing active requests, for at most 10 s",
      ]);
      // Nobody has sent a request, so there is nothing to log there.
      assertEquals(balancer.output, "");
    },
  });
}

Deno.test({
  name: "listen --log-format pretty says to people what it does, on the standard output",
  ignore: windows,
  async fn() {
    await using program = await RunningBalancer.start("--log-format=pretty");
    const { apiPort } = program;
    assertEquals(await program.stop(), 0);
    assertEquals(program.output.split("\n").slice(2, 4), [
      `Admin API on http://127.0.0.1:${apiPort}`,
      `Dashboard on http://127.0.0.1:${apiPort}/`,
    ]);
    assertEquals(program.errors, "");
  },
});
