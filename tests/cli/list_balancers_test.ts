import { assertEquals } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../mod.ts";
import type { AdminCluster } from "../../src/admin/target.ts";
import { type CliResult, runCli } from "../testing/run_cli.ts";
import { CLUSTER, CLUSTER_JSON, fleet } from "../testing/scripted_cluster.ts";

/** The output of `list-balancers` for a balancer. */
async function list(cluster: AdminCluster | undefined, ...args: string[]): Promise<CliResult> {
  await using balancer = new LoadBalancer();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    createAdmin(balancer, cluster && { cluster }).fetch,
  );
  return await runCli("list-balancers", "--api-port", String(server.addr.port), ...args);
}

function clusterOf(report: typeof fleet): AdminCluster {
  return { report } as unknown as AdminCluster;
}

Deno.test("list-balancers says who is up, and where they do not agree", async () => {
  const { code, stdout, stderr } = await list(clusterOf(fleet));
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout.trimEnd().split("\n"),
    [
      "NAME           ID            VERSION  UP SINCE                 REQ/S  ACTIVE  HEALTHY  CHECKS  API                    ",
      "ballast-1      aaaaaaaaaaaa  0.1.0    2026-01-02 03:04:05 UTC  12.5   2       3 of 4   1       http://127.0.0.1:8000  this one",
      "ballast-2\ufffd[2J  bbbbbbbbbbbb  0.1.0    2026-01-02 03:04:05 UTC  -      2       4 of 4   1       -                      BEHIND",
      "ballast-3      cccccccccccc  0.1.0    2026-01-02 03:04:05 UTC  -      -       -        -       -                      no status yet",
      "Disagreement on http://127.0.0.1:3001: unhealthy for ballast-1; healthy for ballast-2\ufffd[2J",
      "This list may be out of date: Cannot read from etcd: http://127.0.0.1:2379 does not answer",
    ].map((line) => line.trimEnd()),
  );
});

Deno.test("list-balancers --json prints what the API answers", async () => {
  const { code, stdout } = await list(clusterOf(fleet), "--json");
  assertEquals([code, JSON.parse(stdout)], [0, CLUSTER_JSON]);
});

Deno.test("list-balancers says nothing of trouble where there is none", async () => {
  const one = { ...CLUSTER, members: [CLUSTER.members[0]!], disagreements: [], error: undefined };
  const { stdout } = await list(clusterOf(() => Promise.resolve(one)));
  assertEquals(stdout.trimEnd().split("\n").length, 2);
});

Deno.test("list-balancers of a balancer that is alone says so, and how it would not be", async () => {
  assertEquals(await list(undefined), {
    code: 1,
    stdout: "",
    stderr: "ballast: The balancer refused: This balancer is not part of a cluster; " +
      "start it with --etcd to join one\n",
  });
});
