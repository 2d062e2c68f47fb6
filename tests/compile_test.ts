import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compileArguments } from "../tools/compile.ts";
import { binaryName, checksumLine, TARGETS } from "../tools/compile_all.ts";
import { ROOT } from "./testing/program.ts";
import { freePorts } from "./testing/run_cli.ts";
import { SampleServer } from "./testing/sample_server.ts";

/** Permissions that the binary must not have, by the names that `deno compile` embeds. */
const NOTHING_GRANTED = ["allow_env", "allow_ffi", "allow_run", "allow_sys", "allow_write"];
/** How long the base binary may take to be downloaded, in milliseconds. */
const DOWNLOAD_MAX = 60_000;

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

/** Options of a Deno process, besides its arguments. */
interface DenoOptions {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Does what `deno task NAME ARGUMENT` does, by the task's own command line. */
async function runTask(name: string, argument: string, options: DenoOptions) {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [deno, run, ...args] = tasks[name].command.split(" ");
  assertEquals([deno, run], ["deno", "run"]);
  const folder = argument.slice(0, argument.lastIndexOf("/"));
  const writable = folder === "" ? [] : [`--allow-write=${folder}`];
  return await runDeno([run, ...writable, ...args, argument], options);
}

async function runDeno(args: string[], { env = {}, signal }: DenoOptions) {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    ...(signal === undefined ? {} : { signal }),
  }).output();
  return { success, log: new TextDecoder().decode(stderr) };
}

Deno.test("deno task compile embeds net and read permission, and nothing more", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/ballast`;
    // The base binary cannot be downloaded everywhere. Deno itself stands in for it: the module
    // graph and the permissions are embedded in the same way, though the result cannot be run.
    const { success, log } = await runTask("compile", output, {
      env: { DENORT_BIN: Deno.execPath() },
    });
    // A file that is not a program must not have the name of one.
    assertEquals(success, false, log);
    assertStringIncludes(log, `Cannot compile ${output}: it does not run, as DENORT_BIN names `);
    const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(files, ["ballast.not-a-program"]);
    const made = await Deno.readFile(`${output}.not-a-program`);
    const binary = new TextDecoder("latin1").decode(made);
    const permissions = embeddedPermissions(binary);
    assertEquals(permissions["allow_net"], []);
    assertEquals(permissions["allow_read"], []);
    assertEquals(permissions["prompt"], false);
    for (const name of NOTHING_GRANTED) assertEquals(permissions[name], null, name);
    // The dashboard is in it too, uPlot included.
    for (const text of ["Skip to the servers", "class Dashboard", "leeoniya/uPlot (v1"]) {
      assert(binary.includes(text), `the binary has no ${text}`);
    }
    // The worker's module is loaded by its URL, so only `--include` brings it in.
    for (const code of ["class LeastConnections", "class Http1Transport", "class ServingWorker"]) {
      assert(binary.includes(code), `the binary has no ${code}`);
    }
    // These are loaded only where they are used.
    for (const text of ["@opentelemetry/api", "class SharedRegistry", "class SimulatedBalancer"]) {
      assert(binary.includes(text), `the binary has no ${text}`);
    }
    // Without it, threads cannot share a port.
    assert(
      binary.includes('"features":["net","no-legacy-abort"]'),
      `the binary has no ${'"features":["net","no-legacy-abort"]'}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Reads the log of a program until it says this; false where it ends without. */
async function says(child: Deno.ChildProcess, text: string): Promise<boolean> {
  let output = "";
  for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
    output += piece;
    if (output.includes(text)) return true;
  }
  return false;
}

Deno.test("the binary balances on every thread, and takes a server meanwhile", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const binary = `${folder}/ballast${Deno.build.os === "windows" ? ".exe" : ""}`;
    // Without the task's script around it, so that what hangs is what is ended.
    const { success, log } = await runDeno(compileArguments(binary), {
      signal: AbortSignal.timeout(DOWNLOAD_MAX),
    });
    if (!success) {
      // It is broken off where the download hangs, and then says nothing of an error.
      assertMatch(log, /dl\.deno\.land|^(?![^]*\berror\b)/);
      const name = "not run: the base binary cannot be downloaded here";
      await t.step({ name, ignore: true, fn: () => {} });
      return;
    }
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    const [port, apiPort] = freePorts(2);
    await Deno.writeTextFile(`${folder}/servers.yaml`, `- url: ${one.url}\n`);
    const child = new Deno.Command(binary, {
      args: [
        ...["listen", "--config", `${folder}/servers.yaml`, "--workers=2"],
        ...[`--port=${port}`, `--api-port=${apiPort}`],
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      assert(await says(child, "Admin API on"));
      assertEquals(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "one");
      const added = await new Deno.Command(binary, {
        args: ["add-server", "--url", two.url, `--api-port=${apiPort}`],
      }).output();
      assertEquals(added.code, 0, new TextDecoder().decode(added.stderr));
      const answers = new Set<string>();
      for (let times = 0; times < 9; times++) {
        answers.add(await (await fetch(`http://127.0.0.1:${port}/`)).text());
      }
      assertEquals([...answers].sort(), ["one", "two"]);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compileArguments() differ between the five targets in target and file alone", () => {
  assertEquals(TARGETS.length, 5);
  const here = compileArguments("ballast");
  for (const target of TARGETS) {
    const output = `dist/${binaryName(target)}`;
    assertEquals(output.endsWith(".exe"), target.includes("windows"));
    const args = compileArguments(output, target);
    assertEquals(args.splice(args.indexOf("--target"), 2), ["--target", target]);
    assertEquals(args.map((arg) => arg === output ? "ballast" : arg), here);
  }
});

Deno.test("deno task compile-all refuses one base binary for all targets", async () => {
  const { success, log } = await runTask("compile-all", TARGETS[0]!, {
    env: { DENORT_BIN: Deno.execPath() },
  });
  assertEquals(success, false);
  assertStringIncludes(log, "Cannot compile for several targets: DENORT_BIN names one");
});

Deno.test("checksumLine() is what sha256sum writes", async () => {
  const line = await checksumLine("ballast", new TextEncoder().encode("abc"));
  assertMatch(
    line,
    /^ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad {2}ballast\n$/,
  );
});
