import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type AdminOptions, BalancerError, createAdmin, LoadBalancer } from "../../mod.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";

const TOKEN = "correct-horse-battery";
const BEARER = `Authorization: Bearer ${TOKEN}`;
const URL_A = "http://127.0.0.1:3001";

/** Admin API on a real port, of a balancer with one server without health checks. */
class Fixture implements AsyncDisposable {
  readonly balancer = new LoadBalancer({ servers: [{ url: URL_A, healthCheckPeriod: 0 }] });
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: AdminOptions = {}) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      createAdmin(this.balancer, options).fetch,
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Sends a request with exactly these field lines and returns the whole response. */
  send(route: Route, lines: readonly string[], target: string = route.path): Promise<string> {
    const { method, type, body } = route;
    const content = type === undefined ? [] : [`Content-Type: ${type}`];
    const fields = [...lines, ...content, `Content-Length: ${body.length}`, "Connection: close"];
    return exchangeRaw(
      `http://127.0.0.1:${this.port}`,
      `${method} ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`,
    );
  }

  /** State that an attack must not change. */
  state(): string {
    return JSON.stringify(this.balancer.servers());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.balancer.close();
  }
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body: string;
}

const JSON_TYPE = "application/json";
/** Every route, with a request that would have an effect, and an unknown path. */
const ROUTES: readonly Route[] = [
  { method: "POST", path: "/add", type: JSON_TYPE, body: '{"url":"http://a"}' },
  { method: "POST", path: "/update", type: JSON_TYPE, body: `{"url":"${URL_A}","weight":9}` },
  { method: "POST", path: "/delete", type: JSON_TYPE, body: `{"url":"${URL_A}"}` },
  // A form of another site can send this.
  { method: "POST", path: "/delete", type: "text/plain", body: URL_A },
  { method: "POST", path: "/delete", body: URL_A },
  { method: "GET", path: "/servers", body: "" },
  { method: "HEAD", path: "/servers", body: "" },
  { method: "GET", path: "/healthz", body: "" },
  { method: "OPTIONS", path: "/delete", body: "" },
  { method: "GET", path: "/nothing", body: "" },
];

/** Sends an attack to every route; each must refuse it, and nothing may change. */
async function assertRefused(
  fixture: Fixture,
  lines: readonly string[],
  status: number,
): Promise<void> {
  const before = fixture.state();
  for (const route of ROUTES) {
    const answer = await fixture.send(route, lines);
    const what = `${route.method} ${route.path} with ${lines.join(" and ")}`;
    assertStringIncludes(answer, `HTTP/1.1 ${status} `, what);
    assertEquals(fixture.state(), before, what);
  }
}

/** Attacks by the check that refuses them. */
function refusedHosts(): [status: number, lines: string[]][] {
  return [
    ...["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example"],
    ...["192.0.2.1", "0.0.0.0", "[::2]", "localhost2", "127.1", "0x7f.0.0.1", "2130706433"],
    ...["127.0.0.01", "notlocalhost", "128.0.0.1", "[::ffff:128.0.0.1]"],
  ].map((host): [number, string[]] => [421, [`Host: ${host}`]]).concat(
    ["", "a b", "localhost@evil.example", "evil@localhost", "localhost/", "localhost:80a", "::1"]
      .map((host) => [400, [`Host: ${host}`]]),
    ["localhost,evil", "localhost.", "[localhost]", "[127.0.0.1]", "[::1", "lo\xe7al", "*", ":80"]
      .map((host) => [400, [`Host: ${host}`]]),
    [[400, ["Host: localhost", "Host: localhost"]], [400, ["Host: localhost", "Host: evil"]]],
  );
}

Deno.test("createAdmin() refuses every Host but the loopback ones, on every route", async () => {
  await using fixture = new Fixture();
  for (const [status, lines] of refusedHosts()) await assertRefused(fixture, lines, status);
});

