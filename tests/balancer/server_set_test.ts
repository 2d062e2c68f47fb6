import { assertEquals } from "@std/assert";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { ServerSet } from "../../src/balancer/server_set.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const SINGLE = { url: "http://127.0.0.1:3001", healthCheckPeriod: 0 };
const SOURCE = { url: "http://api.test:3001", healthCheckPeriod: 0, discover: "dns" } as const;

/** A set of servers with a real name server, without connections. */
class Fixture implements AsyncDisposable {
  readonly dns: DnsServer;
  readonly clock = new FakeClock();
  readonly registry = new Registry(new StateTable(10));
  readonly set: ServerSet;
  /** Servers whose connections were closed, with the drain. */
  readonly forgotten: [url: string, drain: number | undefined][] = [];

  private constructor(dns: DnsServer) {
    this.dns = dns;
    this.set = new ServerSet({
      registry: this.registry,
      transport: {
        forget: (url: string, drain?: number) => this.forgotten.push([url, drain]),
      } as unknown as Transport,
      clock: this.clock,
      sources: [],
      settings: { dns: { server: dns.address } },
      settled: () => Promise.resolve(),
    });
  }

  static async start(): Promise<Fixture> {
    return new Fixture(await DnsServer.start(["tcp"]));
  }

  get urls(): string[] {
    return this.registry.entries().map(({ server }) => server.url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set[Symbol.dispose]();
    await this.dns[Symbol.asyncDispose]();
  }
}

Deno.test("ServerSet.set() waits for an earlier one, which would otherwise undo it", async () => {
  await using fixture = await Fixture.start();
  const { set, dns, clock } = fixture;
  set.add(SINGLE);
  for (const type of ["A", "AAAA"]) dns.reply(type, "api.test", "silence");
  const first = set.set([SOURCE]);
  await dns.asked(2);
  const second = set.set([SINGLE]);
  assertEquals(fixture.urls, [SINGLE.url]);
  dns.setAddresses("api.test", 60, ["127.0.0.2"]);
  await clock.advance(5000);
  const [one, other] = await Promise.all([first, second]);
  assertEquals([one.added.length, one.removed.length], [1, 1]);
  assertEquals([other.added.length, other.removed.length], [1, 1]);
  assertEquals([fixture.urls, set.reports()], [[SINGLE.url], []]);
});

Deno.test("ServerSet.set() works after an earlier one was refused", async () => {
  await using fixture = await Fixture.start();
  const many = Array.from({ length: 11 }, (_, i) => ({ url: `http://127.0.0.1:${4000 + i}` }));
  const refused = fixture.set.set(many).then(() => "done", (error) => error.code);
  const { added } = await fixture.set.set([SINGLE]);
  assertEquals([await refused, added.length, fixture.urls], ["full", 1, [SINGLE.url]]);
});

Deno.test("ServerSet closes connections to servers that are removed, or verified for another name", async () => {
  await using fixture = await Fixture.start();
  const { set, dns, forgotten } = fixture;
  dns.setAddresses("api.test", 60, ["127.0.0.1", "127.0.0.2"]);
  set.add(SINGLE);
  set.update(SINGLE.url, { weight: 3 });
  assertEquals(forgotten, []);
  await set.set([SOURCE]);
  assertEquals(forgotten.splice(0), [[SINGLE.url, undefined]]);
  set.update(SOURCE.url, { weight: 5 });
  assertEquals(forgotten, []);
  set.remove(SOURCE.url, 30);
  assertEquals(forgotten, [[SINGLE.url, 30], ["http://127.0.0.2:3001", 30]]);
});
