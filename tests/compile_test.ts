import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT } from "./testing/program.ts";

/** What the binary may not do, by the names that `deno compile` embeds. */
const NOTHING_GRANTED = ["allow_env", "allow_ffi", "allow_run", "allow_sys", "allow_write"];

/**
 * Finds the options that a compiled binary carries: a JSON object with the permissions in it.
 *
 * @param binary The whole binary.
 */
function embeddedPermissions(binary: string): Record<string, unknown> {
  const at = binary.lastIndexOf('"permissions":{');
  const from = binary.indexOf("{", at);
  return JSON.parse(binary.slice(from, binary.indexOf("}", from) + 1));
}

/** The task's own command line, so that what is tested is what `deno task compile` does. */
async function compileArguments(output: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [deno, ...args] = tasks.compile.command.split(" ");
  assertEquals(deno, "deno");
  return args.map((arg: string) => arg === "ballast" ? output : arg);
}

Deno.test("deno task compile embeds net and read permission, and nothing more", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/ballast`;
    // The base binary cannot be downloaded everywhere. Deno itself stands in for it: the module
    // graph and the permissions are embedded in the same way, though the result cannot be run.
    const result = await new Deno.Command(Deno.execPath(), {
      args: await compileArguments(output),
      cwd: ROOT,
      env: { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" },
    }).output();
    const log = new TextDecoder().decode(result.stderr);
    assertEquals(result.code, 0, log);
    const binary = new TextDecoder("latin1").decode(await Deno.readFile(output));
    const permissions = embeddedPermissions(binary);
    assertEquals(permissions["allow_net"], []);
    assertEquals(permissions["allow_read"], []);
    assertEquals(permissions["prompt"], false);
    for (const name of NOTHING_GRANTED) assertEquals(permissions[name], null, name);
    // The dashboard is in it too, uPlot included.
    for (const text of ["Skip to the servers", "class Dashboard", "leeoniya/uPlot (v1"]) {
      assertStringIncludes(binary, text);
    }
    // The worker's module is loaded by its URL, so only `--include` brings it in.
    for (const file of ["least_connections.ts", "http1_transport.ts", "workers/worker.ts"]) {
      assertStringIncludes(binary, file);
    }
    // It is loaded only where it is used.
    assertStringIncludes(binary, "@opentelemetry/api");
    // Without it, threads cannot share a port.
    assertStringIncludes(binary, '"features":["net","no-legacy-abort"]');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
