import { assert, assertEquals } from "@std/assert";
import { freePorts } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import type { Installation, Runtime } from "./installation.ts";
import { RunningProgram } from "./running_program.ts";

const ROOT = new URL("../../", import.meta.url);

/** An example of how the library is used, in examples/. */
export interface Example {
  readonly file: string;
  readonly runtime: Runtime["name"];
  /** How many of eight requests each of the three servers gets. */
  readonly hits: readonly [number, number, number];
  /** Whether it answers `/hello` itself. */
  readonly hello?: boolean;
}

/** The examples. */
export const EXAMPLES: readonly Example[] = [
  { file: "deno_serve.ts", runtime: "Deno", hits: [4, 2, 2], hello: true },
  { file: "deno_serve_command.ts", runtime: "Deno", hits: [4, 2, 2] },
  { file: "bun_serve.ts", runtime: "Bun", hits: [4, 2, 2] },
  { file: "node_http.ts", runtime: "Node", hits: [4, 2, 2] },
  { file: "hono_app.ts", runtime: "Deno", hits: [4, 2, 2], hello: true },
  { file: "custom_policy.ts", runtime: "Deno", hits: [8, 0, 0] },
];

/**
 * Runs an example by the command that it names at its top, on free ports and in front of real
 * servers, and fails unless it balances over them.
 */
export async function runExample(
  { file, hits, hello }: Example,
  runtime: Runtime,
  { folder }: Installation,
): Promise<void> {
  await using servers = new AsyncDisposableStack();
  const samples = ["a", "b", "c"].map((name) => servers.use(new SampleServer(name)));
  const [port, adminPort] = freePorts(2);
  let text = await Deno.readTextFile(new URL(`examples/${file}`, ROOT));
  for (const [index, { url }] of samples.entries()) {
    assert(text.includes(`"http://127.0.0.1:300${index + 1}"`), "it has three servers");
    text = text.replaceAll(`http://127.0.0.1:300${index + 1}`, url);
  }
  text = text.replaceAll("8080", String(port)).replaceAll("8000", String(adminPort));
  await Deno.writeTextFile(`${folder}/${file}`, text);
  const [, line] = /^ \* Run it: `(.*)`$/m.exec(text)!;
  const [name, ...words] = line!.split(" ");
  assertEquals(name, runtime.name.toLowerCase());
  assertEquals(words.pop(), `examples/${file}`);
  await using program = new RunningProgram(
    { ...runtime, command: command(runtime, words), folder },
    `${folder}/${file}`,
  );
  await program.waitFor(/Listening on|Started .*server/);
  for (let i = 0; i < 8; i++) await (await fetch(`http://127.0.0.1:${port}/path`)).text();
  assertEquals(samples.map((sample) => sample.hits), [...hits]);
  const greeting = await (await fetch(`http://127.0.0.1:${port}/hello`)).text();
  if (hello) assertEquals(greeting, "Hello!\n");
}

/** The command with what it takes to run it outside of the project's folder. */
function command({ command }: Runtime, words: readonly string[]): string[] {
  const [program, ...others] = command;
  if (words[0] !== "run" && words[0] !== "serve") return [program!, ...words];
  const [verb, ...flags] = words;
  const config = others.indexOf("--config");
  return [program!, verb!, ...flags, ...(config === -1 ? [] : others.slice(config, config + 2))];
}
