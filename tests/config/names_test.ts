import { assertEquals } from "@std/assert";
import { camelCase, camelKeys, snakeCase, snakeKeys } from "../../src/config/names.ts";

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

Deno.test("camelCase() leaves underscores that join no words", () => {
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

Deno.test("snakeKeys() passes on what is no object, for the schema to refuse", () => {
  for (const value of [undefined, null, 5, "minStatus", true]) {
    assertEquals(snakeKeys(value), value);
  }
  const list = [{ minStatus: 1 }];
  assertEquals(snakeKeys(list), list);
});
