import { assertEquals, assertMatch } from "@std/assert";
import { DnsServer } from "../../testing/dns_server.ts";
import { Neighbours } from "../../testing/neighbours.ts";
import { SampleServer } from "../../testing/sample_server.ts";
import { RemoteBalancer } from "../remote_balancer.ts";
import type { Check } from "./check.ts";

/** Checks of operations and session affinity. */
export const CONTROL_CHECKS: readonly Check[] = [
  {
    name: "adds, changes and deletes servers by its admin API",
    async run(runtime) {
      await using a = new SampleServer("a");
      await using b = new SampleServer("b");
      await using balancer = await RemoteBalancer.start(runtime, {});
      assertEquals((await fetch(balancer.url)).status, 503);
      for (const { url, name } of [a, b]) {
        assertEquals((await balancer.admin("/add", { url, name })).status, 200);
      }
      assertEquals((await balancer.admin("/add", { url: a.url })).status, 409);
      assertEquals((await balancer.admin("/add", { url: "nothing" })).status, 400);
      await balancer.admin("/update", { url: a.url, weight: 0 });
      assertEquals(await (await fetch(balancer.url)).text(), "b");
      await balancer.admin("/update", { url: a.url, weight: 1 });
      await balancer.admin("/delete", b.url);
      assertEquals(await (await fetch(balancer.url)).text(), "a");
      assertEquals((await balancer.servers()).map(({ url }) => url), [a.url]);
    },
  },
  {
    name: "serves the dashboard",
    async run(runtime) {
      await using balancer = await RemoteBalancer.start(runtime, {});
      const page = await (await balancer.admin("/")).text();
      assertMatch(page, /<script src="dashboard\/main\.js"/);
      const response = await balancer.admin("/dashboard/main.js");
      assertEquals(response.headers.get("content-type"), "text/javascript; charset=utf-8");
      assertMatch(await response.text(), /^import /m);
    },
  },
  {
    name: "counts what passes",
    async run(runtime) {
      await using server = new SampleServer("abc");
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      for (let i = 0; i < 3; i++) {
        await (await fetch(balancer.url, { method: "POST", body: "12345" })).text();
      }
      const [{ responses, bytesSent, bytesReceived }] = await (await balancer.admin("/traffic"))
        .json();
      assertEquals([responses, bytesSent, bytesReceived], [[0, 3, 0, 0, 0], 15, 9]);
    },
  },
  {
    name: "keeps a client at its server by a cookie",
    async run(runtime) {
      await using a = new SampleServer("a");
      await using b = new SampleServer("b");
      await using balancer = await RemoteBalancer.start(runtime, {
        servers: [a, b].map(({ url }) => ({ url, healthCheckPeriod: 0 })),
        sticky: { secret: "a secret of some length" },
      });
      const first = await fetch(balancer.url);
      const name = await first.text();
      const [cookie] = first.headers.getSetCookie();
      assertMatch(cookie!, /^ballast=.*HttpOnly/);
      for (let i = 0; i < 4; i++) {
        const response = await fetch(balancer.url, { headers: { cookie: cookie!.split(";")[0]! } });
        assertEquals([await response.text(), response.headers.getSetCookie()], [name, []]);
      }
      assertEquals(a.hits + b.hits, 5);
    },
  },
  {
    name: "discovers servers by DNS, over UDP as well, and https: ones where it can verify them",
    async run(runtime) {
      for (const over of [["tcp"], ["udp"]] as const) {
        await using dns = await DnsServer.start(over);
        await using servers = await Neighbours.start("127.0.0.1", "127.0.0.2");
        dns.setAddresses("api.test", 300, ["127.0.0.1", "127.0.0.2"]);
        const entry = { url: servers.url("api.test"), discover: "dns", health_check_period: 0 };
        const options = { dns: { server: dns.address } };
        await using balancer = await RemoteBalancer.start(runtime, options);
        assertEquals((await balancer.admin("/add", entry)).status, 200);
        const answers = new Set<string>();
        for (let i = 0; i < 4; i++) answers.add(await (await fetch(balancer.url)).text());
        assertEquals([...answers].toSorted(), ["127.0.0.1", "127.0.0.2"]);
        const secure = { url: "https://api.test", discover: "dns", health_check_period: 0 };
        const response = await balancer.admin("/add", secure);
        assertEquals(response.status, runtime.name === "Deno" ? 200 : 501);
        if (response.status === 200) continue;
        const { detail } = await response.json();
        assertMatch(detail, /^Cannot discover the servers of https:.*; use http:, or run on Deno$/);
      }
    },
  },
  {
    name: "listens, or says what to do instead",
    async run(runtime) {
      await using balancer = await RemoteBalancer.start(runtime, {});
      const said = await (await balancer.admin("/listen")).text();
      if (runtime.name === "Deno") assertEquals(said, "listens");
      else assertMatch(said, /^unsupported Cannot listen: .*Bun\.serve.*createServer/);
    },
  },
];
