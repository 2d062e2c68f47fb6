import { assertEquals } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { failing } from "./failing.ts";

Deno.test("a token that etcd does not respond to is replaced", async () => {
  const clock = new FakeClock();
  const tokens: string[] = [];
  const answers: Record<string, () => Promise<Response>> = {
    "/v3/auth/authenticate": () => {
      tokens.push(`token-${tokens.length + 1}`);
      return Promise.resolve(Response.json({ token: tokens.at(-1) }));
    },
    "token-1": () => new Promise(() => {}),
    "token-2": () => Promise.resolve(Response.json({ header: { revision: "7" } })),
  };
  using etcd = new EtcdClient({
    endpoints: ["http://etcd.example:2379"],
    user: { name: "root", password: "a secret" },
    clock,
    fetch: (url, { headers, signal }) => {
      const { authorization } = headers as Record<string, string>;
      const { promise, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => reject(signal.reason));
      return Promise.race([answers[authorization ?? new URL(url).pathname]!(), promise]);
    },
  });
  const read = () => etcd.range(keysUnder("/a/"));
  for (let silence = 0; silence < 2; silence++) {
    const call = failing(read());
    await clock.advance(5000);
    assertEquals((await call)[0], "unreachable");
  }
  assertEquals((await read()).revision, 7);
  assertEquals(tokens.length, 2);
});
