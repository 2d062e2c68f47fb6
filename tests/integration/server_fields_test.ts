import { assert, assertEquals } from "@std/assert";
import { LoadBalancer, parseConfig } from "../../mod.ts";
import { readServerFlags, UPDATE_FLAGS } from "../../src/cli/admin/server_flags.ts";
import { readArgs } from "../../src/cli/read_args.ts";
import { parseServer, serverValue } from "../../src/cluster/store/server_value.ts";
import { snakeCase } from "../../src/config/names.ts";
import { writeConfig } from "../../src/config/write_config.ts";
import {
  completeServer,
  defaultOf,
  SERVER_FIELDS,
  type ServerField,
  type ServerFieldName,
} from "../../src/model/server.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";

/** A server that refuses connections, so that health checks are over at once. */
const A = "http://127.0.0.1:1";

/** The fields that can change; `discover` makes a server a source of servers. */
const FIELDS = Object.entries<ServerField>(SERVER_FIELDS)
  .filter(([, { fixed }]) => !fixed) as [ServerFieldName, ServerField][];

/** A valid value that is not the default. */
function sampleOf(field: ServerField): string | number | boolean {
  switch (field.kind) {
    case "text":
      return "a sample".slice(0, field.max);
    case "number":
      return field.max - 1;
    case "switch":
      return true;
    case "choice":
      return field.choices.find((choice) => choice !== field.default)!;
  }
}

for (const [name, field] of FIELDS) {
  const key = snakeCase(name);
  const value = sampleOf(field);
  const standard = defaultOf(name, A);
  const server = completeServer({ url: A, [name]: value });

  Deno.test(`the server field ${key} is read from a file, exported, and kept in etcd`, () => {
    const [read] = parseConfig(`- url: ${A}\n  ${key}: ${JSON.stringify(value)}\n`).servers;
    assertEquals(completeServer(read!), server);
    const [exported] = parseConfig(writeConfig({ servers: [server], healthCheck: {} })).servers;
    assertEquals(completeServer(exported!), server);
    assertEquals(parseServer(A, serverValue(server)), server);
  });

  Deno.test(`the admin API adds, patches, replaces and returns the server field ${key}`, async () => {
    await using balancer = new LoadBalancer();
    const admin = new AdminCaller(balancer);
    async function call(method: string, path: string, body?: unknown): Promise<unknown> {
      const { status, json } = await admin.call(method, path, { body });
      assert(status < 300, JSON.stringify(json));
      return json[key];
    }
    const path = serverPath(A);
    assertEquals(await call("POST", "/add", { url: A, [key]: value }), value);
    assertEquals(await call("GET", path), value);
    assertEquals(await call("PATCH", path, { [key]: null }), standard);
    assertEquals(await call("PATCH", path, { [key]: value }), value);
    assertEquals(await call("PUT", path, {}), standard);
    assertEquals(await call("POST", "/update", { url: A, [key]: value }), value);
    assertEquals(balancer.servers()[0]![name], value);
  });
}

Deno.test("a server whose host and port are longer than a name can be exported and kept in etcd", () => {
  const url = `http://${`${"a".repeat(49)}.`.repeat(5)}abc:65535`;
  const server = completeServer({ url });
  assertEquals(server.name, new URL(url).host.slice(0, 255));
  const [exported] = parseConfig(writeConfig({ servers: [server], healthCheck: {} })).servers;
  assertEquals(completeServer(exported!), server);
  assertEquals(parseServer(url, serverValue(server)), server);
});

Deno.test("readServerFlags() reads the flag of each server field that has one", () => {
  for (const [name, field] of FIELDS) {
    const flag = snakeCase(name).replaceAll("_", "-");
    assertEquals(Object.hasOwn(UPDATE_FLAGS, flag), field.flag !== undefined);
    if (field.flag === undefined) continue;
    const syntax = { values: UPDATE_FLAGS, switches: {} };
    const args = readArgs([`--url=${A}`, `--${flag}=${sampleOf(field)}`], syntax);
    assertEquals(readServerFlags(args), { url: A, [snakeCase(name)]: sampleOf(field) });
  }
});
