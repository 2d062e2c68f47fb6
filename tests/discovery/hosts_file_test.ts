import { assertEquals } from "@std/assert";
import { HostsFile, parseHosts } from "../../src/discovery/hosts_file.ts";
import { makeDnsClient } from "../../src/discovery/make_dns_client.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

Deno.test("parseHosts() reads what systems write, and skips the rest", () => {
  const text = `# 10.0.0.9 comment
127.0.0.1 localhost
127.0.1.1\tmy-host.test my-host  # the machine
::1 localhost ip6-localhost
0:0:0:0:0:0:0:1 LOCALHOST.
fe80::1%lo0 localhost
0.0.0.0 blocked.test
::  blocked.test
10.0.0.1
no-address here
10.0.0.1 API.test\r
10.0.0.2 api.test other.test
`;
  assertEquals([...parseHosts(text)], [
    ["localhost", ["127.0.0.1", "::1"]],
    ["my-host.test", ["127.0.1.1"]],
    ["my-host", ["127.0.1.1"]],
    ["ip6-localhost", ["::1"]],
    ["api.test", ["10.0.0.1", "10.0.0.2"]],
    ["other.test", ["10.0.0.2"]],
  ]);
});

Deno.test("HostsFile.find() reads the file again when it has changed, and does without", async () => {
  await using file = await makeTemporaryFile("10.0.0.1 api.test\n");
  const hosts = new HostsFile(file.path);
  assertEquals(await hosts.find("API.test."), ["10.0.0.1"]);
  assertEquals(await hosts.find("other.test"), []);
  await Deno.writeTextFile(file.path, "10.0.0.1 api.test\n10.0.0.22 api.test\n");
  assertEquals(await hosts.find("api.test"), ["10.0.0.1", "10.0.0.22"]);
  // Editors and Kubernetes put another file in its place.
  await Deno.writeTextFile(`${file.path}.new`, "10.0.0.3 api.test\n10.0.0.44 api.test\n");
  await Deno.rename(`${file.path}.new`, file.path);
  assertEquals(await hosts.find("api.test"), ["10.0.0.3", "10.0.0.44"]);
  await Deno.rename(file.path, `${file.path}.gone`);
  assertEquals(await hosts.find("api.test"), []);
  await Deno.rename(`${file.path}.gone`, file.path);
  assertEquals(await hosts.find("api.test"), ["10.0.0.3", "10.0.0.44"]);
});

Deno.test({
  name: "HostsFile.find() does without where the file is not permitted, and says so once",
  permissions: { read: false },
  async fn() {
    await using log = await LogWatcher.start();
    const hosts = new HostsFile();
    assertEquals([await hosts.find("localhost"), await hosts.find("localhost")], [[], []]);
    const lines = log.lines.filter((line) =>
      line.includes("Cannot read /etc/hosts, using DNS only")
    );
    assertEquals(lines.length, 1);
  },
});

Deno.test("makeDnsClient() has no hosts file where names are looked up at a server of its own", async () => {
  const own = makeDnsClient({ server: "127.0.0.1:53" }, new FakeClock());
  assertEquals(await own.hosts("localhost"), []);
  const found = await makeDnsClient({}, new FakeClock()).hosts("localhost");
  assertEquals(found.includes("127.0.0.1"), true);
});
