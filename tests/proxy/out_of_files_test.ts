import { assertEquals, assertMatch } from "@std/assert";
import type { OutOfFiles } from "../testing/out_of_files.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Limit of open files of the balancer's process. */
const FILES = 64;

async function runOutOfFiles(urls: readonly string[]): Promise<OutOfFiles> {
  const script = new URL("../testing/out_of_files.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${FILES} && exec "$@"`,
      "sh",
      ...[Deno.execPath(), "run", "-A", script, ...urls],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals(success, true, decoder.decode(stderr));
  const output = decoder.decode(stdout);
  return JSON.parse(output.slice(output.lastIndexOf("\n", output.length - 2) + 1));
}

Deno.test({
  name: "a balancer that is out of file descriptors blames no server",
  // Other systems have no such limit.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    await using three = new SampleServer("three");
    const named = three.url.replace("127.0.0.1", "localhost");
    const { answers, checks, servers, after } = await runOutOfFiles([one.url, two.url, named]);
    assertEquals(answers, Array(12).fill([503, "1"]));
    for (const [passed, detail] of checks) {
      assertEquals(passed, false);
      assertMatch(
        detail,
        /Too many open files.*; the shortage is on this balancer, not the server/,
      );
    }
    assertEquals(servers, Array(3).fill([true, false]));
    assertEquals(after, [200, 200, 200]);
  },
});
