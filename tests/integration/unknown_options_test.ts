import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BalancerError, createAdmin, LoadBalancer } from "../../mod.ts";
import { joinEtcd } from "../../src/cluster/mod.ts";

const UNKNOWN = "is not known here; remove it or correct its spelling";
const URL = "http://127.0.0.1:3001";

/** Options as JavaScript can give them. */
// deno-lint-ignore no-explicit-any
type Anything = any;

function pathsOf(error: unknown): string[] {
  if (!(error instanceof BalancerError)) throw error;
  assertEquals(error.code, "invalid");
  return error.faults.map(({ path, message }) => message === UNKNOWN ? path : `${path} ${message}`);
}

Deno.test("new LoadBalancer() refuses unknown names, at any depth", () => {
  const cases: [options: Anything, ...paths: string[]][] = [
    [{ srevers: [] }, "srevers"],
    [{ srevers: [], servers: [], helthCheck: {} }, "srevers", "helthCheck"],
    [{ servers: [{ url: URL, wieght: 2 }] }, "wieght"],
    [{ servers: [{ url: URL, max_connections: 2 }] }, "max_connections"],
    [{ healthCheck: { pth: "/" } }, "healthCheck.pth"],
    [{ timeouts: { keep_alive: 5 } }, "timeouts.keep_alive"],
    [{ limits: { body: 5, queue: 1 } }, "limits.body"],
    [{ sticky: { secret: "0123456789abcdef", name: "a" } }, "sticky.name"],
    [{ accessLog: { format: "json", write() {}, writer: 1 } }, "accessLog.writer"],
    [{ upstreamTls: { caCert: [] }, dns: { server: "127.0.0.1" } }, "upstreamTls.caCert"],
    [{ constructor: 1 }, "constructor"],
    [[], " must be an object; not an empty list"],
    [null, " must be an object; not null"],
    [{ sticky: "0123456789abcdef" }, "sticky must be an object"],
    [{ sticky: null }, "sticky must be an object"],
    [{ sticky: false }, "sticky must be an object"],
  ];
  for (const [options, ...paths] of cases) {
    assertEquals(pathsOf(assertThrows(() => new LoadBalancer(options))), paths);
  }
  const message = `Cannot use the options: srevers ${UNKNOWN}`;
  assertThrows(() => new LoadBalancer({ srevers: [] } as Anything), BalancerError, message);
});

Deno.test("LoadBalancer refuses unknown names where servers are added and changed", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: URL, healthCheckPeriod: 0 }] });
  const other = "http://127.0.0.1:3002";
  const add = () => balancer.add({ url: other, wieght: 1 } as Anything);
  assertEquals(pathsOf(assertThrows(add)), ["wieght"]);
  for (const change of [{ wieght: 1 }, { url: other }, { discoveredBy: other }]) {
    const update = () => balancer.update(URL, change as Anything);
    assertEquals(pathsOf(assertThrows(update)), Object.keys(change));
  }
  const set = () => balancer.setServers([{ url: URL, nmae: "a" } as Anything]);
  assertEquals(pathsOf(await assertRejects(set)), ["nmae"]);
  const check = () => balancer.setHealthCheck({ timeOut: 1 } as Anything);
  assertEquals(pathsOf(assertThrows(check)), ["timeOut"]);
  assertEquals(balancer.servers().map(({ url, weight }) => [url, weight]), [[URL, 1]]);
});

Deno.test("LoadBalancer.listen() refuses unknown names, and does not listen", async () => {
  await using balancer = new LoadBalancer();
  const cases: [options: Anything, ...paths: string[]][] = [
    [{ hostName: "127.0.0.1", prot: 80 }, "hostName", "prot"],
    [{ port: 0, tls: { cert: "", key: "", ca: "" } }, "tls.ca"],
    [null, " must be an object"],
  ];
  for (const [options, ...paths] of cases) {
    assertEquals(pathsOf(await assertRejects(() => balancer.listen(options))), paths);
  }
});

Deno.test("createAdmin() refuses unknown names: a misspelt token would let everybody in", async () => {
  await using balancer = new LoadBalancer();
  const create = () => createAdmin(balancer, { tokn: "0123456789abcdef" } as Anything);
  assertEquals(pathsOf(assertThrows(create)), ["tokn"]);
});

Deno.test("joinEtcd() refuses unknown names, at any depth", async () => {
  await using balancer = new LoadBalancer();
  const endpoints = ["http://127.0.0.1:1"];
  const cases: [options: Anything, ...paths: string[]][] = [
    [{ endpoints, prefx: "/a/" }, "prefx"],
    [{ endpoints, user: { name: "a", pasword: "b" } }, "user.pasword"],
    [{ endpoints, certificate: { cert: "", key: "", ca: "" } }, "certificate.ca"],
    [{ endpoints, fleet: { nmae: "a" } }, "nmae"],
    [{ endpoints, seed: [{ url: URL, wieght: 1 }] }, "wieght"],
    [undefined, " must be an object"],
    [{}, "endpoints must be a list of URLs such as http://10.0.0.1:2379"],
    [{ endpoints: endpoints[0] }, "endpoints must be a list of URLs such as http://10.0.0.1:2379"],
  ];
  for (const [options, ...paths] of cases) {
    assertEquals(pathsOf(await assertRejects(() => joinEtcd(balancer, options))), paths);
  }
});

Deno.test("options may be instances of classes, which have more of their own", async () => {
  class Log {
    readonly format = "json";
    readonly lines: string[] = [];
    write(lines: string): void {
      this.lines.push(lines);
    }
  }
  class Timeouts {
    readonly connect = 1;
    readonly unit = "s";
  }
  class Settings {
    readonly source = "a file";
    readonly timeouts = new Timeouts();
    readonly servers = [{ url: URL, healthCheckPeriod: 0 }];
    readonly accessLog = new Log();
  }
  await using balancer = new LoadBalancer(new Settings());
  assertEquals(balancer.servers().map(({ url }) => url), [URL]);
  const { servers: _, ...settings } = balancer.config();
  assertEquals<unknown>(settings, { accessLog: "json", timeouts: { connect: 1 }, healthCheck: {} });
});

Deno.test("LoadBalancer.update() takes a server as it was told, with the URL that it has", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: URL, healthCheckPeriod: 0 }] });
  for (const { url, ...server } of balancer.config().servers) {
    for (const weight of [2, 3]) {
      const own = weight === 2 ? url : `${url}/`;
      assertEquals(
        balancer.update(url, { ...server, url: own, weight } as Anything).weight,
        weight,
      );
    }
  }
});

Deno.test("an option without a value is not there", async () => {
  await using balancer = new LoadBalancer({ srevers: undefined, workers: undefined } as Anything);
  assertEquals(balancer.servers(), []);
});
