import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LoadBalancer } from "../../mod.ts";
import type { EjectionReport } from "../../src/model/server_status.ts";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { until } from "../testing/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ERROR = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

/** Sends requests one after another, each on its own connection, and returns their statuses. */
async function statuses(url: string, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await fetch(url, { headers: { connection: "close" } });
    await response.body?.cancel();
    found.push(response.status);
  }
  return found;
}

function ejections(balancer: LoadBalancer): (EjectionReport | undefined)[] {
  return balancer.servers().map(({ ejection }) => ejection);
}

Deno.test("three failed connections in a row eject a server, which then gets no more requests", async () => {
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url]);
  const before = Date.now();
  assertEquals(new Set(await statuses(served.url, 10)), new Set([200]));
  const [ejection, none] = ejections(served.balancer);
  assertEquals([ejection!.onTrial, none], [false, undefined]);
  const reason = `3 connections failed in a row: Cannot connect to ${broken.url}`;
  assertEquals(ejection!.why.slice(0, reason.length), reason);
  const seconds = (ejection!.until.getTime() - before) / 1000;
  assert(seconds >= 10 && seconds < 15, `${seconds} s`);
  // It is up again, but its ejection is not over yet.
  broken.start();
  await statuses(served.url, 20);
  assertEquals([broken.hits, fine.hits], [0, 30]);
});

Deno.test("any response ends a row of failed connections", async () => {
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await using served = await serveBalancer([broken.url, fine.url]);
  for (let round = 0; round < 3; round++) {
    await broken.kill();
    // Both begin at it, as each has then taken a turn of the other server too.
    await statuses(served.url, 2);
    broken.start();
    await statuses(served.url, 2);
  }
  assertEquals(ejections(served.balancer), [undefined, undefined]);
  assertEquals([broken.hits, fine.hits], [3, 9]);
});

Deno.test("the only server is not ejected, and is attempted again and again", async () => {
  await using server = new SampleServer("only");
  await server.kill();
  await using served = await serveBalancer([server.url]);
  assertEquals(new Set(await statuses(served.url, 10)), new Set([502]));
  assertEquals(ejections(served.balancer), [undefined]);
  server.start();
  assertEquals(await statuses(served.url, 1), [200]);
});

Deno.test("an ejected server is probed, fails or passes, and comes back slowly", async () => {
  await using log = await LogWatcher.start();
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url], {
    ejection: { backoff: 0.02 },
    slowStart: 3600,
  });
  // No request comes after the ejection, which might probe the server before that is looked at.
  await until("the ejection", async () => {
    await statuses(served.url, 1);
    return ejections(served.balancer)[0] !== undefined;
  });
  await log.waitFor(`Ejected ${broken.url} for 0.02 s: 3 connections failed`);
  await log.waitFor(`Probing ${broken.url}`);
  assertEquals(ejections(served.balancer)[0]!.onTrial, true);
  // A single failure is enough now.
  await statuses(served.url, 2);
  await log.waitFor(`Ejected ${broken.url} for 0.04 s: the probing request failed: Cannot connect`);
  broken.start();
  await until("a request to be tried on it", async () => {
    await statuses(served.url, 1);
    return broken.hits > 0;
  });
  await log.waitFor(`${broken.url} returned to rotation`);
  assertEquals(ejections(served.balancer), [undefined, undefined]);
  const { hits } = broken;
  await statuses(served.url, 30);
  assert(broken.hits - hits <= 1, `${broken.hits - hits} of 30 at a thousandth of the weight`);
});

Deno.test("responses of 5xx do not eject a server by default", async () => {
  await using failing = answering(ERROR);
  await using fine = answering(OK);
  await using served = await serveBalancer([failing.url, fine.url]);
  assertEquals((await statuses(served.url, 20)).filter((status) => status === 500).length, 10);
  assertEquals(ejections(served.balancer), [undefined, undefined]);
});

Deno.test("responses of 5xx in a row eject a server if configured", async () => {
  await using failing = answering(ERROR);
  await using fine = answering(OK);
  await using served = await serveBalancer([failing.url, fine.url], {
    ejection: { failedResponses: 3 },
  });
  assertEquals((await statuses(served.url, 20)).filter((status) => status === 500).length, 3);
  assertEquals(ejections(served.balancer)[0]!.why, "3 responses failed in a row: HTTP 500");
});

