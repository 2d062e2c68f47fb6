import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { RunningBalancer } from "../testing/program.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Asks the admin API until the servers are as wanted; each answer is waited for, no time is. */
async function waitUntil(
  balancer: RunningBalancer,
  wanted: (servers: ServerStatusJson[]) => boolean,
): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const response = await fetch(`http://127.0.0.1:${balancer.apiPort}/servers`);
    if (wanted(await response.json())) return;
  }
  throw new Error("The servers did not become as wanted within 30 s");
}

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  return response.status === 200 ? text : `${response.status}: ${text}`;
}

function countOf(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

async function sequential(url: string, count: number): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i++) answers.push(await get(url));
  return answers;
}

async function concurrent(url: string, count: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, () => get(url)));
}

Deno.test("a new user's session: add, update, delete, kill and return", async (t) => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using three = new SampleServer("three");
  const config = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    config,
    [one, two].map(({ name, url }) => `- { url: "${url}", name: ${name}, health_check_period: 1 }`)
      .join("\n"),
  );
  await using balancer = await RunningBalancer.start(`--config=${config}`);
  await Deno.remove(config);

  await t.step("requests are spread over the servers of the file", async () => {
    assertEquals(countOf(await sequential(balancer.url, 10)), { one: 5, two: 5 });
  });

  await t.step("add-server", async () => {
    const added = await balancer.run(
      "add-server",
      `--url=${three.url}/`,
      "--name=three",
      "--health-check-period=1",
    );
    assertEquals([added.code, added.stderr], [0, ""]);
    assertStringIncludes(added.stdout, `Added ${three.url} (three): weight 1`);
    assertEquals(countOf(await sequential(balancer.url, 9)), { one: 3, two: 3, three: 3 });
    const again = await balancer.run("add-server", `--url=${three.url}`);
    assertEquals([again.code, again.stdout], [1, ""]);
    assertStringIncludes(again.stderr, "update it instead");
  });

  await t.step("update-server changes the weight", async () => {
    const updated = await balancer.run(
      "update-server",
      `--url=${one.url}`,
      "--weight=4",
      "--health-check-period=1",
    );
    assertEquals([updated.code, updated.stderr], [0, ""]);
    assertStringIncludes(updated.stdout, "weight 1 → 4");
    assertEquals(countOf(await sequential(balancer.url, 12)), { one: 8, two: 2, three: 2 });
  });

  await t.step("list-servers", async () => {
    const table = await balancer.run("list-servers");
    assertEquals(table.code, 0);
    for (const { name, url } of [one, two, three]) {
      assertStringIncludes(table.stdout, `${name.padEnd(5)}  ${url}`);
    }
    const json: ServerStatusJson[] = JSON.parse(
      (await balancer.run("list-servers", "--json")).stdout,
    );
    assertEquals(json.map(({ name, weight, healthy }) => ({ name, weight, healthy })), [
      { name: "one", weight: 4, healthy: true },
      { name: "two", weight: 1, healthy: true },
      { name: "three", weight: 1, healthy: true },
    ]);
  });

  await t.step("delete-server", async () => {
    const deleted = await balancer.run("delete-server", `--url=${three.url}`);
    assertEquals([deleted.code, deleted.stderr], [0, ""]);
    three.hits = 0;
    assertEquals(countOf(await sequential(balancer.url, 10)), { one: 8, two: 2 });
    assertEquals(three.hits, 0);
    assertEquals((await balancer.run("delete-server", `--url=${three.url}`)).code, 1);
  });

  await t.step("a server that dies costs no request after its failed check", async () => {
    await two.kill();
    await waitUntil(balancer, (servers) => servers.some(({ healthy }) => !healthy));
    assertEquals(countOf(await sequential(balancer.url, 1000)), { one: 1000 });
    assertEquals(countOf(await concurrent(balancer.url, 1000)), { one: 1000 });
    assertStringIncludes((await balancer.run("list-servers")).stdout, "UNHEALTHY");
  });

  await t.step("a server that comes back is used again", async () => {
    two.start();
    await waitUntil(balancer, (servers) => servers.every(({ healthy }) => healthy));
    assertEquals(countOf(await sequential(balancer.url, 10)), { one: 8, two: 2 });
  });

  await t.step(
    "all servers down is a quick 502, and they come back without a restart",
    async () => {
      await Promise.all([one.kill(), two.kill()]);
      await waitUntil(balancer, (servers) => servers.every(({ healthy }) => !healthy));
      assertStringIncludes(await get(balancer.url), "502: 502 Bad Gateway: No server accepted");
      one.start();
      // Unhealthy servers are still tried when there is no other, so this needs no check to pass.
      assertEquals(await get(balancer.url), "one");
    },
  );

  await t.step("without any server it is 503", async () => {
    for (const { url } of [one, two]) await balancer.run("delete-server", `--url=${url}`);
    assertStringIncludes(
      await get(balancer.url),
      "503: 503 Service Unavailable: No server",
    );
    assertStringIncludes((await balancer.run("list-servers")).stdout, "There are no servers");
  });

  await t.step("SIGTERM ends it with 0", async () => {
    assertEquals(await balancer.stop(), 0);
  });
});
