import { assertEquals } from "@std/assert";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { serverSchema } from "../../src/config/server_schema.ts";
import { healthCheckSchema } from "../../src/config/settings_schema.ts";

const file = new URL("../../schema/config.schema.json", import.meta.url);

interface ObjectSchema {
  readonly type: string;
  readonly properties: Readonly<Record<string, ObjectSchema & { items?: ObjectSchema }>>;
  readonly required?: readonly string[];
  readonly additionalProperties: boolean;
}

Deno.test("schema/config.schema.json is what `deno task schema` writes", async () => {
  assertEquals(await Deno.readTextFile(file), configJsonSchema());
});

Deno.test("configJsonSchema() describes both shapes and every field", () => {
  const schema = JSON.parse(configJsonSchema());
  assertEquals(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  const [list, mapping] = schema.anyOf as [{ items: ObjectSchema }, ObjectSchema];
  const { servers, health_check } = mapping.properties;
  assertEquals(servers?.items, list.items);
  const objects: [ObjectSchema, { readonly shape: object }][] = [
    [list.items, serverSchema],
    [mapping, settingsSchema],
    [health_check!, healthCheckSchema],
  ];
  for (const [object, { shape }] of objects) {
    assertEquals(object.type, "object");
    assertEquals(object.additionalProperties, false);
    assertEquals(Object.keys(object.properties), Object.keys(shape));
  }
  assertEquals(list.items.required, ["url"]);
  assertEquals(mapping.required, undefined);
});

Deno.test("configJsonSchema() has the ranges, which editors check", () => {
  const { items } = JSON.parse(configJsonSchema()).anyOf[0];
  for (const field of ["weight", "health_check_period"]) {
    const { type, minimum, maximum } = items.properties[field];
    assertEquals({ type, minimum, maximum }, { type: "integer", minimum: 0, maximum: 4294967295 });
  }
});
