import type { StatsJson } from "../../admin/stats.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printJson, printLine } from "../output/print.ts";
import { waitForStop } from "../signals.ts";
import { renderStatus } from "../status/view.ts";
import { watchStatus } from "../status/watch.ts";

/** How long the balancer may take to answer, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** `status`: shows how a running balancer is doing. */
export const status: Command = {
  name: "status",
  summary: "Show how a running balancer and its servers are doing, every second",
  example: "ballast status --once",
  values: ADMIN_FLAGS,
  switches: {
    once: { help: "show it once, and no more; also where the output is not a terminal" },
    ...JSON_SWITCH,
  },
  async run(args): Promise<void> {
    const client = new AdminClient(args);
    const read = (signal: AbortSignal) =>
      client.readJson("/stats", areStats, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      }) as Promise<StatsJson>;
    const stop = new AbortController();
    const isTerminal = Deno.stdout.isTerminal();
    const colors = isTerminal && !Deno.noColor;
    if (args.has("json")) return printJson(await read(stop.signal));
    if (args.has("once") || !isTerminal) {
      const width = isTerminal ? Deno.consoleSize().columns : Infinity;
      const view = { width, height: Infinity, colors, history: [] };
      return printLine(renderStatus(await read(stop.signal), view).join("\n"));
    }
    waitForStop().then(() => stop.abort());
    await watchStatus({ read, colors, signal: stop.signal });
  },
};

/** Whether this is what Ballast answers. */
function areStats(answer: unknown): boolean {
  const stats = answer as Partial<StatsJson> | null;
  return typeof stats?.version === "string" && typeof stats.time === "string" &&
    typeof stats.total?.requests === "number" && Array.isArray(stats.servers);
}
