import { assertEquals, assertRejects } from "@std/assert";
import { DnsFailure } from "../../src/discovery/dns_resolver.ts";
import { systemResolver } from "../../src/discovery/system_resolver.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

Deno.test("systemResolver() reads the file each time", async () => {
  await using file = await makeTemporaryFile("nameserver 10.0.0.1\n");
  const addresses = async () =>
    (await systemResolver(file.path)).servers.map((each) => each.address);
  assertEquals(await addresses(), ["10.0.0.1"]);
  await Deno.writeTextFile(file.path, "nameserver 10.0.0.2\n");
  assertEquals(await addresses(), ["10.0.0.2"]);
});

Deno.test("systemResolver() says what to do where the file is of no use", async () => {
  await using file = await makeTemporaryFile("search a.test\n");
  const remedy = ": name the name server in dns: { server: … }";
  const none = `${file.path} names no name server${remedy}`;
  await assertRejects(() => systemResolver(file.path), DnsFailure, none);
  const missing = `${file.path}.no cannot be read (`;
  await assertRejects(() => systemResolver(`${file.path}.no`), DnsFailure, missing);
});
