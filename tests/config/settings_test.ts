import { assert, assertEquals } from "@std/assert";
import type { z } from "zod";
import type { Config } from "../../src/config/config.ts";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { camelCase, type NestedCamelKeys } from "../../src/config/names.ts";
import type { settingsSchema } from "../../src/config/schema.ts";
import {
  balancerSchema,
  completeSettings,
  pickSettings,
} from "../../src/config/settings_schema.ts";
import type { BalancerSettings, Settings } from "../../src/model/settings.ts";

/** True if each of two types is assignable to the other, with and without its optional keys. */
type Same<A, B> = [A, Required<A>] extends [B, Required<B>]
  ? [B, Required<B>] extends [A, Required<A>] ? true : false
  : false;

/** Keys of each field, as assignability ignores optional ones. */
type Fields<T> = { [Name in keyof T]-?: keyof NonNullable<T[Name]> };

// The compiler refuses this file while a documented interface and its declaration differ.
type Written = NestedCamelKeys<z.input<typeof balancerSchema>>;
type Complete = NestedCamelKeys<z.output<typeof balancerSchema>>;
type File = NestedCamelKeys<z.input<typeof settingsSchema>>;
const SAME: readonly true[] = [
  true satisfies Same<Written, BalancerSettings>,
  true satisfies Same<Fields<Written>, Fields<BalancerSettings>>,
  true satisfies Same<Complete, Settings>,
  true satisfies Same<
    Omit<File, "servers" | "healthCheck">,
    Omit<Config, "servers" | "healthCheck">
  >,
  true satisfies Same<Fields<File>, Fields<Config>>,
];

/** Schema of a setting, as JSON Schema has it. */
interface Declared {
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Declared>>;
}

/** Documentation comments of the fields in a source file, by `Interface.field`. */
async function fieldComments(file: string): Promise<Map<string, string>> {
  const source = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
  const comments = new Map<string, string>();
  for (const [, name, body] of source.matchAll(/^export interface (\w+)[^{]*\{\n([^]*?)^\}/gm)) {
    for (const [, text, field] of body!.matchAll(/\/\*\*([^]*?)\*\/\s+readonly (\w+)\??:/g)) {
      comments.set(`${name}.${field}`, text!.replace(/\s*\n\s*\* ?/g, " ").trim());
    }
  }
  return comments;
}

Deno.test("the interfaces of settings document the ranges and defaults of the schema", async () => {
  assertEquals(SAME.length, 5);
  const comments = new Map([
    ...await fieldComments("src/model/settings.ts"),
    ...await fieldComments("src/config/config.ts"),
  ]);
  const { anyOf: [, { properties }] } = JSON.parse(configJsonSchema()) as {
    anyOf: [unknown, { properties: Readonly<Record<string, Declared>> }];
  };
  const INTERFACES: Readonly<Record<string, string>> = {
    timeouts: "Timeouts",
    retries: "Retries",
    ejection: "Ejection",
    limits: "Limits",
    health_check: "HealthCheck",
    dns: "DnsSettings",
    etcd: "EtcdSettings",
  };
  let checked = 0;
  function check(key: string, { default: value, minimum, maximum }: Declared): void {
    const comment = comments.get(key);
    assert(comment !== undefined, `${key} has no comment`);
    if (value !== undefined) {
      const [, documented] = comment.match(/Default: "?(\S+?)"?(?:[.,;] |[.,;]$|$)/) ?? [];
      assertEquals(documented, String(value) || "none", `${key}: ${comment}`);
      checked++;
    }
    // The timeouts have one range, which their interface documents.
    if (minimum === undefined || key.startsWith("Timeouts.")) return;
    if (maximum === Number.MAX_SAFE_INTEGER || key.startsWith("EtcdSettings.")) return;
    const range = new RegExp(`\\b${minimum}(?: \\([a-z ]+\\))? to ${maximum}\\b`);
    assert(range.test(comment), `${key}: ${comment}; not ${range}`);
    checked++;
  }
  for (const [name, setting] of Object.entries(properties)) {
    if (setting.properties === undefined) {
      const owner = Object.hasOwn(balancerSchema.shape, name) ? "BalancerSettings" : "Config";
      if (name !== "servers") check(`${owner}.${camelCase(name)}`, setting);
      continue;
    }
    const owner = INTERFACES[name];
    if (owner === undefined) continue;
    for (const [field, declared] of Object.entries(setting.properties)) {
      check(`${owner}.${camelCase(field)}`, declared);
    }
  }
  assert(checked > 50, `${checked}`);
});

Deno.test("completeSettings() fills in defaults at any depth, and keeps the given settings", () => {
  const defaults = completeSettings({});
  assertEquals(defaults.timeouts, {
    connect: 5,
    response: 60,
    content: 60,
    keepAlive: 60,
    queue: 30,
  });
  assertEquals("dns" in defaults, false);
  const given = { timeouts: { queue: 1 }, trustedProxies: ["::1"], dns: { attempts: 2 } };
  assertEquals(completeSettings(given), {
    ...defaults,
    ...given,
    timeouts: { ...defaults.timeouts, queue: 1 },
  });
});

Deno.test("pickSettings() leaves out other settings, and undefined ones", () => {
  const config = { port: 80, metrics: false, servers: [], slowStart: undefined };
  assertEquals(pickSettings(config as unknown as BalancerSettings), { metrics: false });
});
