import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseConfig } from "../../mod.ts";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts, runCli, RunningCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002";

function yaml(...urls: string[]): string {
  return urls.map((url) => `- { url: "${url}", health_check_period: 0 }\n`).join("");
}

function etcdFlag({ endpoints }: EtcdCluster): string {
  return `--etcd=${endpoints.join(",")}`;
}

async function servers(balancer: RunningBalancer): Promise<ServerStatusJson[]> {
  return JSON.parse((await balancer.run("list-servers", "--json")).stdout);
}

async function urls(balancer: RunningBalancer): Promise<string[]> {
  return (await servers(balancer)).map(({ url }) => url);
}

etcdTest(
  "listen --etcd shares servers, and a change holds on every worker when it is answered",
  async () => {
    await using cluster = await EtcdCluster.start();
    await using config = await makeTemporaryFile(yaml(A));
    await using server = new SampleServer("one");
    await using one = await RunningBalancer.start(`--config=${config.path}`, etcdFlag(cluster));
    assertStringIncludes(one.errors, "Sharing servers through etcd under /ballast/");
    await using other = await RunningBalancer.start(etcdFlag(cluster), "--workers=2");
    assertEquals(await urls(other), [A]);
    assertEquals((await other.run("delete-server", `--url=${A}`)).code, 0);
    const added = await other.run("add-server", `--url=${server.url}`, "--health-check-period=0");
    assertEquals(added.code, 0, added.stderr);
    for (let i = 0; i < 8; i++) {
      assertEquals(await (await fetch(other.url)).text(), "one");
    }
    await one.waitForError("Connected to etcd");
    const { stdout } = await one.run("status", "--once");
    assertStringIncludes(stdout, "etcd connected since");
    assertEquals([await one.stop(), await other.stop()], [0, 0]);
  },
);

etcdTest(
  "listen waits for an etcd that is away, says so once, and goes on when it is there",
  async () => {
    await using cluster = await EtcdCluster.start();
    await cluster.members[0]!.kill();
    await using config = await makeTemporaryFile(yaml(A));
    const [port, apiPort] = freePorts(2);
    await using program = new RunningCli(
      ...["listen", `--config=${config.path}`, etcdFlag(cluster)],
      ...[`--port=${port}`, `--api-port=${apiPort}`],
    );
    await program.waitForError("Cannot reach etcd, retrying");
    // There is nothing to read again yet, and nothing to end for.
    if (Deno.build.os !== "windows") program.kill("SIGHUP");
    await cluster.members[0]!.restart();
    await program.waitForError("Admin API on");
    assertEquals(program.errors.match(/Cannot reach etcd/g)?.length, 1);
    assertEquals(program.errors.match(/Connected to etcd/g)?.length, 1);
    assertStringIncludes(program.errors, "Balancing 1 server on");
  },
);

etcdTest("listen that waits for etcd ends cleanly when it is told to", async () => {
  const [port] = freePorts(1);
  await using program = new RunningCli("listen", `--etcd=http://127.0.0.1:${port}`);
  await program.waitForError("Cannot reach etcd");
  program.kill("SIGTERM");
  const { code, stdout, stderr } = await program.result();
  assertEquals([code, stdout], [0, ""]);
  assertStringIncludes(stderr, '"SIGTERM: stopped waiting for etcd"');
});

etcdTest("listen --etcd-optional serves the file's servers until etcd is there", async () => {
  await using cluster = await EtcdCluster.start();
  await cluster.put(`/ballast/servers/${B}`, '{"health_check_period": 0}');
  await cluster.members[0]!.kill();
  await using server = new SampleServer("one");
  await using config = await makeTemporaryFile(yaml(server.url));
  await using balancer = await RunningBalancer.start(
    ...[`--config=${config.path}`, etcdFlag(cluster), "--etcd-optional"],
  );
  assertEquals(await (await fetch(balancer.url)).text(), "one");
  await balancer.waitForError("Cannot reach etcd");
  const refused = await balancer.run("add-server", `--url=${A}`);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "etcd has been unreachable since");
  const { stdout } = await balancer.run("status", "--once");
  assertStringIncludes(stdout, "etcd DISCONNECTED since");
  await cluster.members[0]!.restart();
  await balancer.waitForError("Connected to etcd");
  assertEquals(await urls(balancer), [B]);
  assertEquals(await balancer.stop(), 0);
});

etcdTest("a reload leaves servers alone that etcd keeps, and takes the rest", async () => {
  await using cluster = await EtcdCluster.start();
  await using config = await makeTemporaryFile(`servers:\n  ${yaml(A)}`);
  await using balancer = await RunningBalancer.start(
    ...[`--config=${config.path}`, etcdFlag(cluster), "--watch"],
  );
  const text = `health_check: { path: /ready }\nservers:\n  ${yaml(B)}`;
  await Deno.writeTextFile(config.path, text);
  await balancer.waitForError(
    `Reloaded ${config.path}: servers ignored, as etcd keeps them, health checks changed`,
  );
  assertEquals(await urls(balancer), [A]);
});

