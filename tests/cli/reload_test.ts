import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { RunningBalancer } from "../testing/program.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile, type TemporaryFile } from "../testing/temporary_file.ts";

/** The log message about a file that names no servers. */
const NO_SERVERS = "use `servers: []` to remove all";

/** With it, a file need not name any; but only a restart lets etcd keep them. */
const ETCD = "etcd: { endpoints: [http://127.0.0.1:2379] }\n";

const windows = Deno.build.os === "windows";

function yaml(servers: readonly { name: string; url: string }[], weight = 1): string {
  return servers.map(({ name, url }) =>
    `- { url: "${url}", name: ${name}, weight: ${weight}, health_check_period: 0 }\n`
  ).join("");
}

async function names(balancer: RunningBalancer): Promise<string[]> {
  const { stdout } = await balancer.run("list-servers", "--json");
  return (JSON.parse(stdout) as ServerStatusJson[]).map(({ name, weight }) => `${name} ${weight}`);
}

async function replace(file: TemporaryFile, text: string): Promise<void> {
  await Deno.writeTextFile(`${file.path}.new`, text);
  await Deno.rename(`${file.path}.new`, file.path);
}

Deno.test({
  name: "SIGHUP makes the differences in the file, and an invalid file changes nothing",
  ignore: windows,
  async fn() {
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    await using three = new SampleServer("three");
    await using file = await makeTemporaryFile(yaml([one, two]));
    await using balancer = await RunningBalancer.start(`--config=${file.path}`);

    await replace(file, yaml([two], 5) + yaml([three]));
    balancer.signal("SIGHUP");
    await balancer.waitForError(`Reloaded ${file.path}: 1 added, 1 changed, 1 removed`);
    assertEquals(await names(balancer), ["two 5", "three 1"]);

    await replace(file, yaml([one]) + "- url: nonsense\n  weight: -1\n");
    balancer.signal("SIGHUP");
    await balancer.waitForError("The running configuration is unchanged.");
    assertStringIncludes(balancer.errors, "servers[1].weight must be a whole number");
    assertEquals(await names(balancer), ["two 5", "three 1"]);

    await replace(file, `port: 9\nservers:\n${yaml([two], 5) + yaml([three])}`);
    balancer.signal("SIGHUP");
    await balancer.waitForError(`Reloaded ${file.path}: no changes`);
    await balancer.waitForError("Restart to apply changes of: port");
    assertEquals(await balancer.stop(), 0);
  },
});

Deno.test({
  name: "SIGHUP reports each changed field, and so what it takes back of the API's changes",
  ignore: windows,
  async fn() {
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    await using file = await makeTemporaryFile(yaml([one, two]));
    await using balancer = await RunningBalancer.start(`--config=${file.path}`);
    assertEquals((await balancer.run("drain-server", `--url=${one.url}`)).code, 0);
    const weight = ["update-server", `--url=${two.url}`, "--weight=7", "--keep"] as const;
    assertEquals((await balancer.run(...weight)).code, 0);
    balancer.signal("SIGHUP");
    await balancer.waitForError(`Reloaded ${file.path}: 2 changed`);
    assertStringIncludes(balancer.errors, `Changed ${one.url}: draining true → false`);
    assertStringIncludes(balancer.errors, `Changed ${two.url}: weight 7 → 1`);
    await replace(file, yaml([two]));
    balancer.signal("SIGHUP");
    await balancer.waitForError(`Removed ${one.url}`);
    assertEquals(await balancer.stop(), 0);
  },
});

Deno.test({
  name: "SIGHUP without a configuration file says so, and ends nothing",
  ignore: windows,
  async fn() {
    await using balancer = await RunningBalancer.start();
    for (const times of [1, 2]) {
      balancer.signal("SIGHUP");
      await balancer.waitForError("SIGHUP: no configuration file to reload", times);
    }
    assertEquals(await names(balancer), []);
    assertEquals(await balancer.stop(), 0);
  },
});

Deno.test({
  name: "SIGHUP removes every server where the file says so, and not where it names none",
  ignore: windows,
  async fn() {
    await using one = new SampleServer("one");
    await using file = await makeTemporaryFile(yaml([one]));
    await using balancer = await RunningBalancer.start(`--config=${file.path}`);
    const texts = ["", "# - url: http://a\n", "~\n", "port: 9\n", "{}\n", ETCD];
    for (const [index, text] of texts.entries()) {
      await replace(file, text);
      balancer.signal("SIGHUP");
      await balancer.waitForError(NO_SERVERS, index + 1);
      assertEquals(await names(balancer), ["one 1"]);
    }
    await replace(file, "servers: []\n");
    balancer.signal("SIGHUP");
    await balancer.waitForError(`Reloaded ${file.path}: 1 removed`);
    assertEquals(await names(balancer), []);
    assertEquals(await balancer.stop(), 0);
  },
});

Deno.test("--watch follows the file, but not into an empty one", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using file = await makeTemporaryFile(yaml([one]));
  await using balancer = await RunningBalancer.start(`--config=${file.path}`, "--watch");

  await replace(file, "");
  await balancer.waitForError(NO_SERVERS);
  assertEquals(await names(balancer), ["one 1"]);
  await replace(file, yaml([one, two]));
  await balancer.waitForError(`Reloaded ${file.path}: 1 added`);
  await Deno.writeTextFile(file.path, yaml([two]));
  await balancer.waitForError(`Reloaded ${file.path}: 1 removed`);
  assertEquals(await names(balancer), ["two 1"]);
  assertEquals(await balancer.stop(), 0);
});

Deno.test("--watch is neither put off nor repeated by what is written beside the file", async () => {
  await using one = new SampleServer("one");
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/ballast.yaml`;
    const log = `${folder}/ballast.log`;
    await Deno.writeTextFile(path, yaml([one]));
    await using balancer = await RunningBalancer.start(`--config=${path}`, "--watch");
    await Deno.writeTextFile(path, "port: 9\n");
    await balancer.waitForError(NO_SERVERS);
    for (let i = 0; i < 3; i++) {
      await Deno.writeTextFile(log, "a line\n", { append: true });
      assertEquals(await names(balancer), ["one 1"]);
    }
    await Deno.writeTextFile(path, yaml([one], 2));
    let isOver = false;
    const reloaded = balancer.waitForError(`Reloaded ${path}: 1 changed`);
    reloaded.catch(() => {}).finally(() => isOver = true);
    while (!isOver) await Deno.writeTextFile(log, "a line\n", { append: true });
    await reloaded;
    const told = balancer.errors.split("\n").filter((line) => line.includes(NO_SERVERS));
    assertEquals(told.length, 1);
    assertEquals(await balancer.stop(), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
