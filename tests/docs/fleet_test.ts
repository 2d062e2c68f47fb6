import { assert, assertEquals, assertMatch } from "@std/assert";
import { NO_ETCD } from "../testing/etcd_cluster.ts";
import { isInstalled } from "../testing/installed.ts";
import { shellBlocks } from "../testing/markdown.ts";
import { ROOT } from "../testing/program.ts";
import { freePorts } from "../testing/run_cli.ts";
import { Shell } from "../testing/shell.ts";

/** The ports of the walk-through. */
const PORTS = ["2379", "2380", "3001", "3002", "3003", "8001", "8002", "8081", "8082"];

/** Expected output of each block, by a text that the block contains. */
const SHOWN: readonly (readonly [part: string, pattern: RegExp])[] = [
  [
    "ballast update-server",
    /weight 2 → 5\n(?=[^]*one +http\S+ +5 +5 s)(?=[^]*three +http\S+ +1 +10 s +healthy)[^]*hit 1/,
  ],
  [
    "ballast list-balancers",
    /NAME +ID +VERSION[^]*ballast-1 [^]*3 of 3 +3 +http:\/\/127.0.0.1:8001 +this one[^]*ballast-2 [^]*8002/,
  ],
  ["etcdctl del", /"weight":5[^]*two +\S+ +3 /],
  [
    '"three"',
    /etcd has invalid values[^]*weight must be[^]*stays in use[^]*two +http\S+ +3 /,
  ],
  [
    "refused with",
    /server (one|two|three)[^]*etcd has been unreachable since[^]*refused with 1[^]*"connected":false/,
  ],
  ["until ballast", /Added [^]*127.0.0.1:3003/],
  ["auth enable", /Authentication Enabled/],
  ["openssl x509", /Certificate request self-signature ok|Signature ok/],
  ["export-config", /is valid: 3 servers/],
];

/** A suffix of the test's name if a program of the page is missing. */
const NOT_THERE = NO_ETCD !== ""
  ? NO_ETCD
  : await isInstalled("openssl", "version") && await isInstalled("etcdctl", "version")
  ? ""
  : " (skipped: openssl or etcdctl is not installed; Debian has that in etcd-client)";

Deno.test({
  name: `docs/fleet.md: every command does what it says, in its order${NOT_THERE}`,
  ignore: NOT_THERE !== "",
  async fn() {
    const ports = freePorts(PORTS.length);
    const folder = await Deno.makeTempDir();
    function adapt(text: string): string {
      return text.replace(/\b\d{4}\b/g, (port) => String(ports[PORTS.indexOf(port)] ?? port))
        .replaceAll("/tmp/fleet", folder).replaceAll(
          "examples/servers.yaml",
          `${folder}/servers.yaml`,
        );
    }
    const servers = await Deno.readTextFile(new URL("examples/servers.yaml", ROOT));
    await Deno.writeTextFile(`${folder}/servers.yaml`, adapt(servers));
    const blocks = shellBlocks(adapt(await Deno.readTextFile(new URL("docs/fleet.md", ROOT))));
    const terminals = new Map<string, Shell>();
    await using closing = new AsyncDisposableStack();
    closing.defer(() => Deno.remove(folder, { recursive: true }));
    for (let number = 1; number <= 5; number++) {
      terminals.set(`Terminal ${number}`, closing.use(new Shell()));
    }
    const unseen = new Set(SHOWN);
    for (const { heading = "Terminal 5", text } of blocks) {
      if (heading === "In every terminal") {
        for (const shell of terminals.values()) await shell.run(text);
        continue;
      }
      const [name = "", isAfter] = heading.split(", after Ctrl-C");
      const shell = terminals.get(name)!;
      if (isAfter !== undefined) {
        await shell.interrupt();
        await shell.see("finishing active requests");
      }
      if (text.includes("ballast listen")) {
        shell.start(text);
        await shell.see("Admin API on");
        continue;
      }
      const { code, output } = await shell.run(text);
      assertEquals(code, 0, `${text}\n${output}`);
      for (const expected of unseen) {
        if (!text.includes(expected[0])) continue;
        assertMatch(output, new RegExp(adapt(expected[1].source)), text);
        unseen.delete(expected);
      }
    }
    assert(unseen.size === 0, [...unseen].map(([part]) => part).join());
  },
});
