import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { DiscoveryJson } from "../../src/admin/discovery.ts";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { Neighbours } from "../testing/neighbours.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts, runCli, RunningCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const [ONE, TWO] = ["127.0.0.1", "127.0.0.2"] as const;

/** A configuration with this name server, and with these lines of servers. */
function yaml(dns: DnsServer, ...servers: string[]): string {
  return `dns: { server: "${dns.address}" }\nservers:\n${
    servers.map((each) => `  - ${each}\n`).join("")
  }`;
}

function entry(url: string, more = ""): string {
  return `{ url: "${url}", discover: dns, health_check_period: 0${more} }`;
}

async function discovery(apiPort: number): Promise<DiscoveryJson[]> {
  return await (await fetch(`http://127.0.0.1:${apiPort}/discovery`)).json();
}

Deno.test("add-server --discover adds an entry, and the other commands take it", async () => {
  await using dns = await DnsServer.start();
  await using servers = await Neighbours.start(ONE, TWO);
  dns.setAddresses("api.test", 300, [ONE, TWO]);
  await using config = await makeTemporaryFile(
    `dns: { server: "${dns.address}" }\nservers: []\n`,
  );
  await using balancer = await RunningBalancer.start(`--config=${config.path}`);
  const url = servers.url("api.test");
  const flags = ["--url", url, "--health-check-period", "0"];
  const added = await balancer.run("add-server", ...flags, "--name=api", "--discover=dns");
  assertEquals([added.code, added.stderr], [0, ""]);
  assertEquals(
    added.stdout,
    `Added ${url} (api): weight 1, no health checks\n` +
      `api (${url}): 2 addresses found by dns\n`,
  );
  const list = await balancer.run("list-servers");
  for (const address of [ONE, TWO]) {
    assertStringIncludes(list.stdout, `api ${address}:${servers.port}  ${servers.url(address)}`);
  }
  assertStringIncludes(list.stdout, `\napi (${url}): 2 addresses found by dns\n`);
  const updated = await balancer.run("update-server", ...flags, "--weight=4");
  assertEquals(updated.stdout, `Updated ${url} (api): weight 1 → 4\n`);
  const json = await balancer.run("list-servers", "--json");
  for (const server of JSON.parse(json.stdout) as ServerStatusJson[]) {
    assertEquals([server.weight, server.discovered_by], [4, url]);
  }
  const alone = await balancer.run("delete-server", "--url", servers.url(ONE));
  assertEquals([alone.code, alone.stdout], [1, ""]);
  assertStringIncludes(alone.stderr, `it was discovered by ${url}; change the source instead`);
  assertEquals((await balancer.run("drain-server", "--url", url)).code, 0);
  const exported = await balancer.run("export-config");
  assertStringIncludes(exported.stdout, "    draining: true\n    discover: dns\n");
  assertEquals((await balancer.run("delete-server", "--url", url)).code, 0);
  assertStringIncludes((await balancer.run("list-servers")).stdout, "There are no servers. ");
  const wrong = await runCli("add-server", "--url", url, "--discover", "srv");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, '--discover must be dns or dns-srv, not "srv"');
});

Deno.test("list-servers shows an entry that has found nothing, and why", async () => {
  await using dns = await DnsServer.start();
  await using config = await makeTemporaryFile(yaml(dns, entry("http://api.test")));
  await using balancer = await RunningBalancer.start(`--config=${config.path}`);
  const { stdout } = await balancer.run("list-servers");
  assertEquals(
    stdout,
    "No servers discovered yet.\napi.test (http://api.test): 0 addresses found by dns; " +
      "there is no api.test (NXDOMAIN)\n",
  );
  await balancer.waitForError("Cannot look up http://api.test: there is no api.test (NXDOMAIN)");
});

Deno.test("listen works with what permissions prints for entries", async () => {
  await using dns = await DnsServer.start();
  await using servers = await Neighbours.start(ONE, TWO);
  dns.setAddresses("api.test", 300, [ONE, TWO]);
  await using config = await makeTemporaryFile(yaml(dns, entry(servers.url("api.test"))));
  const [port, apiPort] = freePorts(2) as [number, number];
  const args = [`--config=${config.path}`, `--port=${port}`, `--api-port=${apiPort}`];
  const printed = await runCli("permissions", ...args);
  const [net, ...others] = printed.stdout.trim().split(" ") as [string, ...string[]];
  const any = `0.0.0.0/0:${servers.port}`;
  assertEquals(
    net,
    `--allow-net=0.0.0.0:${port},127.0.0.1:${apiPort},${dns.address},0.0.0.0:0,${any}`,
  );
  assertStringIncludes(
    printed.stderr,
    `any IPv4 address is permitted (${any}). To narrow that down, `,
  );
  assertStringIncludes(printed.stderr, `for example 10.0.0.0/8:${servers.port}. Deno`);
  // Some of the addresses are not permitted: these are left out, and the others serve.
  const narrow = net.replace("0.0.0.0:0,", "").replace(any, `127.0.0.0/31:${servers.port}`);
  for (const [flags, found] of [[[net], [ONE, TWO]], [[narrow], [ONE]]] as const) {
    await using program = new RunningCli("listen", ...args, ...flags, ...others);
    await program.waitForError("Admin API on");
    const [report] = await discovery(apiPort);
    const urls = report!.addresses.filter(({ problem }) => problem === null).map(({ url }) => url);
    assertEquals(urls, found.map((address) => servers.url(address)));
    assertEquals(await fetch(`http://127.0.0.1:${port}`).then((each) => each.text()), ONE);
    if (found.length === 2) continue;
    const why = `Cannot connect to ${TWO}:${servers.port}: the program was started without`;
    assert(report!.addresses[1]!.problem!.startsWith(why));
    const source = servers.url("api.test");
    await program.waitForError(`Skipping ${servers.url(TWO)}, which ${source} resolves to: `);
  }
});

