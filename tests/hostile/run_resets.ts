// deno-lint-ignore-file no-console
import type { StatsJson } from "../../src/admin/stats.ts";
import { pace, until } from "../chaos/pace.ts";
import { RunningBalancer } from "../testing/program.ts";
import { readNumberFlags } from "../testing/script_flags.ts";
import { DeafServer } from "./deaf_server.ts";
import { HonestClients } from "./honest_clients.ts";
import { floodResets } from "./reset_flood.ts";

/** How soon after a flood nothing of it may be left, in milliseconds. */
const OVER_MS = 1_000;
/** How much of the memory from before the flood there may be at most after it. */
const MEMORY_MAX = 1.2;
/** How long memory may take to get there, in milliseconds: garbage is collected when it is. */
const MEMORY_MS = 60_000;
/** How long the honest clients are alone at first, in milliseconds. */
const ALONE_MS = 5_000;
/** How long the flood is before memory is looked at: what a process once took, it keeps. In seconds. */
const WARM_UP_S = 10;

/**
 * Streams that are reset, beside honest clients, none of whose requests may fail:
 * `deno task resets [--seconds N] [--resets N] [--clients N]`. Half as many again are resets that
 * the balancer's own server is made to send.
 */
if (import.meta.main) {
  const { seconds, resets, clients } = readNumberFlags({
    seconds: 60,
    resets: 10_000,
    clients: 50,
  });
  await using server = new DeafServer();
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    file,
    `servers:\n  - url: ${server.url}\n    max_connections: 100\n    health_check_period: 0\n`,
  );
  await using balancer = await RunningBalancer.start(`--config=${file}`, "--workers=1");
  const failures: string[] = [];
  {
    await using honest = new HonestClients(`${balancer.url}/honest`, clients);
    await pace(ALONE_MS);
    const alone = await memoryOf(balancer);
    await floodResets({ url: balancer.url, by: "client", resets, seconds: WARM_UP_S });
    await pace(ALONE_MS);
    const before = await memoryOf(balancer);
    for (const by of ["client", "server"] as const) {
      const flood = by === "client"
        ? { resets, seconds }
        : { resets: resets / 2, seconds: seconds / 2 };
      const { streams, connections } = await floodResets({ url: balancer.url, by, ...flood });
      const over = await until(() => server.waiting === 0, OVER_MS);
      const { active, waiting } = (await statsOf(balancer)).total;
      console.log(`${streams} streams on ${connections} connections were reset by the ${by}`);
      console.log(
        `  ${server.waiting} wait at the server, ${active} active, ${waiting} in the queue`,
      );
      if (!over) failures.push(`after ${OVER_MS} ms, ${server.waiting} streams wait at the server`);
    }
    let after = await memoryOf(balancer);
    await until(async () => (after = await memoryOf(balancer)) <= before * MEMORY_MAX, MEMORY_MS);
    const told = [alone, before, after].map((bytes) => `${(bytes / 1_048_576).toFixed(0)} MiB`);
    console.log(
      `memory: ${told[0]} alone, ${told[1]} after the first flood, ${told[2]} at the end`,
    );
    if (after > before * MEMORY_MAX) failures.push("memory has grown by more than 20 %");
    console.log(`honest clients: ${honest.answered} answered, ${honest.failures.length} failed`);
    failures.push(...honest.failures);
  }
  const idle = await until(async () => (await statsOf(balancer)).total.active === 0, OVER_MS);
  if (!idle) failures.push("requests are active though every client has gone");
  await Deno.remove(file);
  for (const failure of failures.slice(0, 20)) console.log(`- ${failure}`);
  // Not with Deno.exit, which would leave the balancer behind.
  Deno.exitCode = failures.length === 0 ? 0 : 1;
}

async function statsOf({ apiPort }: RunningBalancer): Promise<StatsJson> {
  return await (await fetch(`http://127.0.0.1:${apiPort}/stats`)).json();
}

/** The memory of the process, in bytes. */
async function memoryOf({ apiPort }: RunningBalancer): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${apiPort}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (.+)$/m.exec(text)![1]);
}
