import { assert, assertEquals, assertMatch } from "@std/assert";
import { shellBlocks } from "../testing/markdown.ts";
import { ROOT } from "../testing/program.ts";
import { freePorts } from "../testing/run_cli.ts";
import { Shell } from "../testing/shell.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** The ports of the walk-through. */
const PORTS = ["8080", "8000", "3001", "3002", "3003", "3004"];

/** Expected output of each block, by a text that the block contains. */
const SHOWN: readonly (readonly [part: string, pattern: RegExp])[] = [
  ["curl -s http://127.0.0.1:8080/", /server (one|two|three), hit 1/],
  ["--once", /three/],
  ["/stats", /"requests_per_second"/],
  ["dry_run=true", /"dry_run": ?true[^]*"after"/],
  ["ballast update-server", /\(four\): weight 1 → 3\n/],
  ["ballast drain-server", /draining/],
  ["if-match", /412/],
  ["for i in", /(server (two|three|four), hit \d+\s+){6}/],
  ["ballast explain", /three/],
  ["/metrics", /ballast_requests_total\{/],
  ["ballast export-config", /is valid: 4 servers/],
  ["/openapi.json", /"openapi"/],
];

Deno.test("docs/operating.md: every command does what it says, in its order", async () => {
  const ports = freePorts(PORTS.length);
  function renumber(text: string): string {
    return text.replace(/\b\d{4}\b/g, (port) => String(ports[PORTS.indexOf(port)] ?? port));
  }
  const servers = await Deno.readTextFile(new URL("examples/servers.yaml", ROOT));
  await using config = await makeTemporaryFile(renumber(servers));
  const document = renumber(await Deno.readTextFile(new URL("docs/operating.md", ROOT)))
    .replaceAll("examples/servers.yaml", config.path)
    .replaceAll(/ballast (?!check-config)[a-z]+[a-z-]*(?!\()/g, `$& --api-port ${ports[1]}`);
  const blocks = shellBlocks(document);
  assertEquals(new Set(blocks.map(({ heading = "Terminal 3" }) => heading)).size, 5);
  const terminals = new Map<string, Shell>();
  await using closing = new AsyncDisposableStack();
  for (const number of [1, 2, 3, 4]) {
    terminals.set(`Terminal ${number}`, closing.use(new Shell()));
  }
  const unseen = new Set(SHOWN);
  for (const { heading: terminal = "Terminal 3", text } of blocks) {
    if (terminal === "In every terminal") {
      for (const shell of terminals.values()) await shell.run(text);
      continue;
    }
    const shell = terminals.get(terminal)!;
    if (/ballast (listen|events)/.test(text)) {
      shell.start(text);
      // Of the others, nothing has happened to tell of.
      if (text.includes("listen")) await shell.see("Admin API on");
    } else {
      const { code, output } = await shell.run(text);
      assertEquals(code, 0, `${text}\n${output}`);
      for (const expected of unseen) {
        if (!text.includes(renumber(expected[0]))) continue;
        assertMatch(output, expected[1], text);
        unseen.delete(expected);
      }
    }
  }
  for (const event of ["added", "updated", "unhealthy|ejected"]) {
    await terminals.get("Terminal 4")!.see(event);
  }
  assert(unseen.size === 0, [...unseen].map(([part]) => part).join());
});
