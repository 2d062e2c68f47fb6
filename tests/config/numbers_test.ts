import { assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../src/config/config.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { readWorkload } from "../../src/simulate/workload_schema.ts";
import { parseYaml } from "../../src/config/yaml.ts";

const WHY = "which YAML parsers read differently: write a decimal number without leading zeros";

function messagesOf(work: () => unknown): string[] {
  return assertThrows(work, BalancerError).faults.map(({ path, message }) => `${path} ${message}`);
}

Deno.test("parseConfig() refuses numbers that YAML parsers read differently, with their path", () => {
  for (const text of ["0100", "-012", "00", "0x1F", "0b11", "1_000", "0_1"]) {
    assertEquals(messagesOf(() => parseConfig(`- { url: http://a, weight: ${text} }`)), [
      `servers[0].weight must be a whole number from 0 to 4294967295; not ${text}, ${WHY}`,
    ]);
  }
});

Deno.test("parseConfig() reports such numbers together with all other faults", () => {
  const text = `
port: 0443
health_check: { timeout: 05, rise: 0x1 }
timeouts: { connect: 1_0 }
servers:
  - { url: http://a, name: 010 }
  - { url: nope }
`;
  const faults = assertThrows(() => parseConfig(text), BalancerError).faults;
  assertEquals(faults.map(({ path }) => path).sort(), [
    "health_check.rise",
    "health_check.timeout",
    "port",
    "servers[0].name",
    "servers[1].url",
    "timeouts.connect",
  ]);
  assertEquals(messagesOf(() => parseConfig("0100")), [
    ` must be a list of servers, or a mapping with servers: and settings; not 0100, ${WHY}`,
  ]);
});

Deno.test("parseConfig() finds such numbers behind aliases and merge keys", () => {
  const texts = [
    "- &a { url: http://a, weight: 010 }\n- { <<: *a, url: http://b }",
    "- { <<: { weight: 010 }, url: http://a }\n",
    "- { <<: [{ name: x }, { <<: { weight: 010 } }], url: http://a }\n",
  ];
  for (const text of texts) {
    const [first] = messagesOf(() => parseConfig(text));
    assertEquals(
      first,
      `servers[0].weight must be a whole number from 0 to 4294967295; not 010, ${WHY}`,
    );
  }
});

Deno.test("parseConfig() reads tags of YAML's types, and refuses such numbers behind them", () => {
  const text = "- { url: http://a, weight: !!float 5, draining: !!bool true, name: !!str 010 }";
  assertEquals(parseConfig(text).servers, [
    { url: "http://a", weight: 5, draining: true, name: "010" },
  ]);
  assertEquals(parseYaml("!!null ~", "it"), null);
  assertEquals(parseYaml('!<tag:yaml.org,2002:float> "5"', "it"), 5);
  assertEquals(parseYaml("a: '!!int 5'", "it"), { a: "!!int 5" });
  assertEquals(messagesOf(() => parseConfig("- { url: http://a, weight: !!int 010 }")), [
    `servers[0].weight must be a whole number from 0 to 4294967295; not 010, ${WHY}`,
  ]);
});

Deno.test("parseConfig() terminates for values that contain themselves, or each other many times", () => {
  const doubled = Array.from({ length: 60 }, (_, i) => `  - &n${i + 1} [*n${i}, *n${i}]`);
  const merged = Array.from({ length: 60 }, (_, i) => `  - &n${i + 1} { <<: [*n${i}, *n${i}] }`);
  const texts = ["&a [*a]", "- &a { url: *a }"];
  for (const [first, lines] of [["[010]", doubled], ["{ ? 010 : 1 }", merged]] as const) {
    texts.push(`servers:\n  - &n0 ${first}\n${lines.join("\n")}\n`);
  }
  for (const text of texts) assertThrows(() => parseConfig(text), BalancerError);
});

Deno.test("parseConfig() reads decimal numbers, and texts with digits", () => {
  const { servers, timeouts, gracePeriod } = parseConfig(`
grace_period: +10
timeouts: { connect: 1e1, response: 0.5, content: .5, queue: 10.0 }
servers: [{ url: http://a, name: "0100", weight: 0 }, { url: http://b, name: 1.0.0 }]
`);
  assertEquals(servers.map(({ name }) => name), ["0100", "1.0.0"]);
  assertEquals(timeouts, { connect: 10, response: 0.5, content: 0.5, queue: 10 });
  assertEquals(gracePeriod, 10);
});

Deno.test("readWorkload() refuses such numbers as well", () => {
  const workload = parseYaml("{ rate: 0100 }", "the workload");
  const [first] = messagesOf(() => readWorkload(workload, "the workload"));
  assertEquals(first?.startsWith("rate "), true, first);
  assertEquals(first?.endsWith(`not 0100, ${WHY}`), true, first);
});
