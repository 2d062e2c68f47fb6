import { assert, assertEquals, assertThrows } from "@std/assert";
import { BalancerError, parseConfig, type PolicyName } from "../../mod.ts";
import type { DecisionJson } from "../../src/admin/decisions.ts";
import { readDecisions, replay } from "../../src/simulate/replay.ts";

type Candidate = DecisionJson["candidates"][number];

function candidate(name: string, init: Partial<Candidate> = {}): Candidate {
  const standard = { weight: 1, active: 0, key: "idle: 0", code: "tie" } as const;
  const verdict = "tie: later in the weighted rotation";
  return { url: `http://${name}`, name, state: "up", ...standard, verdict, ...init };
}

function decision(
  chosen: string | null,
  candidates: readonly Candidate[],
  init: Partial<DecisionJson> = {},
): DecisionJson {
  return {
    number: 1,
    at: "2026-01-01T00:00:00.000Z",
    request: { id: null, method: "GET", path: "/orders", client: "192.0.2.1" },
    attempt: 1,
    policy: "round_robin",
    chosen: chosen === null ? null : `http://${chosen}`,
    code: "policy",
    reason: "its turn",
    candidates,
    omitted: 0,
    ...init,
  };
}

/** Names of the servers that a policy picks. */
function picks(
  decisions: readonly DecisionJson[],
  policy: PolicyName = "least_connections",
  config?: ReturnType<typeof parseConfig>,
): (string | undefined)[] {
  // With a server that is not listed, every decision differs.
  const others = decisions.map((each) => ({ ...each, chosen: "http://nobody" }));
  return replay(others, { policy, seed: 1, config }).differences.map(({ picked }) => picked?.name);
}

Deno.test("replay() picks by the loads and weights of each decision", () => {
  const first = decision("a", [
    candidate("a", { active: 3 }),
    candidate("b", { active: 5, weight: 9 }),
    candidate("c", { active: 1 }),
  ], { number: 11 });
  const second = decision("c", [
    candidate("a", { active: 1 }),
    candidate("b", { active: 50, weight: 9 }),
    candidate("c", { active: 2 }),
  ], { number: 12 });
  const third = decision("a", [candidate("a"), candidate("b", { active: 50 })], { number: 13 });
  const result = replay([first, second, third], { policy: "least_connections", seed: 1 });
  assertEquals([result.decisions, result.different, result.equal_load], [3, 2, 0]);
  assertEquals(
    result.differences.map(({ number, recorded, picked }) => ({
      number,
      recorded: [recorded?.name, recorded?.active],
      picked: [picked?.name, picked?.active, picked?.weight],
    })),
    [
      { number: 11, recorded: ["a", 3], picked: ["b", 5, 9] },
      { number: 12, recorded: ["c", 2], picked: ["a", 1, 1] },
    ],
  );
  assertEquals(result.servers, [
    { url: "http://a", name: "a", recorded: 2, picked: 2 },
    { url: "http://c", name: "c", recorded: 1, picked: 0 },
    { url: "http://b", name: "b", recorded: 0, picked: 1 },
  ]);
});

Deno.test("replay() picks no server that the request could not go to", () => {
  const cases: [code: Candidate["code"], init: Partial<Candidate>][] = [
    ["unhealthy", { state: "unhealthy" }],
    ["ejected", { state: "ejected" }],
    ["draining", { state: "draining", weight: 0 }],
    ["no_weight", { weight: 0 }],
    ["tried", {}],
    ["full", {}],
    ["trial_busy", { state: "on_trial", active: 1 }],
    ["raced", {}],
  ];
  for (const [code, init] of cases) {
    // The text for humans does not matter.
    const out = candidate("a", { key: null, code, verdict: "", ...init });
    const other = candidate("b", { active: 9, code: "chosen", verdict: "" });
    assertEquals(picks([decision("b", [out, other])]), ["b"], code);
  }
  // Without another server, an untrusted one is better than none.
  const down = candidate("a", { state: "unhealthy", code: "chosen" });
  assertEquals(picks([decision("a", [down])]), ["a"]);
  const tried = candidate("a", { code: "tried" });
  assertEquals(picks([decision("a", [tried])]), [undefined]);
});

Deno.test("replay() ignores the verdicts", () => {
  for (const verdict of ["tried already by this request", "works on 1 of 1", "could not take it"]) {
    const both = decision("b", [candidate("b", { active: 9 }), candidate("a", { verdict })]);
    assertEquals(picks([both]), ["a"]);
  }
});

