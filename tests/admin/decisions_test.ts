import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Admin, createAdmin, LoadBalancer } from "../../mod.ts";
import type { DecisionsJson } from "../../src/admin/decisions.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Balancer of these servers without health checks, and its API. */
function makeBalancer(servers: readonly SampleServer[], decisions?: number) {
  const balancer = new LoadBalancer({
    servers: servers.map(({ name, url }) => ({ name, url, healthCheckPeriod: 0 })),
    ...(decisions === undefined ? {} : { decisions }),
  });
  return { balancer, admin: createAdmin(balancer) };
}

async function call(admin: Admin, path: string, init?: RequestInit): Promise<[number, unknown]> {
  const response = await admin.fetch(new Request(`http://localhost${path}`, init));
  return [response.status, await response.json()];
}

async function get(admin: Admin, query = ""): Promise<DecisionsJson> {
  const [status, answer] = await call(admin, `/decisions${query}`);
  assertEquals(status, 200);
  return answer as DecisionsJson;
}

function put(admin: Admin, body: unknown, query = ""): Promise<[number, unknown]> {
  return call(admin, `/decisions${query}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function request(balancer: LoadBalancer, path: string): Promise<void> {
  await (await balancer.fetch(new Request(`http://localhost${path}`))).body?.cancel();
}

async function requests(balancer: LoadBalancer, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) await request(balancer, `/${i}`);
}

function paths({ decisions }: DecisionsJson): string[] {
  return decisions.map(({ request: { path } }) => path);
}

Deno.test("GET /decisions returns an empty list while nothing is recorded", async () => {
  await using server = new SampleServer("one");
  const { balancer, admin } = makeBalancer([server]);
  await using _ = balancer;
  await request(balancer, "/");
  assertEquals(await get(admin), { keep: 0, skipped: 0, latest: 0, decisions: [] });
});

Deno.test("GET /decisions explains each decision", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  const { balancer, admin } = makeBalancer([one, two], 5);
  await using _ = balancer;
  balancer.update(two.url, { draining: true });
  const before = Date.now();
  await request(balancer, "/orders?token=secret");
  const { decisions: [decision], ...rest } = await get(admin);
  assertEquals(rest, { keep: 5, skipped: 0, latest: 1 });
  const { at, ...others } = decision!;
  assertEquals(Date.parse(at) >= before && Date.parse(at) <= Date.now(), true);
  assertEquals(others, {
    number: 1,
    request: { id: null, method: "GET", path: "/orders", client: null },
    attempt: 1,
    policy: "least_connections",
    chosen: one.url,
    code: "policy",
    reason: "the only server that can take it",
    candidates: [
      {
        url: one.url,
        name: "one",
        state: "up",
        weight: 1,
        active: 0,
        key: "idle: 0",
        code: "chosen",
        verdict: "chosen",
      },
      {
        url: two.url,
        name: "two",
        state: "draining",
        weight: 0,
        active: 0,
        key: null,
        code: "draining",
        verdict: "draining",
      },
    ],
    omitted: 0,
  });
});

Deno.test("GET /decisions reports a request for which there was no server", async () => {
  const { balancer, admin } = makeBalancer([], 5);
  await using _ = balancer;
  await request(balancer, "/");
  const { chosen, reason, candidates } = (await get(admin)).decisions[0]!;
  assertEquals({ chosen, reason, candidates }, {
    chosen: null,
    reason: "there is no server",
    candidates: [],
  });
});

Deno.test("GET /decisions returns the latest decisions, those after a number, and those of a server", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  const { balancer, admin } = makeBalancer([one, two], 6);
  await using _ = balancer;
  await requests(balancer, 1, 8);
  assertEquals(paths(await get(admin)), ["/3", "/4", "/5", "/6", "/7", "/8"]);
  assertEquals(paths(await get(admin, "?limit=2")), ["/7", "/8"]);
  assertEquals(paths(await get(admin, "?after=4")), ["/5", "/6", "/7", "/8"]);
  assertEquals(paths(await get(admin, "?after=4&limit=2")), ["/5", "/6"]);
  assertEquals(paths(await get(admin, "?after=0&limit=1")), ["/3"]);
  assertEquals((await get(admin, "?after=8")).latest, 8);
  const server = encodeURIComponent(two.url.replace("http", "HTTP") + "/");
  assertEquals(paths(await get(admin, `?server=${server}`)), ["/4", "/6", "/8"]);
  assertEquals(paths(await get(admin, `?server=${server}&limit=1`)), ["/8"]);
});

