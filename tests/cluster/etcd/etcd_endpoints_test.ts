import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type EndpointCall, EtcdEndpoints } from "../../../src/cluster/etcd/etcd_endpoints.ts";
import { EndpointError } from "../../../src/cluster/etcd/etcd_failure.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { failing } from "./failing.ts";

/** Endpoints with scripted behavior, and a record of the calls to them. */
class Stage {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly behaviour = new Map<string, EndpointError>();
  readonly endpoints = new EtcdEndpoints(
    ["a", "b", "c"],
    (url) => this.#do(`hello ${url}`, url),
    this.clock,
  );

  /** Makes an endpoint fail with an error; without one, it works again. */
  set(url: string, error?: EndpointError): void {
    if (error === undefined) this.behaviour.delete(url);
    else this.behaviour.set(url, error);
  }

  /** Runs a call, and returns the endpoint that served it. */
  run(options: Partial<EndpointCall<string>> = {}): Promise<string> {
    return this.endpoints.run({
      what: "try",
      idempotent: true,
      signal: undefined,
      send: async (url) => {
        await this.#do(url, url);
        return url;
      },
      ...options,
    });
  }

  /** The calls since the last one of this method. */
  take(): string[] {
    return this.asked.splice(0);
  }

  #do(what: string, url: string): Promise<void> {
    this.asked.push(what);
    const error = this.behaviour.get(url);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }
}

const DEAD = new EndpointError("unreachable", "is dead");
const LOST = new EndpointError("unknown", "hangs up");
const ELECTING = new EndpointError("unreachable", "has no leader", { recovery: "election" });

Deno.test("run() fails over to the next endpoint, and stays there", async () => {
  const stage = new Stage();
  assertEquals(stage.endpoints.current, undefined);
  stage.set("a", DEAD);
  assertEquals(await stage.run(), "b");
  assertEquals(stage.endpoints.current, "b");
  stage.set("a");
  assertEquals(await stage.run(), "b");
  assertEquals(stage.take(), ["a", "b", "b"]);
  stage.set("b", LOST);
  assertEquals(await stage.run(), "c");
  assertEquals(stage.take(), ["b", "c"]);
});

Deno.test("run() tries an endpoint that has just failed last, until 5 s later", async () => {
  const stage = new Stage();
  stage.set("a", DEAD);
  await stage.run();
  stage.set("b", DEAD);
  stage.take();
  await stage.run();
  assertEquals(stage.take(), ["b", "c"]);
  stage.set("c", DEAD);
  await failing(stage.run());
  // All have failed: the usual order applies.
  assertEquals(stage.take(), ["c", "a", "b"]);
  await stage.clock.advance(5000);
  for (const url of ["a", "b", "c"]) stage.set(url);
  assertEquals(await stage.run(), "c");
});

Deno.test("run() fails with the failure of each endpoint", async () => {
  const stage = new Stage();
  stage.set("a", DEAD);
  stage.set("b", LOST);
  stage.set("c", DEAD);
  assertEquals(await failing(stage.run()), [
    "unreachable",
    "Cannot try: a is dead; b hangs up; c is dead",
  ]);
  assertEquals(stage.take(), ["a", "b", "c"]);
});

Deno.test("run() never repeats a call that may have taken effect, unless it is idempotent", async () => {
  const stage = new Stage();
  await stage.run();
  stage.set("a", LOST);
  stage.take();
  assertEquals(await failing(stage.run({ idempotent: false })), [
    "unknown",
    "Cannot try: a hangs up",
  ]);
  assertEquals(stage.take(), ["a"]);
  assertEquals(await stage.run({ idempotent: false }), "b");
});

Deno.test("run() pings an endpoint silent for a second before a non-idempotent call", async () => {
  const stage = new Stage();
  stage.set("a", LOST);
  // A failed ping is "unreachable" in any case.
  stage.set("a", DEAD);
  assertEquals(await stage.run({ idempotent: false }), "b");
  assertEquals(stage.take(), ["hello a", "hello b", "b"]);
  await stage.clock.advance(1000);
  await stage.run({ idempotent: false });
  assertEquals(stage.take(), ["b"]);
  await stage.clock.advance(1001);
  await stage.run();
  assertEquals(stage.take(), ["b"]);
  await stage.clock.advance(1001);
  await stage.run({ idempotent: false });
  assertEquals(stage.take(), ["hello b", "b"]);
});

for (const failure of ["denied", "refused", "no_lease", "compacted"] as const) {
  Deno.test(`run() does not fail over after "${failure}"`, async () => {
    const stage = new Stage();
    stage.set("a", new EndpointError(failure, "says no"));
    assertEquals(await failing(stage.run()), [failure, "Cannot try: a says no"]);
    assertEquals(stage.take(), ["a"]);
    assertEquals(stage.endpoints.current, "a");
  });
}

Deno.test("run() waits for an election, for 3 s at most", async () => {
  const stage = new Stage();
  for (const url of ["a", "b"]) stage.set(url, ELECTING);
  stage.set("c", DEAD);
  const run = stage.run();
  await stage.clock.advance(250);
  assertEquals(stage.take(), ["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
  stage.set("b");
  await stage.clock.advance(50);
  assertEquals(await run, "b");
  stage.set("b", ELECTING);
  const endless = failing(stage.run());
  await stage.clock.advance(2999);
  stage.take();
  await stage.clock.advance(100);
  assertMatch((await endless)[1], /^Cannot try: . has no leader; . /);
  assertEquals(stage.take().length, 3);
  assertEquals(stage.clock.timers, 0);
});

Deno.test("run() aborts the wait for an election with its signal", async () => {
  const stage = new Stage();
  for (const url of ["a", "b", "c"]) stage.set(url, ELECTING);
  const abort = new AbortController();
  const run = assertRejects(() => stage.run({ signal: abort.signal }), Error, "enough");
  await stage.clock.advance(10);
  abort.abort(new Error("enough"));
  await run;
  assertEquals(stage.clock.timers, 0);
});

Deno.test("run() rethrows errors that are not an endpoint's", async () => {
  const stage = new Stage();
  const send = () => Promise.reject(new Error("a mistake"));
  await assertRejects(() => stage.run({ send }), Error, "a mistake");
  assert(stage.endpoints.current === undefined);
});

Deno.test("run() uses another endpoint after its caller gave up on a slow one", async () => {
  for (const [patience, next] of [[999, "a"], [1000, "b"]] as const) {
    const stage = new Stage();
    await stage.run();
    const abort = new AbortController();
    const { signal } = abort;
    const send = () =>
      new Promise<string>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    const run = assertRejects(() => stage.run({ signal, send }), Error, "too late");
    await stage.clock.advance(patience);
    abort.abort(new Error("too late"));
    await run;
    assertEquals(await stage.run(), next);
  }
});
