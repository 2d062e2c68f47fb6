import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../testing/program.ts";
import { RawServer } from "../testing/raw_server.ts";
import { freePorts } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { TextWatcher } from "../testing/text_watcher.ts";
import { within } from "../testing/until.ts";

/** How long the program may take to end, in seconds; a machine may have much else to do. */
const END_SECONDS = 15;

/** A server that answers requests, and leaves health checks without an answer. */
function deafToChecks(): RawServer {
  return new RawServer(async (connection) => {
    for (let request = 1;; request++) {
      const received = await connection.waitFor("\r\n\r\n", request);
      if (received.includes("ballast-health-check")) return;
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndeaf");
    }
  });
}

for (const example of ["deno_serve_command.ts", "hono_app.ts"]) {
  Deno.test(`examples/${example} ends after one SIGTERM`, async () => {
    await using one = new SampleServer("one");
    await using deaf = deafToChecks();
    await using three = new SampleServer("three");
    let text = await Deno.readTextFile(new URL(`examples/${example}`, ROOT));
    for (const [i, { url }] of [one, deaf, three].entries()) {
      assert(text.includes(`"http://127.0.0.1:300${i + 1}"`), text);
      // The deaf one is being checked all the time.
      text = text.replace(
        `url: "http://127.0.0.1:300${i + 1}"`,
        `url: "${url}", healthCheckPeriod: ${i + 1}`,
      );
    }
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/${example}`, text);
    const [port] = freePorts(1);
    const config = new URL("deno.json", ROOT).pathname;
    const program = new Deno.Command(Deno.execPath(), {
      args: ["serve", `--config=${config}`, "--allow-net", `--port=${port}`]
        .concat("--host=127.0.0.1", `${folder}/${example}`),
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [stdout, stderr] = [program.stdout, program.stderr].map((out) => new TextWatcher(out));
    try {
      await within("the program's start", stderr!.includes("Listening on"), 60_000);
      // Connections to the servers stay open behind these.
      for (let i = 0; i < 6; i++) await (await fetch(`http://127.0.0.1:${port}/`)).text();
      program.kill("SIGTERM");
      const { code } = await within("the program's end", program.status, END_SECONDS * 1000);
      assertEquals([code, await stdout!.end()], [0, ""]);
    } finally {
      try {
        program.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await program.status;
      await Promise.all([stdout!.end(), stderr!.end()]);
      await Deno.remove(folder, { recursive: true });
    }
  });
}
