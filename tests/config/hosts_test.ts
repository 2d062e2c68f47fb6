import { assertEquals, assertThrows } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { readArgs } from "../../src/cli/read_args.ts";
import { parseConfig } from "../../src/config/config.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";
import { runCli } from "../testing/run_cli.ts";

const NO_HOST = "has a host that is neither a name nor an IP address";
const NO_IPV4 = "has an IPv4 address that is not written as four decimal numbers without " +
  "leading zeros";

/** URLs that must be mistakes, and the faults reported for them. */
const CASES: readonly (readonly [url: string, why: string])[] = [
  ["http://${BACKEND}:3001", NO_HOST],
  ["http://{{host}}:3001", NO_HOST],
  ["http://127.0.0.010", NO_IPV4],
  ["http://0x7f.0.0.1:3001", NO_IPV4],
  ["http://a:0443", "has a port with a leading zero"],
];

Deno.test("parseConfig() refuses such a URL, with its path", () => {
  for (const [url, why] of CASES) {
    const { faults } = assertThrows(() => parseConfig(`- url: "${url}"\n`), BalancerError);
    const message = `"${url}" ${why}; it must be a URL such as http://127.0.0.1:3001`;
    assertEquals(faults, [{ path: "servers[0].url", message }]);
  }
});

Deno.test("the API refuses such a URL in a body, and in a path", async () => {
  await using balancer = new LoadBalancer();
  const caller = new AdminCaller(balancer);
  for (const [url, why] of CASES) {
    for (const path of ["/add", "/update", "/delete"]) {
      const { status, json } = await caller.call("POST", path, { body: { url } });
      assertEquals([status, json.errors[0].field], [400, "url"]);
      assertEquals(json.errors[0].detail.startsWith(`"${url}" ${why}`), true, json.detail);
    }
    assertEquals((await caller.call("GET", serverPath(url))).status, 400);
  }
  assertEquals(balancer.servers(), []);
});

Deno.test("the commands refuse such a URL before any request", async () => {
  await Promise.all(CASES.map(async ([url, why]) => {
    const { code, stderr } = await runCli("add-server", "--url", url);
    assertEquals(
      [code, stderr.startsWith(`ballast: --url ${why}: give one like `)],
      [2, true],
      stderr,
    );
  }));
});

Deno.test("etcd's endpoints and the addresses to listen on follow the same rules", async () => {
  const text = `
host: 127.0.0.010
api_host: 0x7f.1
etcd: { endpoints: ["http://\${ETCD}:2379", "http://127.0.0.01:2379", "http://10.0.0.1:02379"] }
`;
  const { faults } = assertThrows(() => parseConfig(text), BalancerError);
  assertEquals(faults.map(({ path }) => path).sort(), [
    "api_host",
    "etcd.endpoints[0]",
    "etcd.endpoints[1]",
    "etcd.endpoints[2]",
    "host",
  ]);
  const { code, stderr } = await runCli("listen", "--etcd", "http://${ETCD}:2379");
  assertEquals(code, 2);
  assertEquals(stderr.includes(`not "http://\${ETCD}:2379", which ${NO_HOST}`), true, stderr);
});

Deno.test("a file and a command line allow the same addresses to listen on", () => {
  const right = ["localhost", "127.0.0.1", "::1", "::", "fe80::1%eth0", "lb_1.internal", "a."];
  const wrong = ["127.0.0.010", "[::1]", "http://a", "a%b", "a b", "${HOST}", "0x7f.1", "a..b"];
  for (const [hosts, isRight] of [[right, true], [wrong, false]] as const) {
    for (const host of hosts) {
      const values = { host: { value: "HOST", help: "" } };
      const args = readArgs([`--host=${host}`], { values, switches: {} });
      const file = `host: ${JSON.stringify(host)}\nservers: []\n`;
      for (const read of [() => args.host("host"), () => parseConfig(file).host]) {
        if (isRight) assertEquals(read(), host);
        else assertThrows(read, Error, "must be a host name or an IP address");
      }
    }
  }
});