Deno.test("createAdmin() refuses a target with another authority than the Host", async () => {
  await using fixture = new Fixture();
  const before = fixture.state();
  for (const route of ROUTES) {
    for (
      const [authority, host] of [["evil.example", "localhost"], ["localhost", "evil.example"]]
    ) {
      const target = `http://${authority}${route.path}`;
      const answer = await fixture.send(route, [`Host: ${host}`], target);
      assertStringIncludes(answer, "HTTP/1.1 421 ", `${target} for ${host}`);
    }
  }
  assertEquals(fixture.state(), before);
});

const LIST: Route = { method: "GET", path: "/servers", body: "" };

Deno.test("createAdmin() lists the allowed hosts", async () => {
  await using fixture = new Fixture({ hosts: ["LB.internal", "192.0.2.1"] });
  const answer = await fixture.send(LIST, ["Host: evil.example"]);
  assertStringIncludes(answer, "content-type: application/problem+json\r\n");
  assertStringIncludes(
    answer,
    "This API cannot be called as evil.example: the Host must be localhost or 127.0.0.1 " +
      "or [::1] or lb.internal or 192.0.2.1",
  );
});

Deno.test("createAdmin() accepts the loopback hosts and the configured ones", async () => {
  const loopback = ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:80"];
  loopback.push("[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]");
  const cases: [hosts: string[], taken: string[], refused: string[]][] = [
    [[], loopback, ["192.0.2.1"]],
    [["lb.internal"], [...loopback, "lb.internal", "LB.Internal:81"], ["x.lb.internal"]],
    [["192.0.2.1"], [...loopback, "192.0.2.1:1", "[::ffff:192.0.2.1]"], ["192.0.2.2", "[::2]"]],
    [["[2001:db8::1]"], ["[2001:DB8:0::1]"], ["[2001:db8::2]"]],
    [["0.0.0.0"], ["192.0.2.2", "[::2]", "0.0.0.0"], ["evil.example", "1.2.3"]],
    [["::"], ["192.0.2.2", "[::2]"], ["evil.example"]],
  ];
  for (const [hosts, taken, refused] of cases) {
    await using fixture = new Fixture({ hosts });
    for (const [list, status] of [[taken, 200], [refused, 421]] as const) {
      for (const host of list) {
        const answer = await fixture.send(LIST, [`Host: ${host}`]);
        assertStringIncludes(answer, `HTTP/1.1 ${status} `, `${host} of ${hosts}`);
      }
    }
  }
});

Deno.test("createAdmin() accepts a request without a Host, which no browser sends", async () => {
  await using fixture = new Fixture();
  assertStringIncludes(await fixture.send(LIST, []), "HTTP/1.1 200 ");
});

Deno.test("createAdmin() refuses requests from pages of other sites, on every route", async () => {
  await using fixture = new Fixture();
  const { port } = fixture;
  const host = `Host: localhost:${port}`;
  const origins = [
    ["null", "", "http://evil.example", `http://evil.example:${port}`, `https://localhost:${port}`],
    [`http://127.0.0.1:${port}`, "http://localhost", `http://localhost:${port + 1}`, "localhost"],
    [`http://localhost:${port}/`, `http://localhost:${port}.evil.example`, "file://", "*"],
    [`http://user@localhost:${port}`, `http://localhost:${port}, http://evil.example`],
  ].flat();
  for (const origin of origins) await assertRefused(fixture, [host, `Origin: ${origin}`], 403);
  const own = `Origin: http://localhost:${port}`;
  await assertRefused(fixture, [host, own, "Origin: http://evil.example"], 403);
  for (
    const site of ["cross-site", "same-site", "Cross-Site", "", "same-origin, cross-site", "x"]
  ) {
    await assertRefused(fixture, [host, `Sec-Fetch-Site: ${site}`], 403);
    await assertRefused(fixture, [host, own, `Sec-Fetch-Site: ${site}`], 403);
  }
});

Deno.test("createAdmin() accepts requests from its own pages and from programs", async () => {
  await using fixture = new Fixture();
  const host = `localhost:${fixture.port}`;
  for (
    const lines of [
      [],
      [`Origin: http://${host}`],
      [`Origin: http://${host}`, "Sec-Fetch-Site: same-origin"],
      ["Sec-Fetch-Site: same-origin"],
      ["Sec-Fetch-Site: none"],
    ]
  ) {
    const answer = await fixture.send(LIST, [`Host: ${host}`, ...lines]);
    assertStringIncludes(answer, "HTTP/1.1 200 ", lines.join());
    assertEquals(/access-control/i.test(answer), false);
  }
});

