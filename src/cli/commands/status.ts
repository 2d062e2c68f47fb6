import type { StatsJson } from "../../admin/stats.ts";
import { abortOnStop } from "../../runtime/signals.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { printJson, printLine } from "../output/print.ts";
import { renderStatus } from "../status/view.ts";
import { watchStatus } from "../status/watch.ts";

/** Time limit for a response, in milliseconds. */
const TIMEOUT_MS = 10_000;
const SHAPE = { version: "string", time: "string", total: "object", servers: "array" } as const;

/** `status`: shows the state of a running balancer and its servers. */
export const status = {
  name: "status",
  summary: "Show the live state of a running balancer and its servers",
  example: "ballast status --once",
  values: ADMIN_FLAGS,
  switches: {
    once: { help: "print once and exit; the default unless the output is a terminal" },
    ...JSON_SWITCH,
  },
  async run(args): Promise<void> {
    const client = adminClient(args);
    const read = (signal?: AbortSignal) => {
      const limit = AbortSignal.timeout(TIMEOUT_MS);
      return client.readJson<StatsJson>("/stats", SHAPE, {
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
    };
    if (args.has("json")) return printJson(await read());
    const isTerminal = Deno.stdout.isTerminal();
    const colors = isTerminal && !Deno.noColor;
    if (!args.has("once") && isTerminal) {
      return await watchStatus({ read, colors, signal: abortOnStop() });
    }
    const width = isTerminal ? Deno.consoleSize().columns : Infinity;
    const view = { width, height: Infinity, colors, history: [] };
    printLine(renderStatus(await read(), view).join("\n"));
  },
} satisfies Command;
