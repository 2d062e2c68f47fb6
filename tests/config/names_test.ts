import { assertEquals } from "@std/assert";
import { z } from "zod";
import {
  camelCase,
  camelKeys,
  nestedCamelKeys,
  nestedSnakeKeys,
  snakeCase,
  snakeKeys,
} from "../../src/config/names.ts";

const NESTED = z.strictObject({
  a_b: z.strictObject({ c_d: z.number().default(1) }).prefault({}),
  e_f: z.array(z.strictObject({ g_h: z.number() })).optional(),
  any: z.unknown(),
});

Deno.test("camelCase() and snakeCase() translate into each other", () => {
  const names = {
    url: "url",
    health_check_period: "healthCheckPeriod",
    min_status: "minStatus",
    a_b_c: "aBC",
  };
  for (const [snake, camel] of Object.entries(names)) {
    assertEquals(camelCase(snake), camel);
    assertEquals(snakeCase(camel), snake);
  }
});

Deno.test("camelCase() leaves underscores that do not join words", () => {
  assertEquals(camelCase("__proto__"), "_Proto__");
  assertEquals(camelCase("a_1"), "a_1");
});

Deno.test("camelKeys() renames the keys and leaves out what is undefined", () => {
  const renamed = camelKeys({ url: "a", health_check_period: 5, weight: undefined });
  assertEquals(Object.entries(renamed), [["url", "a"], ["healthCheckPeriod", 5]]);
});

Deno.test("camelKeys() does not look into values", () => {
  assertEquals(camelKeys({ a_b: { c_d: 1 } }), { aB: { c_d: 1 } });
});

Deno.test("snakeKeys() renames the keys and leaves out what is undefined", () => {
  const renamed = snakeKeys({ url: "a", healthCheckPeriod: 5, weight: undefined });
  assertEquals(Object.entries(renamed as object), [["url", "a"], ["health_check_period", 5]]);
});

Deno.test("snakeKeys() returns other values as they are, for the schema to refuse", () => {
  for (const value of [undefined, null, 5, "minStatus", true]) {
    assertEquals(snakeKeys(value), value);
  }
  const list = [{ minStatus: 1 }];
  assertEquals(snakeKeys(list), list);
});

Deno.test("nestedCamelKeys() renames the keys that the schema has, at any depth", () => {
  const value: z.input<typeof NESTED> = { a_b: { c_d: 2 }, e_f: [{ g_h: 3 }], any: { i_j: 4 } };
  assertEquals(nestedCamelKeys(NESTED, value), {
    aB: { cD: 2 },
    eF: [{ gH: 3 }],
    any: { i_j: 4 },
  });
  const sparse: object = { a_b: {}, e_f: undefined };
  assertEquals(Object.entries(nestedCamelKeys(NESTED, sparse)), [["aB", {}]]);
});

Deno.test("nestedSnakeKeys() renames the keys that the schema has, and keeps unknown ones", () => {
  const policy = { pick: () => 0 };
  const value = { aB: { cD: 2, xY: 5 }, any: policy, other: undefined, moreNames: { iJ: 4 } };
  const renamed = nestedSnakeKeys(NESTED, value) as Record<string, unknown>;
  assertEquals(renamed, { a_b: { c_d: 2, x_y: 5 }, any: policy, more_names: { iJ: 4 } });
  assertEquals(renamed["any"] === policy, true);
});

Deno.test("nestedSnakeKeys() copies from an instance of a class only what the schema has", () => {
  class Options {
    readonly other = 1;
    get aB(): object {
      return { cD: 2 };
    }
  }
  assertEquals(nestedSnakeKeys(NESTED, new Options()), { a_b: { c_d: 2 } });
});
