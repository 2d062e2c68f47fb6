import { assert, assertEquals } from "@std/assert";
import { etcdTest } from "../../testing/etcd_cluster.ts";
import { EVENTS, runScenario } from "./scenario.ts";

etcdTest(
  "balancers that share their servers stay in step whatever happens to etcd, and fail no request",
  async () => {
    const events = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
    const { violations, measured } = await runScenario(events, 1);
    const lines = Object.entries(measured).map(([what, value]) => `${what}: ${value}`);
    // deno-lint-ignore no-console
    console.log(lines.join("\n"));
    assertEquals(violations, []);
    assert(measured["requests"]! > 5000, `${measured["requests"]}`);
  },
);
