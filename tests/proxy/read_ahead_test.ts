import { assert, assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import type { BalancerError } from "../../src/model/errors.ts";
import { Delivery } from "../../src/proxy/delivery.ts";
import { ReadAhead } from "../../src/proxy/delivery.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { flooding } from "../testing/flooding_server.ts";
import { within } from "../testing/until.ts";

const SMALL = 4096;
const LARGE = 32_768;
const READ_AHEAD = 3_145_728;

/** Deliveries that share a read-ahead budget, and how each ended. */
function setUp(bytes: number) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const readAhead = new ReadAhead(bytes);
  const ends: (string | undefined)[] = [];
  function begin(): Delivery {
    const onEnd = (stall?: BalancerError) => void ends.push(stall?.code);
    return new Delivery({ queue: deadlines.queue(2000), readAhead, onEnd });
  }
  return { clock, begin, ends };
}

Deno.test("Delivery.ask() reads large pieces for clients that keep up, within the budget", () => {
  const { begin } = setUp(2 * LARGE);
  const [first, second, third] = [begin(), begin(), begin()];
  assertEquals([first, second, third].map((it) => it.ask(Infinity)), [LARGE, LARGE, SMALL]);
  for (const delivery of [first, second, third]) delivery.give();
  // A client that asks again returns its share, and may take another.
  assertEquals([third.ask(Infinity), first.ask(Infinity)], [SMALL, LARGE]);
  first.end();
  third.give();
  assertEquals(third.ask(Infinity), LARGE);
});

Deno.test("Delivery.ask() reads small pieces for a client that does not keep up", async () => {
  const { clock, begin } = setUp(10 * LARGE);
  const delivery = begin();
  await clock.advance(200);
  assertEquals(delivery.ask(Infinity), SMALL);
  delivery.give();
  assertEquals(delivery.ask(Infinity), LARGE);
});

Deno.test("Delivery.ask() reads the rest in one piece if it is small", async () => {
  const { clock, begin } = setUp(0);
  const delivery = begin();
  await clock.advance(200);
  assertEquals(delivery.ask(131_073), SMALL);
  assert(delivery.ask(131_072) >= 131_072);
});

Deno.test("Delivery gives up on a client that takes nothing, once, and keeps its share", async () => {
  const { clock, begin, ends } = setUp(LARGE);
  const still = begin();
  assertEquals(still.ask(Infinity), LARGE);
  // The server may take as long as it likes.
  await clock.advance(5000);
  still.give();
  const other = begin();
  for (let second = 0; second < 5; second++) {
    await clock.advance(1000);
    other.give();
  }
  assertEquals(ends, ["client_gone"]);
  // The platform still holds the piece.
  assertEquals(other.ask(Infinity), SMALL);
  still.end();
  other.give();
  assertEquals(other.ask(Infinity), LARGE);
  other.end();
  other.give();
  assertEquals(ends, ["client_gone", undefined]);
  await clock.advance(200);
  assertEquals(clock.timers, 0);
});

Deno.test("a hundred and fifty clients that stop reading hold little of an endless response", async () => {
  const { server } = flooding("HTTP/1.1 200 OK\r\nContent-Length: 1000000000");
  await using _ = server;
  const balancer = new LoadBalancer({ servers: [{ url: server.url, healthCheckPeriod: 0 }] });
  const readers = await Promise.all(Array.from({ length: 150 }, async () => {
    const response = await balancer.fetch(new Request("http://example.com/"));
    return response.body!.getReader();
  }));
  // By the third piece, everything that the server has sent has arrived.
  let sizes: number[] = [];
  for (let piece = 0; piece < 3; piece++) {
    sizes = await Promise.all(readers.map(async (reader) => {
      const { value } = await within("a piece", reader.read());
      return value!.length;
    }));
  }
  const held = sizes.reduce((sum, size) => sum + size);
  assert(held <= READ_AHEAD + 150 * SMALL, `${held} bytes, the largest ${Math.max(...sizes)}`);
  await Promise.all(readers.map((reader) => reader.cancel()));
  await balancer.close();
});