Deno.test("GET /decisions refuses an invalid query, and lists every fault", async () => {
  const { balancer, admin } = makeBalancer([], 5);
  await using _ = balancer;
  const faults: [query: string, field: string][] = [
    ["?limit=0", "limit"],
    ["?limit=10001", "limit"],
    ["?limit=", "limit"],
    ["?limit=1e3", "limit"],
    [`?limit=${"9".repeat(400)}`, "limit"],
    ["?after=-1", "after"],
    ["?after=1.5", "after"],
    ["?server=one", "server"],
    ["?server=5", "server"],
    ["?last=5", "last"],
    ["?__proto__=5", "__proto__"],
    ["?limit=1&limit=2", "limit"],
    ["?%1b[31m=1&%1b[31m=1", "\x1b[31m"],
  ];
  for (const [query, field] of faults) {
    const [status, problem] = await call(admin, `/decisions${query}`);
    const { errors } = problem as { errors: { field: string }[] };
    assertEquals([status, errors.map((error) => error.field)], [400, [field]], query);
  }
});

Deno.test("PUT /decisions starts, changes and stops the recording", async () => {
  await using server = new SampleServer("one");
  const { balancer, admin } = makeBalancer([server]);
  await using _ = balancer;
  assertEquals(await put(admin, { keep: 3 }), [
    200,
    { keep: 3, skipped: 0, latest: 0, decisions: [] },
  ]);
  await requests(balancer, 1, 4);
  const [status, answer] = await put(admin, { keep: 2 });
  assertEquals([status, paths(answer as DecisionsJson)], [200, ["/3", "/4"]]);
  assertEquals(await put(admin, { keep: 0 }), [
    200,
    { keep: 0, skipped: 0, latest: 4, decisions: [] },
  ]);
  await requests(balancer, 5, 6);
  assertEquals((await get(admin)).latest, 4);
  assertEquals((await put(admin, { keep: 3 }))[0], 200);
  await requests(balancer, 7, 7);
  const { decisions } = await get(admin);
  assertEquals(decisions.map(({ number, request: { path } }) => [number, path]), [[5, "/7"]]);
});

Deno.test("PUT /decisions refuses invalid bodies, and changes nothing", async () => {
  await using server = new SampleServer("one");
  const { balancer, admin } = makeBalancer([server], 7);
  await using _ = balancer;
  await request(balancer, "/");
  const bodies = [{}, { keep: -1 }, { keep: 10_001 }, { keep: "5" }, { keep: null }, [], null, 5];
  for (const body of [...bodies, { keep: 1, more: 2 }, { keep: 1.5 }]) {
    assertEquals((await put(admin, body))[0], 400, JSON.stringify(body));
  }
  const [status, problem] = await put(admin, { keep: 1 }, "?dry_run=true");
  assertEquals(status, 400);
  assertStringIncludes(JSON.stringify(problem), "dry_run is not known here");
  const { keep, latest } = await get(admin);
  assertEquals([keep, latest], [7, 1]);
  const response = await admin.fetch(
    new Request("http://localhost/decisions", { method: "POST", body: "{}" }),
  );
  assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD, PUT"]);
});

Deno.test("LoadBalancer refuses an invalid number of decisions", async () => {
  for (const decisions of [-1, 1.5, 10_001, "5" as unknown as number]) {
    try {
      await using _ = new LoadBalancer({ decisions });
      throw new Error(`took ${decisions}`);
    } catch (error) {
      assertStringIncludes(
        (error as Error).message,
        "decisions must be a whole number from 0 to 10000",
      );
    }
  }
});
