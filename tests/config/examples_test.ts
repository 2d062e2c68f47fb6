import { assert, assertEquals } from "@std/assert";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { parseConfig } from "../../src/config/config.ts";

const examples = new URL("../../examples/", import.meta.url);

async function yamlFiles(): Promise<URL[]> {
  const files: URL[] = [];
  for await (const { name, isFile } of Deno.readDir(examples)) {
    if (isFile && name.endsWith(".yaml")) files.push(new URL(name, examples));
  }
  return files;
}

Deno.test("examples/*.yaml are valid and have a server", async () => {
  const files = await yamlFiles();
  assert(files.length > 0, "there are examples");
  for (const file of files) {
    const { servers } = parseConfig(await Deno.readTextFile(file), file.pathname);
    assert(servers.length > 0, file.pathname);
  }
});

Deno.test("examples/*.yaml begin with the line that gives editors the schema", async () => {
  for (const file of await yamlFiles()) {
    const [line = ""] = (await Deno.readTextFile(file)).split("\n");
    const path = line.match(/^# yaml-language-server: \$schema=(\S+)$/)?.[1];
    assert(path !== undefined, `${file.pathname} begins with ${line}`);
    const { isFile } = await Deno.stat(new URL(path, file));
    assertEquals(isFile, true, path);
  }
});

Deno.test("examples/settings.yaml has every setting", async () => {
  const text = await Deno.readTextFile(new URL("settings.yaml", examples));
  const { anyOf: [, mapping] } = JSON.parse(configJsonSchema());
  const names: string[] = [];
  function collect(schema: { properties?: object; items?: object }): void {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      names.push(name);
      collect(field);
    }
    if (schema.items !== undefined) collect(schema.items);
  }
  collect(mapping);
  assert(names.includes("ca_file") && names.includes("max_connections"));
  assertEquals(names.filter((name) => !new RegExp(`\\b${name}:`).test(text)), []);
});
