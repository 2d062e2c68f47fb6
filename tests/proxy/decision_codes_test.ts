import { assert, assertEquals } from "@std/assert";
import { type Decision, LoadBalancer, type Policy, type Server } from "../../mod.ts";
import { CANDIDATE_CODES } from "../../src/model/decision_code.ts";
import { unusedUrl } from "../testing/raw_server.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** A balancer that records its decisions. */
function makeBalancer(
  servers: readonly (Partial<Server> & { readonly url: string })[],
  options: ConstructorParameters<typeof LoadBalancer>[0] = {},
): LoadBalancer {
  return new LoadBalancer({
    servers: servers.map((server) => ({ healthCheckPeriod: 0, ...server })),
    decisions: 10,
    ...options,
  });
}

/**
 * Sends a request, and returns the decisions that were made for it, and the cookie of the response.
 */
async function decide(
  balancer: LoadBalancer,
  headers: Record<string, string> = {},
): Promise<{ decisions: Decision[]; cookie: string }> {
  const before = balancer.decisions.count;
  const response = await balancer.fetch(new Request("http://a/", { headers }));
  await response.body?.cancel();
  const cookie = response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  return { decisions: balancer.decisions.after(before), cookie };
}

/** The code of a decision, and those of its servers by their names. */
function codes({ code, candidates }: Decision): [string, Record<string, string>] {
  return [code, Object.fromEntries(candidates.map(({ name, code }) => [name, code]))];
}

Deno.test("a decision has a code that says whether there was a server", async () => {
  await using none = makeBalancer([]);
  assertEquals(codes((await decide(none)).decisions[0]!), ["no_server", {}]);
  await using out = makeBalancer([
    { url: unusedUrl(), name: "draining", draining: true },
    { url: unusedUrl(), name: "zero", weight: 0 },
  ]);
  const candidates = { draining: "draining", zero: "no_weight" };
  assertEquals(codes((await decide(out)).decisions[0]!), ["none_available", candidates]);
});

Deno.test("a decision has a code for each server: attempted before, ejected, or worse than another", async () => {
  await using good = new SampleServer("good");
  const servers = [{ url: unusedUrl(), name: "bad", weight: 9 }, { url: good.url, name: "good" }];
  await using balancer = makeBalancer(servers, {
    ejection: { connectionFailures: 1, maxShare: 100 },
    policy: "round_robin",
  });
  const { decisions: [first, second] } = await decide(balancer);
  assertEquals(codes(first!), ["policy", { bad: "chosen", good: "later_turn" }]);
  assertEquals(codes(second!), ["policy", { bad: "tried", good: "chosen" }]);
  const { decisions: [third] } = await decide(balancer);
  assertEquals(codes(third!), ["policy", { bad: "ejected", good: "chosen" }]);
  // The texts for people correspond to the code.
  const [, bad] = third!.candidates;
  assert(/^ejected until \d\d:\d\d:\d\d UTC, and others are preferred$/.test(bad!.verdict));
  balancer.remove(good.url);
  const { decisions: [fourth] } = await decide(balancer);
  assertEquals(codes(fourth!), ["fallback", { bad: "chosen" }]);
});

Deno.test("a decision has a code for a choice by the client's session", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using balancer = makeBalancer([one, two].map(({ url, name }) => ({ url, name })), {
    sticky: { secret: "0123456789abcdef" },
  });
  const { decisions: [first], cookie } = await decide(balancer);
  assertEquals(codes(first!), ["policy", { one: "chosen", two: "tie" }]);
  const { decisions: [second] } = await decide(balancer, { cookie });
  assertEquals(codes(second!), ["session", { one: "chosen", two: "other_session" }]);
});

for (
  const [policy, others] of [
    ["least_connections", ["tie"]],
    ["round_robin", ["tie"]],
    ["client_hash", ["tie", "farther"]],
    ["random_two_choices", ["tie", "not_drawn"]],
  ] as const
) {
  Deno.test(`${policy} gives each server that it does not choose a code`, async () => {
    await using one = new SampleServer("one");
    const rest = ["two", "three"].map((name) => ({ url: unusedUrl(), name, draining: false }));
    await using balancer = makeBalancer([{ url: one.url, name: "one" }, ...rest], { policy });
    const { decisions: [decision] } = await decide(balancer);
    const [chosen, ...notChosen] = decision!.candidates;
    assertEquals([chosen!.code, notChosen.length], ["chosen", 2]);
    for (const { code } of notChosen) assert((others as readonly string[]).includes(code), code);
  });
}

Deno.test("a custom policy gives codes of its own choice, and none that are not a policy's", async () => {
  await using one = new SampleServer("one");
  const given = ["chosen", "farther", "tried", "nonsense", undefined];
  const policy: Policy = {
    pick: ({ slots }) => slots[0]!,
    explain: ({ slots, length }) => {
      const ranking = [...slots.subarray(0, length)];
      return () => ({
        ranking,
        // Its verdicts have the same form as the balancer's.
        note: (slot) => ({
          key: undefined,
          code: given[slot] as "farther",
          verdict: "tried already",
        }),
      });
    },
  };
  const servers = given.map((_, i) => ({ url: i === 0 ? one.url : unusedUrl(), name: `${i}` }));
  await using balancer = makeBalancer(servers, { policy });
  const { decisions: [decision] } = await decide(balancer);
  const expected = ["chosen", "farther", "not_chosen", "not_chosen", "not_chosen"];
  assertEquals(codes(decision!), ["policy", Object.fromEntries(expected.entries())]);
  assertEquals(new Set(CANDIDATE_CODES).size, CANDIDATE_CODES.length);
});