Deno.test("readDecisions() rejects decisions of a version without codes", () => {
  const { code: _, ...old } = decision("a", [candidate("a")]);
  const text = JSON.stringify([decision("a", [candidate("a")]), old]);
  const error = assertThrows(() => readDecisions(text, "file"), BalancerError);
  assertEquals(
    error.message,
    "Cannot use file: decisions[1] has no code: an older Ballast recorded it, whose decisions " +
      "cannot be replayed; record them again with this version",
  );
});

Deno.test("replay() repeats the decisions of the same policy", () => {
  const names = ["a", "b", "c"];
  // Round robin with equal weights.
  const decisions = Array.from(
    { length: 30 },
    (_, i) => decision(names[i % 3]!, names.map((name) => candidate(name, { active: i % 5 }))),
  );
  const options = { policy: "round_robin", seed: 1 } as const;
  assertEquals(replay(decisions, options).different, 0);
  assert(replay(decisions, { ...options, policy: "random_two_choices" }).different > 5);
  // The same client, and the same server.
  assertEquals(new Set(picks(decisions, "client_hash")).size, 1);
});

Deno.test("replay() shows where one server is as good as another", () => {
  const tie = decision("a", [
    candidate("a", { active: 1 }),
    candidate("b", { active: 3, weight: 2 }),
  ]);
  const { different, equal_load } = replay([tie], { policy: "least_connections", seed: 1 });
  assertEquals([different, equal_load], [1, 1]);
});

Deno.test("replay() uses the weights and limits of a configuration", () => {
  const both = decision("a", [candidate("a", { active: 1 }), candidate("b", { active: 2 })]);
  assertEquals(picks([both]), ["a"]);
  const heavy = parseConfig("[{ url: http://b, weight: 9 }, { url: http://a }]");
  assertEquals(picks([both], "least_connections", heavy), ["b"]);
  const limited = parseConfig("[{ url: http://b }, { url: http://a, max_connections: 1 }]");
  assertEquals(picks([both], "least_connections", limited), ["b"]);
});

Deno.test("replay() uses fractional weights, and only listed servers", () => {
  const growing = decision("a", [
    candidate("a", { active: 1, weight: 0.5 }),
    candidate("b", { active: 5, weight: 2 }),
  ]);
  // 2 / 0.5 is more than 6 / 2.
  const unlisted = decision("c", [candidate("c", { active: 7 })], { omitted: 2 });
  assertEquals(picks([growing, unlisted, growing]), ["b", "c", "b"]);
  assertEquals(replay([growing, unlisted], { policy: "round_robin", seed: 1 }).incomplete, 1);
});

Deno.test("readDecisions() reads the format of each source", () => {
  const one = decision("a", [candidate("a")]);
  const answer = { keep: 1, skipped: 0, latest: 1, decisions: [one] };
  const lines = `${JSON.stringify(one)}\n\n${JSON.stringify(one)}\n`;
  assertEquals(readDecisions(JSON.stringify([one, one], null, 2), "file").length, 2);
  assertEquals(readDecisions(JSON.stringify(answer), "file"), [one]);
  assertEquals(readDecisions(lines, "file"), [one, one]);
  assertEquals(readDecisions(JSON.stringify(one), "file"), [one]);
});

Deno.test("readDecisions() reports errors", () => {
  const one = decision("a", [candidate("a")]);
  const cases: [text: string, message: RegExp][] = [
    ["", /^Cannot use file: it has no decisions$/],
    ["[]", /it has no decisions/],
    ["null", /decisions\[0\]/],
    ["7", /decisions\[0\] must be of type object; not 7$/],
    ["{}", /decisions\[0\]\.number must be of type number; it is missing; /],
    ['{"decisions":7}', /decisions/],
    ["{\n", /line 1 is not JSON; it must be the output of explain --json/],
    [`${JSON.stringify(one)}\nnope`, /line 2 is not JSON/],
    [JSON.stringify([{ ...one, chosen: 7 }]), /decisions\[0\]\.chosen/],
    [JSON.stringify([{ ...one, code: "x" }]), /\.code must be one of policy, session, .*; not "x"/],
    [JSON.stringify([{ ...one, candidates: [{}] }]), /decisions\[0\]\.candidates\[0\]\.url/],
  ];
  for (const [text, message] of cases) {
    const error = assertThrows(() => readDecisions(text, "file"), BalancerError);
    assert(message.test(error.message), `${text}: ${error.message}`);
  }
});
