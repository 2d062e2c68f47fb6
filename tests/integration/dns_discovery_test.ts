import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LoadBalancer, LoadBalancerOptions } from "../../mod.ts";
import { serveBalancer } from "../testing/balancer.ts";
import { pem } from "../testing/certificates.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { Neighbours } from "../testing/neighbours.ts";
import { ROOT } from "../testing/program.ts";
import { runSource } from "../testing/run_source.ts";
import { TlsServer } from "../testing/tls_server.ts";

const [ONE, TWO, THREE] = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Waits until something has become of the server at a URL. */
async function happens(balancer: LoadBalancer, type: string, url: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = balancer.events.subscribe((event) => {
    if (event.type === type && event.server.url === url) resolve();
  });
  if (balancer.events.last(1000).some((event) => event.type === type && event.server.url === url)) {
    resolve();
  }
  await promise;
  cancel();
}

/** Clients that send one request after the other, until they are stopped. */
class Clients {
  readonly #url: string;
  readonly #loops: Promise<void>[];
  #stopped = false;
  /** How often each answer has come. */
  readonly answers = new Map<string, number>();
  /** The other answers. */
  readonly failures: string[] = [];

  constructor(url: string, count: number) {
    this.#url = url;
    this.#loops = Array.from({ length: count }, () => this.#run());
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const response = await fetch(this.#url);
        const text = await response.text();
        if (response.status === 200) this.answers.set(text, (this.answers.get(text) ?? 0) + 1);
        else this.failures.push(`${response.status}: ${text}`);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

/** A balancer over what a name server says. */
function serve(dns: DnsServer, options: LoadBalancerOptions) {
  return serveBalancer([], { dns: { server: dns.address }, ...options });
}

function urls(balancer: LoadBalancer): string[] {
  return balancer.servers().map(({ url }) => url);
}

for (const workers of [1, 2]) {
  Deno.test(`no request fails while the addresses behind a name change, with ${workers} workers`, async () => {
    await using dns = await DnsServer.start();
    await using servers = await Neighbours.start(ONE, TWO, THREE);
    dns.setAddresses("api.test", 1, [ONE]);
    const entry = { url: servers.url("api.test"), discover: "dns", healthCheckPeriod: 0 } as const;
    await using served = await serve(dns, { servers: [entry], workers });
    const { balancer, url } = served;
    assertEquals(urls(balancer), [servers.url(ONE)]);
    const held = fetch(`${url}/hold`);
    await servers.at(ONE).holds();
    const clients = new Clients(url, 8);

    dns.setAddresses("api.test", 1, [ONE, TWO]);
    await happens(balancer, "added", servers.url(TWO));
    dns.setAddresses("api.test", 1, [TWO, THREE]);
    await happens(balancer, "removed", servers.url(ONE));
    dns.reply("A", "api.test", { rcode: 2 });
    await dns.asked(dns.questions.length + 2);
    const hits = servers.at(ONE).hits;
    dns.reply("A", "api.test", undefined);
    dns.reply("AAAA", "api.test", undefined);
    await dns.asked(dns.questions.length + 2);
    assertEquals(urls(balancer), [servers.url(TWO), servers.url(THREE)]);

    // The lost server's active request continues, and it gets no new ones.
    servers.at(ONE).release();
    const response = await held;
    assertEquals([response.status, await response.text()], [200, ONE]);
    assertEquals(servers.at(ONE).hits, hits);
    await clients.stop();
    assertEquals(clients.failures, []);
    assert(clients.answers.get(THREE)! > 0);
  });

  Deno.test(`setServers() turns servers into an entry and back, with ${workers} workers`, async () => {
    await using dns = await DnsServer.start();
    await using servers = await Neighbours.start(ONE, TWO, THREE);
    const options = { healthCheckPeriod: 0 };
    const single = [ONE, TWO].map((address) => ({ url: servers.url(address), ...options }));
    const entry = { url: servers.url("api.test"), discover: "dns", ...options } as const;
    dns.setAddresses("api.test", 300, [TWO, THREE]);
    await using served = await serve(dns, { servers: single, workers });
    const { balancer, url } = served;
    const clients = new Clients(url, 8);
    for (let times = 0; times < 3; times++) {
      const forth = await balancer.setServers([entry]);
      assertEquals([forth.added, forth.removed].map(({ length }) => length), [1, 2]);
      assertEquals(
        balancer.servers().map((server) => [server.url, server.discoveredBy]),
        [TWO, THREE].map((address) => [servers.url(address), entry.url]),
      );
      assertEquals(balancer.config().servers.map((server) => server.url), [entry.url]);
      const back = await balancer.setServers(single);
      assertEquals([back.added, back.removed].map(({ length }) => length), [2, 1]);
      assertEquals(urls(balancer).toSorted(), single.map((server) => server.url));
      assert(balancer.servers().every(({ discoveredBy }) => discoveredBy === undefined));
      assertEquals(balancer.discovery(), []);
    }
    // The server that was there all along was changed and not replaced.
    const events = balancer.events.last(1000).filter(({ server }) => server.url === single[1]!.url);
    assertEquals(new Set(events.map(({ type }) => type)), new Set(["updated"]));
    await clients.stop();
    assertEquals(clients.failures, []);
  });

  Deno.test(`servers behind an https: name are verified for the name, with ${workers} workers`, async () => {
    await using dns = await DnsServer.start();
    await using server = new TlsServer("example", OK);
    dns.setAddresses("backend.example", 300, [ONE]);
    dns.setAddresses("other.example", 300, [ONE]);
    const url = `https://backend.example:${server.port}`;
    const entry = { discover: "dns", healthCheckPeriod: 3600 } as const;
    const upstreamTls = { caCerts: [pem("ca.crt")] };
    await using served = await serve(dns, { servers: [{ url, ...entry }], upstreamTls, workers });
    const { balancer } = served;
    for (let times = 0; times < 5; times++) {
      assertEquals(await (await fetch(served.url)).text(), "ok");
    }
    const own = await balancer.check(server.url);
    assertEquals([own.passed, own.detail], [true, "HTTP 200"]);

    // Given as it is, or by another name, it has to have another certificate.
    await balancer.setServers([{ url: server.url, healthCheckPeriod: 3600 }]);
    assertMatch((await balancer.check(server.url)).detail, /not valid for 127\.0\.0\.1, /);
    const response = await fetch(served.url);
    assertEquals([response.status, (await response.text()).length > 0], [502, true]);
    await balancer.setServers([{ url: `https://other.example:${server.port}`, ...entry }]);
    assertMatch((await balancer.check(server.url)).detail, /not valid for other\.example, /);
    await balancer.setServers([{ url, ...entry }]);
    assertEquals(await (await fetch(served.url)).text(), "ok");
  });
}

Deno.test("LoadBalancer.close() ends the lookups, so that a program can end", async () => {
  await using dns = await DnsServer.start();
  dns.setAddresses("api.test", 300, [ONE]);
  const source = `
    import { LoadBalancer } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    const entry = { url: "http://api.test", discover: "dns", healthCheckPeriod: 0 };
    const balancer = new LoadBalancer({ servers: [entry], dns: { server: "${dns.address}" } });
    await balancer.settled();
    console.log(balancer.servers().length);
    await balancer.close();`;
  const { code, stdout, stderr } = await runSource(source, "--allow-net", "--no-check");
  assertEquals([code, stdout], [0, "1\n"], stderr);
});

Deno.test("SRV records tell ports, weights and priorities, and health checks ask for the name", async () => {
  await using dns = await DnsServer.start();
  await using first = await Neighbours.start(ONE, TWO);
  await using second = await Neighbours.start(ONE);
  const name = "_http._tcp.api.service.consul";
  dns.setServices(name, 1, [
    [10, 20, first.port, "a.node.consul"],
    [10, 10, second.port, "b.node.consul"],
    [20, 10, 1, "c.node.consul"],
  ]);
  dns.setAddresses("a.node.consul", 60, [ONE, TWO]);
  dns.setAddresses("b.node.consul", 60, [ONE]);
  dns.setAddresses("c.node.consul", 60, [THREE]);
  const servers = [{ url: `http://${name}`, name: "api", discover: "dns-srv" } as const];
  await using served = await serve(dns, { servers });
  const { balancer } = served;
  const expected = [[ONE, first.port, 2], [ONE, second.port, 1], [TWO, first.port, 2]] as const;
  assertEquals(
    balancer.servers().map(({ url, name, weight }) => [url, name, weight]).toSorted(),
    expected.map(([address, port, weight]) => {
      return [`http://${address}:${port}`, `api ${address}:${port}`, weight];
    }).toSorted(),
  );
  await balancer.check(second.url(ONE));
  assertEquals(second.at(ONE).probedHost, `api.service.consul:${second.port}`);

  dns.setServices(name, 1, [[10, 10, second.port, "b.node.consul"]]);
  await happens(balancer, "removed", first.url(TWO));
  assertEquals(urls(balancer), [second.url(ONE)]);
  assertEquals(await (await fetch(served.url)).text(), ONE);
});

Deno.test("an entry is found that only the hosts file of this machine knows", async () => {
  await using servers = await Neighbours.start(ONE);
  const url = `http://localhost:${servers.port}`;
  await using served = await serveBalancer([], {
    servers: [{ url, discover: "dns", healthCheckPeriod: 0 }],
  });
  const [report] = served.balancer.discovery();
  assertEquals(report!.error, undefined);
  assert(report!.servers.some(({ url }) => url === servers.url(ONE)));
});