Deno.test("createAdmin() refuses every request without the token, on every route but /healthz", async () => {
  await using fixture = new Fixture({ token: TOKEN });
  const before = fixture.state();
  const wrong = [
    [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN.toUpperCase()}`, "Bearer "],
    [
      `Basic ${btoa(`:${TOKEN}`)}`,
      TOKEN,
      `Bearer${TOKEN}`,
      `Bearer "${TOKEN}"`,
      `x Bearer ${TOKEN}`,
    ],
    [`Bearer ${TOKEN} ${TOKEN}`, `Bearer ${TOKEN}, Bearer ${TOKEN}`, "Bearer \xff", ""],
  ].flat().map((value) => [`Authorization: ${value}`]);
  wrong.push([BEARER, BEARER], [`X-Authorization: Bearer ${TOKEN}`], [`Cookie: token=${TOKEN}`]);
  for (const route of ROUTES) {
    const isOpen = route.path === "/healthz";
    for (const lines of [[], ...wrong]) {
      const answer = await fixture.send(route, ["Host: localhost", ...lines]);
      const what = `${route.method} ${route.path} with ${lines.join(" and ")}`;
      assertStringIncludes(answer, isOpen ? "HTTP/1.1 200 " : "HTTP/1.1 401 ", what);
      if (isOpen) continue;
      const sent = lines.some((line) => line.startsWith("Authorization"));
      const challenge = `Bearer realm="ballast"${sent ? ', error="invalid_token"' : ""}`;
      assertStringIncludes(answer, `www-authenticate: ${challenge}\r\n`, what);
      assertEquals(answer.includes(TOKEN), false, what);
      assertEquals(fixture.state(), before, what);
    }
  }
});

Deno.test("createAdmin() refuses other hosts and sites even with the token", async () => {
  await using fixture = new Fixture({ token: TOKEN });
  await assertRefused(fixture, ["Host: evil.example", BEARER], 421);
  await assertRefused(fixture, ["Host: localhost", "Origin: null", BEARER], 403);
});

Deno.test("createAdmin() answers every request with the token", async () => {
  for (const field of [BEARER, `authorization: bEARER  ${TOKEN}`]) {
    for (const route of ROUTES) {
      await using fixture = new Fixture({ token: TOKEN });
      const status = route.path === "/nothing" ? 404 : route.method === "OPTIONS" ? 405 : 200;
      const answer = await fixture.send(route, ["Host: localhost", field]);
      assertStringIncludes(answer, `HTTP/1.1 ${status} `, `${route.method} ${route.path}`);
    }
  }
});

Deno.test("createAdmin() refuses a caller without the token before it has sent its body", async () => {
  await using fixture = new Fixture({ token: TOKEN });
  await using client = await RawClient.connect(`http://127.0.0.1:${fixture.port}`);
  // A body that never arrives: reading it would block.
  await client.send("POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n");
  assertStringIncludes(await client.readUntil("\r\n\r\n"), "HTTP/1.1 401 ");
});

Deno.test("createAdmin() refuses invalid options, and does not reveal the token", async () => {
  await using balancer = new LoadBalancer();
  const secrets = [
    "",
    "short",
    "x".repeat(15),
    "with a space in it",
    "sixteen-letters-\n",
    "é".repeat(16),
  ];
  for (const token of [...secrets, "x".repeat(4097)]) {
    const error = assertThrows(() => createAdmin(balancer, { token }), BalancerError);
    assertEquals(error.faults.map(({ path }) => path), ["token"]);
    assertEquals(token !== "" && error.message.includes(token), false);
  }
  for (const host of ["", "lb:80", "http://lb", "a b", "*", "*.example", "[lb]", "::1]", "lb."]) {
    const error = assertThrows(() => createAdmin(balancer, { hosts: ["ok", host] }), BalancerError);
    assertEquals(error.faults.map(({ path }) => path), ["hosts[1]"], host);
  }
});
