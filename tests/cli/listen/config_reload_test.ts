import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../../mod.ts";
import { ConfigReload } from "../../../src/cli/listen/config_reload.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";
import { makeTemporaryFile } from "../../testing/temporary_file.ts";

const SERVERS = "- url: http://127.0.0.1:3001\n  health_check_period: 0\n";

Deno.test("ConfigReload.reloadIfDifferent() refuses a file once, however often its folder changes", async () => {
  await using log = await LogWatcher.start();
  await using file = await makeTemporaryFile("servers: [");
  await using balancer = new LoadBalancer();
  const said: string[] = [];
  const config = { servers: [], healthCheck: {} };
  const follow = new ConfigReload(
    { path: file.path, text: "servers: []", config },
    { balancer, say: (text) => void said.push(text) },
  );
  for (let change = 0; change < 3; change++) await follow.reloadIfDifferent();
  assertEquals(refusals(log), 1);
  await follow.reload();
  assertEquals(refusals(log), 2, "one that is asked for says so again");

  const aside = `${file.path}.aside`;
  await Deno.rename(file.path, aside);
  for (let change = 0; change < 3; change++) await follow.reloadIfDifferent();
  assertEquals(refusals(log), 3);
  await Deno.rename(aside, file.path);
  await follow.reloadIfDifferent();
  assertEquals(refusals(log), 3);

  await Deno.writeTextFile(file.path, SERVERS);
  for (let change = 0; change < 3; change++) await follow.reloadIfDifferent();
  assertEquals(said, ["Added http://127.0.0.1:3001", `Reloaded ${file.path}: 1 added`]);
});

function refusals(log: LogWatcher): number {
  return log.lines.filter((line) => line.includes("The running configuration is unchanged")).length;
}
