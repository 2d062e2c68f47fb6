import { assertEquals, assertMatch } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";
import { DnsServer } from "../testing/dns_server.ts";

const API = "http://api.test:9";
const [ONE, TWO] = ["http://127.0.0.1:9", "http://127.0.0.2:9"] as const;

/** Balancer without servers, its admin API, and its name server. */
class Fixture implements AsyncDisposable {
  readonly dns: DnsServer;
  readonly balancer: LoadBalancer;
  readonly admin: AdminCaller;

  private constructor(dns: DnsServer) {
    this.dns = dns;
    this.balancer = new LoadBalancer({ dns: { server: dns.address } });
    this.admin = new AdminCaller(this.balancer);
  }

  static async start(...addresses: string[]): Promise<Fixture> {
    const dns = await DnsServer.start(["tcp"]);
    if (addresses.length > 0) dns.setAddresses("api.test", 300, addresses);
    return new Fixture(dns);
  }

  /** Adds a source. */
  async add(fields: object = {}): Promise<void> {
    const body = { url: API, discover: "dns", health_check_period: 0, ...fields };
    const { status, json } = await this.admin.call("POST", "/add", { body });
    assertEquals(status, 200, JSON.stringify(json));
  }

  /** One field of each server. */
  fields(name: "url" | "weight" | "draining"): unknown[] {
    return this.balancer.servers().map((server) => server[name]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.balancer.close();
    await this.dns[Symbol.asyncDispose]();
  }
}

Deno.test("POST /add of a source answers once its servers are there, each with its discovered_by", async () => {
  await using fixture = await Fixture.start("127.0.0.1", "127.0.0.2");
  const { admin } = fixture;
  const body = { url: `${API}/`, discover: "dns", weight: 3, health_check_period: 0 };
  const added = await admin.call("POST", "/add", { body });
  const entry = {
    url: API,
    name: "api.test:9",
    weight: 3,
    health_check_period: 0,
    max_connections: 0,
    draining: false,
    discover: "dns",
  };
  assertEquals([added.status, added.json], [200, entry]);
  const { json: servers } = await admin.call("GET", "/servers");
  assertEquals(
    servers.map((
      server: Record<string, unknown>,
    ) => [server.url, server.weight, server.discovered_by]),
    [[ONE, 3, API], [TWO, 3, API]],
  );
  const { json: [report] } = await admin.call("GET", "/discovery");
  const { last_lookup, next_lookup, ...rest } = report;
  assertEquals(rest, {
    ...entry,
    addresses: [ONE, TWO].map((url) => ({ url, source: "api.test", problem: null })),
    error: null,
  });
  const wait = Date.parse(next_lookup) - Date.parse(last_lookup);
  assertEquals(Math.abs(wait - 300_000) < 1000, true);
  assertEquals((await admin.call("GET", serverPath(API))).json, report);
  const events = fixture.balancer.events.last(10).map(({ type, server }) =>
    `${type} ${server.url}`
  );
  assertEquals(events, [`added ${ONE}`, `added ${TWO}`]);
});

Deno.test("GET /discovery reports a failed lookup, and addresses that are left out", async () => {
  await using fixture = await Fixture.start();
  const { admin, dns } = fixture;
  dns.reply("A", "api.test", { rcode: 2 });
  await fixture.add();
  const { json: [broken] } = await admin.call("GET", "/discovery");
  assertMatch(broken.error, /it answered SERVFAIL/);
  assertEquals([broken.addresses, broken.last_lookup === null], [[], false]);

  dns.setAddresses("b.test", 300, ["127.0.0.1"]);
  await admin.call("POST", "/add", { body: { url: ONE, health_check_period: 0 } });
  await fixture.add({ url: "http://b.test:9" });
  const { json: [, other] } = await admin.call("GET", "/discovery");
  const problem = "a server with this URL is configured already";
  assertEquals(other.addresses, [{ url: ONE, source: "b.test", problem }]);
});

Deno.test("GET /discovery without sources is an empty list", async () => {
  await using fixture = await Fixture.start();
  assertEquals((await fixture.admin.call("GET", "/discovery")).json, []);
  assertEquals(fixture.dns.questions, []);
});

Deno.test("a source and a server cannot have the same URL", async () => {
  await using fixture = await Fixture.start("127.0.0.1");
  const { admin } = fixture;
  await fixture.add();
  for (const body of [{ url: API }, { url: API, discover: "dns" }, { url: ONE }]) {
    const { status, json } = await admin.call("POST", "/add", { body });
    assertEquals([status, json.errors[0].field], [409, "url"]);
  }
  await admin.call("POST", "/add", { body: { url: TWO, health_check_period: 0 } });
  const byName = { url: "http://localhost:3002", health_check_period: 0 };
  await admin.call("POST", "/add", { body: byName });
  const body = { ...byName, discover: "dns" };
  assertEquals((await admin.call("POST", "/add", { body })).status, 409);
  assertEquals((await admin.call("POST", "/add?dry_run=true", { body })).status, 409);
});

Deno.test("POST /update, PATCH, PUT and drain of a source change all its servers", async () => {
  await using fixture = await Fixture.start("127.0.0.1", "127.0.0.2");
  const { admin } = fixture;
  await fixture.add();
  const path = serverPath(API);
  await admin.call("POST", "/update", { body: { url: API, weight: 2 } });
  assertEquals(fixture.fields("weight"), [2, 2]);
  const { headers } = await admin.call("GET", path);
  const ifMatch = { "if-match": headers.get("etag")! };
  const patched = await admin.call("PATCH", path, { body: { weight: 3 }, headers: ifMatch });
  assertEquals([patched.status, patched.json.weight, fixture.fields("weight")], [200, 3, [3, 3]]);
  const stale = await admin.call("PATCH", path, { body: { weight: 4 }, headers: ifMatch });
  assertEquals([stale.status, stale.json.server.discover], [412, "dns"]);
  const body = { weight: 5, discover: "dns" };
  assertEquals((await admin.call("PUT", path, { body })).json.health_check_period, 10);
  assertEquals(fixture.fields("weight"), [5, 5]);
  assertEquals((await admin.call("POST", `${path}/drain`)).json.draining, true);
  assertEquals(fixture.fields("draining"), [true, true]);
  assertEquals((await admin.call("POST", "/servers/api.test:9/enable")).status, 200);
  assertEquals(fixture.fields("draining"), [false, false]);
});

Deno.test("PUT adds a source, and no change turns one into a server or vice versa", async () => {
  await using fixture = await Fixture.start("127.0.0.1");
  const { admin } = fixture;
  const path = serverPath(API);
  const made = await admin.call("PUT", path, { body: { discover: "dns", health_check_period: 0 } });
  assertEquals([made.status, made.json.discover, fixture.fields("url")], [201, "dns", [ONE]]);
  await admin.call("POST", "/add", { body: { url: "http://localhost:1", health_check_period: 0 } });
  const other = serverPath("http://localhost:1");
  const cases: [method: string, path: string, body: Record<string, unknown>][] = [
    ["PUT", path, {}],
    ["PUT", path, { discover: "dns-srv" }],
    ["PATCH", other, { discover: "dns" }],
    ["PUT", other, { discover: "dns" }],
    ["POST", "/update", { url: "http://localhost:1", discover: "dns" }],
  ];
  for (const [method, at, body] of cases) {
    for (const query of ["", "?dry_run=true"]) {
      const { status, json } = await admin.call(method, at + query, { body });
      assertEquals([status, json.errors[0].field], [400, "discover"], `${method} ${at}`);
    }
  }
  const nulled = await admin.call("PATCH", path, { body: { discover: null } });
  assertEquals(nulled.status, 400);
  assertEquals((await admin.call("GET", path)).json.discover, "dns");
});

Deno.test("a discovered server cannot be changed by itself, but checked", async () => {
  await using fixture = await Fixture.start("127.0.0.1");
  const { admin } = fixture;
  await fixture.add();
  const path = serverPath(ONE);
  const calls: [method: string, path: string, body?: unknown][] = [
    ["POST", "/update", { url: ONE, weight: 2 }],
    ["POST", "/update?dry_run=true", { url: ONE, weight: 2 }],
    ["POST", "/delete", ONE],
    ["POST", "/delete?dry_run=true", { url: ONE }],
    ["PUT", path, { weight: 2 }],
    ["PATCH", path, { weight: 2 }],
    ["PATCH", `${path}?dry_run=true`, { weight: 2 }],
    ["DELETE", path],
    ["POST", `${path}/drain`],
    ["POST", `${path}/enable?dry_run=true`],
  ];
  for (const [method, at, body] of calls) {
    const { status, json } = await admin.call(method, at, body === undefined ? {} : { body });
    assertEquals(status, 409, `${method} ${at}`);
    const why =
      `Cannot change ${ONE} on its own: it was discovered by ${API}; change the source instead`;
    assertEquals([json.detail, json.errors], [why, [{ field: "url", detail: why }]]);
  }
  assertEquals(fixture.fields("weight"), [1]);
  assertEquals((await admin.call("POST", `${path}/check`)).json.passed, false);
  assertEquals((await admin.call("POST", `${path}/check?dry_run=true`)).status, 200);
  const { status, json } = await admin.call("POST", `${serverPath(API)}/check`);
  assertEquals(status, 409);
  assertMatch(json.detail, /it is a source; check one of its discovered servers$/);
});

Deno.test("DELETE of a source removes its servers, and ends its lookups", async () => {
  await using fixture = await Fixture.start("127.0.0.1", "127.0.0.2");
  const { admin } = fixture;
  await fixture.add();
  const { status, json } = await admin.call("DELETE", `${serverPath(API)}?drain=1`);
  assertEquals([status, json.url, json.discover], [200, API, "dns"]);
  assertEquals([fixture.fields("url"), (await admin.call("GET", "/discovery")).json], [[], []]);
  assertEquals((await admin.call("POST", "/delete", { body: API })).status, 404);
});

Deno.test("a dry run with a source reports the shares of all its servers", async () => {
  await using fixture = await Fixture.start("127.0.0.1", "127.0.0.2");
  const { admin } = fixture;
  await fixture.add();
  const single = "http://127.0.0.3:9";
  await admin.call("POST", "/add", { body: { url: single, health_check_period: 0, weight: 2 } });
  const shares = async (method: string, path: string, body?: unknown) => {
    const { json } = await admin.call(method, path, body === undefined ? {} : { body });
    assertEquals(json.dry_run, true, JSON.stringify(json));
    return json.shares.map((
      share: { before: number; after: number },
    ) => [share.before, share.after]);
  };
  const path = `${serverPath(API)}?dry_run=true`;
  assertEquals(await shares("PATCH", path, { weight: 3 }), [[.25, .375], [.25, .375], [.5, .25]]);
  assertEquals(await shares("DELETE", path), [[.25, 0], [.25, 0], [.5, 1]]);
  const body = { url: "http://new.test", discover: "dns" };
  const same = [[.25, .25], [.25, .25], [.5, .5]];
  assertEquals(await shares("POST", "/add?dry_run=true", body), same);
  assertEquals(fixture.fields("weight"), [1, 1, 2]);
});

Deno.test("GET /config has the sources, not the discovered servers", async () => {
  await using fixture = await Fixture.start("127.0.0.1");
  await fixture.add({ weight: 4 });
  const text = await (await fixture.admin.raw("GET", "/config")).text();
  assertMatch(text, new RegExp(`dns:\n {2}server: "?${fixture.dns.address}"?\n`));
  assertMatch(
    text,
    /servers:\n {2}- url: http:\/\/api\.test:9\n(?: {4}.*\n)*? {4}discover: dns\n$/,
  );
  assertEquals(text.includes("127.0.0.1:9"), false);
});
