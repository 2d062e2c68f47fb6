import { assertEquals, assertThrows } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../../mod.ts";
import { readAdminAddress } from "../../../src/cli/admin/address.ts";
import { ADMIN_FLAGS } from "../../../src/cli/admin/client.ts";
import { readArgs } from "../../../src/cli/read_args.ts";
import { UsageError } from "../../../src/cli/errors.ts";
import { runCli } from "../../testing/run_cli.ts";

function addressOf(...flags: string[]): string {
  return readAdminAddress(readArgs(flags, { values: ADMIN_FLAGS, switches: {} }));
}

Deno.test("readAdminAddress() takes a host, a host with a port, and a URL", () => {
  const cases: [flags: string[], address: string][] = [
    [[], "http://127.0.0.1:8000"],
    [["--api-port=9"], "http://127.0.0.1:9"],
    [["--api-host=lb.internal"], "http://lb.internal:8000"],
    [["--api-host=lb.internal", "--api-port=9"], "http://lb.internal:9"],
    [["--api-host=127.0.0.1:81"], "http://127.0.0.1:81"],
    [["--api-host=::1"], "http://[::1]:8000"],
    [["--api-host=[::1]", "--api-port=9"], "http://[::1]:9"],
    [["--api-host=[::1]:81"], "http://[::1]:81"],
    [["--api-host=http://127.0.0.1:8000"], "http://127.0.0.1:8000"],
    [["--api-host=HTTP://Lb.internal:80/"], "http://Lb.internal:80"],
    [["--api-host=http://lb.internal"], "http://lb.internal:8000"],
    [["--api-host=http://lb.internal", "--api-port=9"], "http://lb.internal:9"],
    [["--api-host=http://[::1]:81/"], "http://[::1]:81"],
    [["--api-host=http://127.0.0.1:9", "--api-port=9"], "http://127.0.0.1:9"],
  ];
  for (const [flags, address] of cases) assertEquals(addressOf(...flags), address, flags.join(" "));
});

Deno.test("readAdminAddress() refuses what is neither", () => {
  const others = [
    "http://",
    "http://a/servers",
    "http://u@a",
    "http://a?b",
    "ftp://a",
    "a:0",
    "a:b",
  ];
  const hosts = [
    "a:99999",
    "a:08000",
    "::1:",
    "[a]",
    "[::1",
    "127.0.0.010",
    "http://${HOST}:1",
    "a b",
    "fe80::1%eth0",
    "[fe80::1%eth0]:81",
  ];
  for (const host of [...others, ...hosts]) {
    assertThrows(
      () => addressOf(`--api-host=${host}`),
      UsageError,
      `--api-host must be a host or a URL such as http://127.0.0.1:8000, not "${host}"`,
    );
  }
  assertThrows(
    () => addressOf("--api-host=https://a"),
    UsageError,
    "the admin API speaks plain HTTP",
  );
});

Deno.test("readAdminAddress() refuses two different ports", () => {
  for (const host of ["a:1", "http://a:1", "[::1]:1"]) {
    assertThrows(
      () => addressOf(`--api-host=${host}`, "--api-port=2"),
      UsageError,
      `--api-host ${host} and --api-port 2 give different ports; leave one out`,
    );
  }
});

/** Every command that calls the API, with flags that it accepts. */
const CALLS = [
  ["list-servers"],
  ["status", "--once"],
  ["export-config"],
  ["events", "--no-follow"],
  ["drain-server", "--url=http://127.0.0.1:3001"],
];

Deno.test("the commands find the balancer by the URL of its API", async () => {
  await using balancer = new LoadBalancer({
    servers: [{ url: "http://127.0.0.1:3001", healthCheckPeriod: 0 }],
  });
  const admin = createAdmin(balancer);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    admin.fetch,
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  await Promise.all(CALLS.map(async (call) => {
    const { code, stderr } = await runCli(...call, "--api-host", url);
    assertEquals([code, stderr], [0, ""], call.join(" "));
  }));
  const { code, stderr } = await runCli("list-servers", "--api-host", url, "--api-port=1");
  assertEquals([code, stderr.includes("give different ports")], [2, true], stderr);
  admin.close();
});
