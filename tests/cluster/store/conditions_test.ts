import { assertEquals } from "@std/assert";
import { type AdminAnswer, serverPath } from "../../testing/admin_caller.ts";
import { Sharing, weightsOf } from "../sharing.ts";

const A = "http://127.0.0.1:3001";
const PATH = serverPath(A);

/** Delays transactions until there are a number of them, so that all are based on the same state. */
function holdUntil(sharing: Sharing, count: number): void {
  const { promise, resolve } = Promise.withResolvers<void>();
  let held = 0;
  sharing.etcd.before = (call) => {
    if (call !== "transact") return;
    if (++held === count) resolve();
    return promise;
  };
}

function statuses(answers: readonly AdminAnswer[]): number[] {
  return answers.map(({ status }) => status);
}

/** Two balancers with a server, and its entity tag. */
async function twoWithServer(sharing: Sharing) {
  const seed = [{ url: A, name: "one", healthCheckPeriod: 0 }];
  const one = await sharing.sharer({ seed });
  const other = await sharing.sharer();
  const etag = (await one.admin.call("GET", PATH)).headers.get("etag")!;
  assertEquals((await other.admin.call("GET", PATH)).headers.get("etag"), etag);
  return { one, other, headers: { "if-match": etag } };
}

for (const method of ["PUT", "PATCH", "DELETE"]) {
  Deno.test(`of two balancers' ${method} with the same tag one wins, and the other is 412`, async () => {
    await using sharing = new Sharing();
    const { one, other, headers } = await twoWithServer(sharing);
    holdUntil(sharing, 2);
    const answers = await sharing.finish(Promise.all([
      one.admin.call(
        method,
        PATH,
        method === "DELETE" ? { headers } : {
          headers,
          body: { weight: 5 },
        },
      ),
      other.admin.call("PATCH", PATH, { headers, body: { name: "two" } }),
    ]));
    assertEquals(statuses(answers), [200, 412]);
    // The loser is told the winner's state.
    const expected = method === "DELETE" ? null : answers[0]!.json;
    assertEquals(answers[1]!.json.server, expected);
    assertEquals(weightsOf(one), weightsOf(other));
  });
}

Deno.test("of two balancers' additions with If-None-Match one wins, and the other is 412", async () => {
  await using sharing = new Sharing();
  const [one, other] = [await sharing.sharer(), await sharing.sharer()];
  const headers = { "if-none-match": "*" };
  holdUntil(sharing, 2);
  const answers = await sharing.finish(Promise.all([
    one.admin.call("PUT", PATH, { headers, body: { weight: 1, health_check_period: 0 } }),
    other.admin.call("PUT", PATH, { headers, body: { weight: 2, health_check_period: 0 } }),
  ]));
  assertEquals(statuses(answers), [201, 412]);
  assertEquals(answers[1]!.json.server.weight, 1);
});

Deno.test("of two balancers' changes without a condition the second is 409", async () => {
  const changes = [
    ["PUT", PATH, { weight: 2 }],
    ["PATCH", PATH, { weight: 2 }],
    ["DELETE", PATH],
    ["POST", `${PATH}/drain`],
    ["POST", `${PATH}/enable`],
    ["POST", "/update", { url: A, weight: 2 }],
    ["POST", "/delete", A],
  ] as const;
  for (const [method, path, body] of changes) {
    await using sharing = new Sharing();
    const { one, other } = await twoWithServer(sharing);
    holdUntil(sharing, 2);
    const answers = await sharing.finish(Promise.all([
      one.admin.call("PATCH", PATH, { body: { weight: 3 } }),
      other.admin.call(method, path, body === undefined ? {} : { body }),
    ]));
    // Whichever was first.
    assertEquals(statuses(answers).sort(), [200, 409], `${method} ${path}`);
    assertEquals(weightsOf(one), weightsOf(other));
  }
});

Deno.test("of two balancers' POST /add the second is 409", async () => {
  await using sharing = new Sharing();
  const [one, other] = [await sharing.sharer(), await sharing.sharer()];
  const body = { url: A, health_check_period: 0 };
  holdUntil(sharing, 2);
  const answers = await sharing.finish(Promise.all([
    one.admin.call("POST", "/add", { body }),
    other.admin.call("POST", "/add", { body }),
  ]));
  assertEquals(statuses(answers), [200, 409]);
});

Deno.test("changes of one server on one balancer are made one at a time", async () => {
  await using sharing = new Sharing();
  const { one, headers } = await twoWithServer(sharing);
  const { admin } = one;
  const answers = await sharing.finish(Promise.all([
    admin.call("PATCH", PATH, { body: { weight: 5 } }),
    admin.call("PATCH", PATH, { body: { name: "two" } }),
    admin.call("POST", "/update", { body: { url: A, max_connections: 7 } }),
    // The condition holds when it arrives, but no longer when its turn comes.
    admin.call("PATCH", PATH, { body: { weight: 9 }, headers }),
  ]));
  assertEquals(statuses(answers), [200, 200, 200, 412]);
  const { json } = await admin.call("GET", PATH);
  assertEquals([json.weight, json.name, json.max_connections], [5, "two", 7]);
});

Deno.test("no change is lost among admins at three balancers that read before they write", async () => {
  await using sharing = new Sharing();
  const sharers = [
    await sharing.sharer({ seed: [{ url: A, weight: 0, healthCheckPeriod: 0 }] }),
    await sharing.sharer(),
    await sharing.sharer(),
  ];
  let refusals = 0;
  const admins = [...sharers, ...sharers].map(async ({ admin }) => {
    for (let n = 0; n < 10;) {
      const { headers, json } = await admin.call("GET", PATH);
      const condition = { "if-match": headers.get("etag")! };
      const { status } = await admin.call("PATCH", PATH, {
        body: { weight: json.weight + 1 },
        headers: condition,
      });
      if (status === 200) n++;
      else {
        assertEquals(status, 412);
        refusals++;
      }
    }
  });
  await sharing.finish(Promise.all(admins));
  assertEquals(sharers.map((sharer) => weightsOf(sharer)[A]), [60, 60, 60]);
  // There were conflicts.
  assertEquals(refusals > 0, true);
});