for (const [discover, files] of [["dns", ",/etc/hosts"], ["dns-srv", ""]] as const) {
  Deno.test({
    name: `permissions prints the files by which the system looks names up, for ${discover}`,
    // There are no such files.
    ignore: Deno.build.os === "windows",
    async fn() {
      await using config = await makeTemporaryFile(`
- { url: "http://_http._tcp.api.test", discover: ${discover} }
`);
      const { stdout, stderr } = await runCli("permissions", `--config=${config.path}`);
      const [, read] = stdout.trim().split(" ");
      assertEquals(read, `--allow-read=${config.path},/etc/resolv.conf${files}`, stderr);
    },
  });
}

Deno.test("a name server that may not be asked is an error that says what to permit", async () => {
  await using dns = await DnsServer.start(["udp"]);
  dns.setAddresses("api.test", 300, [ONE]);
  await using config = await makeTemporaryFile(yaml(dns, entry("http://api.test:1")));
  await using system = await makeTemporaryFile(`servers:\n  - ${entry("http://api.test:1")}\n`);
  const [port, apiPort] = freePorts(2) as [number, number];
  const own = `--allow-net=0.0.0.0:${port},127.0.0.1:${apiPort}`;
  const cases = [
    [config.path, own, `restart it with ${dns.address} in --allow-net`],
    [config.path, `${own},${dns.address}`, "restart it with 0.0.0.0:0 in --allow-net"],
    [system.path, own, "restart with it in --allow-read"],
  ] as const;
  for (const [path, net, message] of cases) {
    await using program = new RunningCli(
      ...["listen", `--config=${path}`, `--port=${port}`, `--api-port=${apiPort}`],
      ...[net, `--allow-read=${path}`],
    );
    await program.waitForError("Admin API on");
    await program.waitForError(message);
    assertStringIncludes((await discovery(apiPort))[0]!.error!, message);
  }
});

Deno.test({
  name: "SIGHUP makes the differences in entries, and check-config takes them",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using dns = await DnsServer.start();
    await using servers = await Neighbours.start(ONE, TWO);
    dns.setAddresses("api.test", 300, [ONE, TWO]);
    dns.setAddresses("other.test", 300, [TWO]);
    const url = servers.url("api.test");
    await using config = await makeTemporaryFile(yaml(dns, entry(url)));
    const checked = await runCli("check-config", config.path);
    assertEquals([checked.code, checked.stdout], [0, `${config.path} is valid: 1 server\n`]);
    await using balancer = await RunningBalancer.start(`--config=${config.path}`);
    await balancer.waitForError("Balancing 2 servers on");

    const steps: [lines: string[], said: string, owners: string[]][] = [
      [[entry(url, ", weight: 3")], "1 changed", ["api 3", "api 3"]],
      [[entry(url, ", weight: 3"), entry(servers.url("other.test"))], "1 added", [
        "api 3",
        "api 3",
      ]],
      [[entry(servers.url("other.test"))], "1 removed", ["other 1"]],
      [[entry(servers.url("other.test"))], "no changes", ["other 1"]],
    ];
    for (const [lines, said, owners] of steps) {
      await Deno.writeTextFile(config.path, yaml(dns, ...lines));
      balancer.signal("SIGHUP");
      await balancer.waitForError(`Reloaded ${config.path}: ${said}`);
      const { stdout } = await balancer.run("list-servers", "--json");
      assertEquals(
        (JSON.parse(stdout) as ServerStatusJson[]).map(({ discovered_by, weight }) => {
          return `${new URL(discovered_by!).hostname.replace(".test", "")} ${weight}`;
        }),
        owners,
      );
    }
    assertEquals(balancer.errors.includes("Restart to apply"), false);
    assertEquals(await balancer.stop(), 0);
  },
});