Deno.test("a good response ends a row of failed ones", async () => {
  await using failing = new RawServer(async (connection) => {
    for (let request = 1;; request++) {
      await connection.waitFor("\r\n\r\n", request);
      await connection.send(request % 3 === 0 ? OK : ERROR);
    }
  });
  await using fine = answering(OK);
  await using served = await serveBalancer([failing.url, fine.url], {
    ejection: { failedResponses: 3 },
  });
  assertEquals((await statuses(served.url, 24)).filter((status) => status === 500).length, 8);
  assertEquals(ejections(served.balancer), [undefined, undefined]);
});

Deno.test("timeouts and broken responses count as failed responses", async () => {
  const servers = [() => new RawServer(() => {}), () => new RawServer((it) => it.close())];
  for (const [i, make] of servers.entries()) {
    await using failing = make();
    await using fine = answering(OK);
    await using served = await serveBalancer([failing.url, fine.url], {
      ejection: { failedResponses: 1 },
      timeouts: { response: 0.05 },
    });
    assertEquals(await statuses(served.url, 4), [200, 200, 200, 200]);
    assertMatch(ejections(served.balancer)[0]!.why, [/silent/, /closed/][i]!);
    assertEquals(failing.accepted, 1);
  }
});

Deno.test("a client that stalls in its upload gets 408, and costs the server nothing", async () => {
  const framings = [
    "Content-Length: 10\r\n\r\nabc",
    "Content-Length: 20000\r\n\r\nabc",
    "Content-Length: 100000\r\n\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ];
  await using server = new RawServer(() => {});
  await using other = answering(OK);
  await using served = await serveBalancer([server.url, other.url], {
    ejection: { connectionFailures: 1, failedResponses: 1 },
    timeouts: { content: 0.05 },
  });
  served.balancer.update(other.url, { weight: 0 });
  for (const framing of framings) {
    await using client = await RawClient.connect(served.url);
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`);
    assertMatch(await client.readUntil("\r\n\r\n"), /^HTTP\/1\.1 408 /, framing);
  }
  // Small content is read before a server is picked.
  assertEquals(server.accepted, 2);
  assertEquals(ejections(served.balancer), [undefined, undefined]);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("a client that disconnects costs the server nothing", async () => {
  await using log = await LogWatcher.start();
  await using server = new RawServer(() => {});
  await using other = answering(OK);
  await using served = await serveBalancer([server.url, other.url], {
    ejection: { connectionFailures: 1, failedResponses: 1 },
  });
  served.balancer.update(other.url, { weight: 0 });
  const requests = [
    ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "disconnected before"],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc", "broke off"],
  ] as const;
  for (const [i, [request, what]] of requests.entries()) {
    await using client = await RawClient.connect(served.url);
    await client.send(request);
    const upstream = await server.connection(i + 1);
    await upstream.waitFor("\r\n\r\n");
    client.close();
    await upstream.closed;
    await log.waitFor(`${server.url} failed: The client ${what}`);
  }
  assertEquals(ejections(served.balancer), [undefined, undefined]);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("the failures that two workers see are counted together, and the ejection applies to both", async () => {
  await using log = await LogWatcher.start();
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url], { workers: 2 });
  assertEquals(new Set(await statuses(served.url, 20)), new Set([200]));
  await log.waitFor(`Ejected ${broken.url} for 10 s: 3 connections failed in a row`);
  assertMatch(ejections(served.balancer)[0]!.why, /^3 connections failed in a row/);
  broken.start();
  await statuses(served.url, 20);
  assertEquals([broken.hits, fine.hits], [0, 40]);
});

Deno.test("a probing request that succeeds on a worker returns the server to rotation", async () => {
  await using log = await LogWatcher.start();
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url], {
    workers: 2,
    ejection: { backoff: 0.02 },
  });
  await statuses(served.url, 20);
  await log.waitFor(`Ejected ${broken.url}`);
  broken.start();
  await until("a request to be tried on it", async () => {
    await statuses(served.url, 1);
    return broken.hits > 0;
  });
  await log.waitFor(`${broken.url} returned to rotation`);
  assertEquals(ejections(served.balancer), [undefined, undefined]);
});
