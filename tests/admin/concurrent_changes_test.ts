import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";

const A = "http://127.0.0.1:3001";
const PATH = serverPath(A);

/** Number of clients that change the same server at once, each with the tag it has read. */
const ADMINS = 8;
/** Number of changes by each client. */
const CHANGES = 10;

/** Adds one to the weight, and retries after a conflict. Returns the number of retries. */
async function increment(admin: AdminCaller, method: "PUT" | "PATCH"): Promise<number> {
  for (let refusals = 0;; refusals++) {
    const { headers, json } = await admin.call("GET", PATH);
    const condition = { "if-match": headers.get("etag")! };
    const weight = json.weight + 1;
    const body = method === "PATCH" ? { weight } : { name: "one", weight, health_check_period: 0 };
    const { status } = await admin.call(method, PATH, { body, headers: condition });
    if (status === 200) return refusals;
    assertEquals(status, 412);
  }
}

for (const workers of [1, 2]) {
  Deno.test(`of two admins with the same tag one wins, with ${workers} workers`, async () => {
    await using balancer = new LoadBalancer({
      workers,
      servers: [{ url: A, name: "one", healthCheckPeriod: 0 }],
    });
    const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
    const [one, other] = [new AdminCaller(balancer), new AdminCaller(balancer)];
    const tag = (await one.call("GET", PATH)).headers.get("etag")!;
    const headers = { "if-match": tag };
    const answers = await Promise.all([
      one.call("PATCH", PATH, { body: { weight: 5 }, headers }),
      other.call("PATCH", PATH, { body: { name: "two" }, headers }),
    ]);
    assertEquals(answers.map(({ status }) => status).sort(), [200, 412]);
    const won = answers.find(({ status }) => status === 200)!;
    const lost = answers.find(({ status }) => status === 412)!;
    // The refused client gets the server as the other one has changed it.
    assertEquals(lost.json.server, won.json);
    assertEquals(lost.json.etag, won.headers.get("etag"));
    await listener.shutdown();
  });

  Deno.test(`no change is lost among ${ADMINS} admins, with ${workers} workers`, async () => {
    await using balancer = new LoadBalancer({
      workers,
      servers: [{ url: A, name: "one", weight: 0, healthCheckPeriod: 0 }],
    });
    const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
    const admins = Array.from({ length: ADMINS }, () => new AdminCaller(balancer));
    const refusals = await Promise.all(admins.map(async (admin, i) => {
      let count = 0;
      for (let n = 0; n < CHANGES; n++) {
        count += await increment(admin, i % 2 === 0 ? "PUT" : "PATCH");
      }
      return count;
    }));
    assertEquals(balancer.servers()[0]!.weight, ADMINS * CHANGES);
    // There were conflicts.
    assertEquals(refusals.some((count) => count > 0), true);
    await listener.shutdown();
  });

  Deno.test(`of deletions and additions at once each is made once, with ${workers} workers`, async () => {
    await using balancer = new LoadBalancer({ workers });
    const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
    const admins = Array.from({ length: ADMINS }, () => new AdminCaller(balancer));
    const body = { health_check_period: 0 };
    for (let round = 0; round < 5; round++) {
      const headers = { "if-none-match": "*" };
      const added = await Promise.all(
        admins.map((admin) => admin.call("PUT", PATH, { body, headers })),
      );
      assertEquals(added.filter(({ status }) => status === 201).length, 1);
      assertEquals(added.filter(({ status }) => status === 412).length, ADMINS - 1);
      const deleted = await Promise.all(admins.map((admin) => admin.call("DELETE", PATH)));
      assertEquals(deleted.filter(({ status }) => status === 200).length, 1);
      assertEquals(deleted.filter(({ status }) => status === 404).length, ADMINS - 1);
    }
    await listener.shutdown();
  });
}
