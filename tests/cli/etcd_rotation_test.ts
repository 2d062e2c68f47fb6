import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../chaos/pace.ts";
import { EtcdCluster, NO_ETCD } from "../testing/etcd_cluster.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts, RunningCli } from "../testing/run_cli.ts";
import { certificatePath } from "../testing/certificates.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** How long anything may take, in milliseconds. */
const LIMIT_MS = 30_000;

/** A test that needs etcd, and SIGHUP, which Windows does not know. */
function hangupTest(name: string, fn: () => Promise<void>): void {
  const ignore = NO_ETCD !== "" || Deno.build.os === "windows";
  Deno.test({ name: name + NO_ETCD, ignore, fn });
}

async function isConnected({ apiPort }: RunningBalancer): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${apiPort}/healthz`);
  return (await response.json()).registry.connected;
}

async function changePassword(cluster: EtcdCluster, password: string): Promise<void> {
  await cluster.call("/v3/auth/user/changepw", { name: "ballast", password });
}

async function addUser(cluster: EtcdCluster): Promise<void> {
  await cluster.call("/v3/auth/user/add", { name: "ballast", password: "one" });
  await cluster.call("/v3/auth/user/grant", { user: "ballast", role: "root" });
}

hangupTest("SIGHUP reads the password of etcd again, and says what came of it", async () => {
  await using cluster = await EtcdCluster.start({ password: "secret" });
  await addUser(cluster);
  await using password = await makeTemporaryFile("one\n", ".txt");
  await using balancer = await RunningBalancer.start(
    ...[`--etcd=${cluster.endpoints}`, "--etcd-user=ballast"],
    `--etcd-password-file=${password.path}`,
  );
  const add = (port: number) =>
    balancer.run("add-server", `--url=http://127.0.0.1:${port}`, "--health-check-period=0");
  balancer.signal("SIGHUP");
  await balancer.waitForError("Reloaded the credentials for etcd: no changes");
  // One that etcd does not take is not used, nor what cannot be read.
  await Deno.writeTextFile(password.path, "two");
  balancer.signal("SIGHUP");
  await balancer.waitForError("authentication failed");
  assertStringIncludes(balancer.errors, "the old ones stay in use");
  await Deno.rename(password.path, `${password.path}.away`);
  balancer.signal("SIGHUP");
  await balancer.waitForError("Cannot read etcd's password");
  assertEquals((await add(3001)).code, 0);
  // etcd gets the new password first, so this balancer is disconnected until SIGHUP.
  await changePassword(cluster, "two");
  await Deno.rename(`${password.path}.away`, password.path);
  balancer.signal("SIGHUP");
  await balancer.waitForError("Reloaded the credentials for etcd: new password");
  assert(await until(() => isConnected(balancer), LIMIT_MS));
  const added = await add(3002);
  assertEquals(added.code, 0, added.stderr);
  assertEquals(balancer.errors.match(/Reloaded the credentials for etcd/g)?.length, 2);
  for (const text of [balancer.output, balancer.errors]) assert(!text.includes('"two"'));
  assertEquals(await balancer.stop(), 0);
});

hangupTest("SIGHUP reads the files of etcd again also while it is waited for", async () => {
  await using cluster = await EtcdCluster.start({ tls: true });
  await using ca = await makeTemporaryFile(
    await Deno.readTextFile(certificatePath("ca.crt")),
    ".crt",
  );
  const [port, apiPort] = freePorts(2);
  await using program = new RunningCli(
    ...["listen", `--etcd=${cluster.endpoints}`, `--etcd-ca-file=${ca.path}`],
    ...[`--port=${port}`, `--api-port=${apiPort}`],
  );
  await program.waitForError("Cannot reach etcd, retrying");
  await Deno.copyFile(certificatePath("etcd_ca.crt"), ca.path);
  program.kill("SIGHUP");
  await program.waitForError("Reloaded the credentials for etcd: new CA certificate");
  await program.waitForError("Admin API on");
  program.kill("SIGTERM");
  assertEquals((await program.result()).code, 0);
});
