import { assert, assertEquals, assertMatch } from "@std/assert";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../../testing/raw_server.ts";
import { SampleServer } from "../../testing/sample_server.ts";
import { RemoteBalancer } from "../remote_balancer.ts";
import type { Check } from "./check.ts";
import { until } from "../../testing/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Which server gets a request, and what becomes of those that a server fails. */
export const LOAD_CHECKS: readonly Check[] = [
  {
    name: "spreads nine requests 5:3:1 over weights 5, 3 and 1, again and again",
    async run(runtime) {
      await using a = new SampleServer("a");
      await using b = new SampleServer("b");
      await using c = new SampleServer("c");
      await using balancer = await RemoteBalancer.start(runtime, {
        servers: [[a, 5], [b, 3], [c, 1]].map(([server, weight]) => ({
          url: (server as SampleServer).url,
          weight: weight as number,
          healthCheckPeriod: 0,
        })),
      });
      for (let round = 1; round <= 10; round++) {
        for (let i = 0; i < 9; i++) await (await fetch(balancer.url)).text();
        assertEquals([a.hits, b.hits, c.hits], [5 * round, 3 * round, round]);
      }
    },
  },
  {
    name: "goes to another server when one cannot be connected to, also with a POST",
    async run(runtime) {
      await using good = new SampleServer("good");
      await using dying = new SampleServer("dying");
      await using balancer = await RemoteBalancer.over(runtime, dying.url, good.url, unusedUrl());
      await (await fetch(balancer.url)).text();
      await dying.kill();
      for (let i = 0; i < 6; i++) {
        const response = await fetch(balancer.url, i % 2 ? { method: "POST", body: "abc" } : {});
        assertEquals([response.status, await response.text()], [200, "good"]);
      }
    },
  },
  {
    name: "sends no POST twice, and a GET again, when a server closes without an answer",
    async run(runtime) {
      await using closing = new RawServer(async (connection) => {
        // The first request is answered, so that the second one comes on a used connection.
        await connection.waitFor("\r\n\r\n");
        if (!connection.received().startsWith("GET /warm")) return connection.close();
        await connection.send(OK);
        await connection.waitFor("\r\n\r\n", 2);
        connection.close();
      });
      await using spare = answering(OK);
      await using balancer = await RemoteBalancer.over(runtime, closing.url);
      await (await fetch(`${balancer.url}/warm`)).text();
      const post = await fetch(balancer.url, { method: "POST", body: "abc" });
      assertEquals([post.status, await post.text()].join(" ").slice(0, 15), "502 502 Bad Gat");
      await balancer.admin("/add", { url: spare.url, health_check_period: 0 });
      await balancer.admin("/update", { url: closing.url, weight: 100 });
      const get = await fetch(`${balancer.url}/again`);
      assertEquals([get.status, await get.text()], [200, "ok"]);
      const received = [...closing.connections, ...spare.connections]
        .map((connection) => connection.received()).join("");
      assertEquals(received.match(/^POST /gm)?.length, 1);
      assert(spare.accepted > 0);
    },
  },
  {
    name: "answers with an error where a server breaks HTTP or breaks off",
    async run(runtime) {
      const cases: [string, number, RegExp][] = [
        ["", 502, /connection_terminated/],
        ["HTTP/1.1 200", 502, /connection_terminated|http_response_incomplete/],
        ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 502, /http_response_incomplete/],
        ["SSH-2.0-OpenSSH_9.2\r\n", 502, /http_protocol_error|connection_terminated/],
        [
          "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
          502,
          /http_protocol_error/,
        ],
        [
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
          502,
          /http_protocol_error/,
        ],
      ];
      for (const [answer, status, type] of cases) {
        await using server = answeringAndClosing(answer);
        await using balancer = await RemoteBalancer.over(runtime, server.url);
        // With content that streams, nothing is tried again.
        const response = await fetch(balancer.url, { method: "POST", body: "abc" });
        assertEquals(response.status, status, answer);
        assertMatch(response.headers.get("proxy-status") ?? "", type, answer);
        await response.body?.cancel();
        await balancer.untilIdle();
      }
    },
  },
  {
    name: "finds out by its checks that a server is down, and up again",
    async run(runtime) {
      await using server = new SampleServer("a");
      await using balancer = await RemoteBalancer.start(runtime, {
        servers: [{ url: server.url, healthCheckPeriod: 1 }],
      });
      await server.nextProbe();
      await server.kill();
      await until("it to be unhealthy", async () => !(await balancer.servers())[0]!.healthy);
      server.start();
      await until("it to be healthy", async () => (await balancer.servers())[0]!.healthy);
      assertEquals(server.hits, 0);
    },
  },
];