etcdTest(
  "listen takes etcd from the file, with a user, and the flags count before it",
  async () => {
    await using cluster = await EtcdCluster.start({ password: "secret" });
    await using password = await makeTemporaryFile("secret\n", ".txt");
    await using config = await makeTemporaryFile(`
etcd:
  endpoints: ["http://127.0.0.1:1"]
  prefix: /file/
  user: root
  password_file: ${password.path}
servers:
  ${yaml(A)}`);
    await using balancer = await RunningBalancer.start(
      ...[`--config=${config.path}`, etcdFlag(cluster), "--etcd-prefix=/flags"],
    );
    // Beside these are, sooner or later, those by which the balancers know each other.
    assertEquals(Object.keys(await cluster.dump("/flags/se")), [
      "/flags/seeded",
      `/flags/servers/${A}`,
    ]);
    assertEquals(Object.keys(await cluster.dump("/file/")), []);
    const { stdout } = await balancer.run("export-config");
    const { etcd } = parseConfig(stdout);
    assertEquals(etcd, {
      endpoints: cluster.endpoints,
      prefix: "/flags",
      user: "root",
      passwordFile: password.path,
    });
    assert(!stdout.includes("secret\n"));
    // A wrong password is not waited for.
    await Deno.writeTextFile(password.path, "wrong");
    const { code, stderr } = await runCli("listen", `--config=${config.path}`, etcdFlag(cluster));
    assertEquals(code, 1);
    assertStringIncludes(stderr, "ballast: Cannot share the servers: ");
    assertStringIncludes(stderr, "authentication failed");
  },
);

etcdTest(
  "a server that this process may not connect to is reported, and done without",
  async () => {
    await using cluster = await EtcdCluster.start();
    const elsewhere = "http://127.0.0.9:3001";
    await cluster.put(`/ballast/servers/${elsewhere}`, "{}");
    await cluster.put(`/ballast/servers/${A}`, '{"health_check_period": 0}');
    await using balancer = await RunningBalancer.start(
      ...["--allow-net=127.0.0.1,0.0.0.0", "--allow-read", etcdFlag(cluster)],
    );
    assertEquals(await urls(balancer), [A]);
    await balancer.waitForError(`Cannot use /ballast/servers/${elsewhere} from etcd`);
    const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/stats`);
    const { registry } = await response.json();
    assertEquals(registry.faults.map(({ key }: { key: string }) => key), [
      `/ballast/servers/${elsewhere}`,
    ]);
    assertStringIncludes(registry.faults[0].message, "--allow-net");
    const refused = await balancer.run("add-server", "--url=http://127.0.0.8:3001");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "--allow-net");
  },
);

Deno.test("listen needs permission for the URLs of etcd, and says so at once", async () => {
  const { code, stderr } = await runCli(
    ...["--allow-net=127.0.0.1:80", "listen", "--etcd=http://127.0.0.1:2379"],
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot connect to 127.0.0.1:2379");
  assertStringIncludes(stderr, "--allow-net");
});

Deno.test("listen refuses flags of etcd that make no sense", async () => {
  const etcd = "--etcd=http://127.0.0.1:2379";
  const cases: [args: string[], text: string][] = [
    [["--etcd=127.0.0.1:2379"], "--etcd must be the URLs of etcd, such as"],
    [["--etcd-prefix=/a/"], "--etcd-prefix needs --etcd, the URLs of etcd"],
    [["--etcd-optional"], "--etcd-optional needs --etcd, the URLs of etcd"],
    [[etcd, "--etcd-user=a"], "--etcd-user needs --etcd-password-file"],
    [[etcd, "--etcd-password-file=a"], "--etcd-password-file needs --etcd-user"],
    [[etcd, "--etcd-cert-file=a"], "--etcd-cert-file needs --etcd-key-file"],
    [[etcd, "--etcd-key-file=a"], "--etcd-key-file needs --etcd-cert-file"],
  ];
  await Promise.all(cases.map(async ([args, text]) => {
    const { code, stderr } = await runCli("listen", ...args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, text);
  }));
});

Deno.test("permissions names the members of etcd, and its files", async () => {
  await using config = await makeTemporaryFile(`
etcd:
  endpoints: ["https://etcd.example", "http://[::1]:2379"]
  user: u
  password_file: /etc/b/password
  ca_file: /etc/b/ca.crt
  cert_file: /etc/b/client.crt
  key_file: /etc/b/client.key
`);
  const { stdout } = await runCli("permissions", "--json", `--config=${config.path}`);
  assertEquals(JSON.parse(stdout), {
    allow_net: ["0.0.0.0:80", "127.0.0.1:8000", "etcd.example:443", "[::1]:2379"],
    allow_read: [
      config.path,
      ...["password", "ca.crt", "client.crt", "client.key"].map((name) => `/etc/b/${name}`),
    ],
  });
});

Deno.test("check-config reads the files of etcd", async () => {
  await using config = await makeTemporaryFile(`
etcd:
  endpoints: ["http://127.0.0.1:2379"]
  ca_file: /nowhere/ca.crt
`);
  const { code, stderr } = await runCli("check-config", config.path);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "Cannot read etcd's CA certificate /nowhere/ca.crt: no such",
  );
});
