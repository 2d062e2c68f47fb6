import { assertEquals, assertStringIncludes } from "@std/assert";
import { JsrRegistry } from "./testing/jsr_registry.ts";
import { freePorts } from "./testing/run_cli.ts";
import { SampleServer } from "./testing/sample_server.ts";

/** Where npm's packages are in Deno's cache: they need not be loaded again for each test. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/** A folder with nothing in it, and a Deno that has loaded nothing and gets its packages here. */
class Newcomer implements AsyncDisposable {
  readonly #registry: JsrRegistry;
  readonly folder: string;
  readonly #cache: string;

  private constructor(registry: JsrRegistry, folder: string, cache: string) {
    this.#registry = registry;
    this.folder = folder;
    this.#cache = cache;
  }

  static async arrive(): Promise<Newcomer> {
    const [folder, cache] = await Promise.all([Deno.makeTempDir(), Deno.makeTempDir()]);
    await Deno.symlink(await npmCache(), `${cache}/npm`, { type: "dir" });
    return new Newcomer(await JsrRegistry.start(), folder, cache);
  }

  get registryUrl(): string {
    return this.#registry.url;
  }

  /** Runs Deno in the folder. */
  deno(...args: string[]): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.folder,
      env: { DENO_DIR: this.#cache, JSR_URL: this.#registry.url, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
    await Deno.remove(this.#cache, { recursive: true });
  }
}

/** Reads what a program writes until it has a text; the rest is its own to keep. */
async function waitFor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, text: string) {
  let output = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    output += piece;
    if (output.includes(text)) return output;
  }
  throw new Error(`Cannot find "${text}" in: ${output}`);
}

/** The answers of nine requests, sorted and each once. */
async function answers(url: string): Promise<string[]> {
  const texts = new Set<string>();
  for (let times = 0; times < 9; times++) texts.add(await (await fetch(url)).text());
  return [...texts].sort();
}

Deno.test("from a registry, an import in an empty folder balances, types and all", async () => {
  await using newcomer = await Newcomer.arrive();
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await Deno.writeTextFile(
    `${newcomer.folder}/main.ts`,
    `import { LoadBalancer } from "jsr:@ballast/lb";
const balancer = new LoadBalancer({ servers: [{ url: "${one.url}" }, { url: "${two.url}" }] });
const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
console.log(\`port \${listener.addr.port}.\`);
`,
  );
  const child = newcomer.deno("run", "--check", "--allow-net", "--no-prompt", "main.ts");
  const [, port] = /port ([0-9]+)\./.exec(await waitFor(child.stdout, "."))!;
  assertEquals(await answers(`http://127.0.0.1:${port}`), ["one", "two"]);
  child.kill("SIGKILL");
  await child.output();
});

// The registry's packages cannot turn on what Deno has behind a flag, so that is given here.
for (const flags of [[], ["--unstable-net"]]) {
  const workers = flags.length + 1;
  Deno.test(`from a registry, the program runs with --workers=${workers}`, async () => {
    await using newcomer = await Newcomer.arrive();
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    const urls = [one, two].map(({ url }) => `- url: ${url}\n`);
    await Deno.writeTextFile(`${newcomer.folder}/servers.yaml`, urls.join(""));
    const [port, apiPort] = freePorts(2);
    const listen = [
      ...["--config", "servers.yaml", `--port=${port}`, `--api-port=${apiPort}`],
      `--workers=${workers}`,
    ];
    const program = "jsr:@ballast/lb/cli";
    const asked = newcomer.deno(
      "run",
      "--allow-read",
      "--no-prompt",
      program,
      "permissions",
      ...listen,
    );
    const { stdout, stderr } = await asked.output();
    const decoder = new TextDecoder();
    const permissions = decoder.decode(stdout).trim().split(" ");
    assertEquals(permissions.length, 2);
    assertStringIncludes(permissions[1]!, "--allow-read=servers.yaml");
    assertStringIncludes(
      decoder.decode(stderr),
      "deno run --no-prompt --unstable-net --allow-net=",
    );

    // Deno counts the loading of modules from a registry of one's own as an import like any other.
    const own = `--allow-import=${new URL(newcomer.registryUrl).host}`;
    const child = newcomer.deno(
      ...["run", "--no-prompt", own, ...flags, ...permissions, program, "listen", ...listen],
    );
    await waitFor(child.stderr, "Admin API on");
    assertEquals(await answers(`http://127.0.0.1:${port}`), ["one", "two"]);
    child.kill("SIGKILL");
    await child.output();
  });
}
