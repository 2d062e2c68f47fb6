import { assertEquals, assertStringIncludes } from "@std/assert";
import { netAddress } from "../../src/runtime/net_permission.ts";
import { ROOT } from "../testing/program.ts";
import { runSource } from "../testing/run_source.ts";

Deno.test("netAddress() is the host and the port, default or not", () => {
  const cases: [url: string, address: string][] = [
    ["http://127.0.0.1:3001/app", "127.0.0.1:3001"],
    ["http://a.example", "a.example:80"],
    ["https://a.example", "a.example:443"],
    ["https://[::1]", "[::1]:443"],
    ["http://[2001:db8::1]:8080", "[2001:db8::1]:8080"],
  ];
  for (const [url, address] of cases) assertEquals(netAddress(url), address);
});

/** Runs code that has `balancer`, `attempt` and the code of the last error, under these flags. */
async function runUnder(flags: readonly string[], code: string): Promise<string> {
  const source = `
    import { LoadBalancer } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    const off = { healthCheckPeriod: 0 };
    async function attempt(action) {
      try { await action(); return "done"; } catch (error) { return error.code + ": " + error.message; }
    }
    ${code}
    Deno.exit();`;
  const { stdout, stderr } = await runSource(source, "--no-check", ...flags);
  return stdout + stderr;
}

Deno.test("LoadBalancer refuses servers that it may not connect to, and changes nothing", async () => {
  const output = await runUnder(
    ["--allow-net=a.example:80,[::1]:3001"],
    `
    const balancer = new LoadBalancer({ servers: [{ url: "http://a.example", ...off }] });
    console.log(await attempt(() => balancer.add({ url: "http://[::1]:3001", ...off })));
    console.log(await attempt(() => balancer.add({ url: "https://a.example", ...off })));
    console.log(await attempt(() => balancer.update("http://a.example", { weight: 3 })));
    console.log(await attempt(() => balancer.setServers([
      { url: "http://[::1]:3001", weight: 7, ...off },
      { url: "http://a.example/new", ...off },
      { url: "http://b.example", ...off },
      { url: "http://c.example", ...off },
      { url: "http://c_d.example", ...off },
    ])));
    for (const { url, weight } of balancer.servers()) console.log(url, weight);
    console.log(await attempt(() => new LoadBalancer({ servers: [{ url: "http://b.example" }] })));
  `,
  );
  const lines = output.trim().split("\n");
  assertEquals(lines[0], "done");
  assertStringIncludes(
    lines[1]!,
    "not_permitted: Cannot connect to a.example:443: the program was",
  );
  assertEquals(lines[2], "done");
  assertStringIncludes(lines[3]!, "not_permitted: Cannot connect to b.example:80,c.example:80,c_d");
  assertEquals(lines.slice(4, 6), ["http://a.example 3", "http://[::1]:3001 1"]);
  assertStringIncludes(lines[6]!, "not_permitted: Cannot connect to b.example:80: ");
  assertEquals(lines.length, 7, output);
});

Deno.test("LoadBalancer heeds --deny-net beside --allow-net", async () => {
  const output = await runUnder(
    ["--allow-net", "--deny-net=169.254.169.254"],
    `
    const balancer = new LoadBalancer({ servers: [{ url: "http://a.example", ...off }] });
    console.log(await attempt(() => balancer.add({ url: "http://169.254.169.254", ...off })));
  `,
  );
  assertStringIncludes(output, "not_permitted: Cannot connect to 169.254.169.254:80: ");
});
