import { DECISIONS_MAX } from "../../../mod.ts";
import type { DecisionJson } from "../../admin/decisions.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin_client.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { DecisionFollower, fetchDecisions } from "../decision_follower.ts";
import { FILTER_FLAGS, readFilter } from "../decision_filter.ts";
import { decisionText } from "../decision_text.ts";
import { CommandError } from "../errors.ts";
import { onHangup } from "../hangup_signal.ts";
import { printJson, printLine } from "../output.ts";
import { PipeOutput } from "../pipe_output.ts";
import { waitForStop } from "../stop_signal.ts";

const DEFAULT_LIMIT = 10;

/** `explain`: tells why requests went where they went. */
export const explain: Command = {
  name: "explain",
  summary: "Tell why the latest requests went to the servers they went to",
  example: "ballast explain --follow --path /api",
  values: {
    ...FILTER_FLAGS,
    limit: {
      value: "N",
      help: `how many decisions to tell (default ${DEFAULT_LIMIT}; with --follow without end)`,
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    follow: {
      help: "tell of each decision from now on, until Ctrl-C; records them if nothing did",
    },
    json: { help: "write JSON, for programs; with --follow a line for each decision" },
  },
  async run(args): Promise<void> {
    const limit = args.wholeNumber("limit", 1, DECISIONS_MAX);
    const fits = readFilter(args);
    const client = new AdminClient(args);
    if (args.has("follow")) await follow(client, args, { fits, limit: limit ?? Infinity });
    else await tell(client, args, { fits, limit: limit ?? DEFAULT_LIMIT });
  },
};

/** Which decisions are wanted. */
interface Wanted {
  readonly fits: (decision: DecisionJson) => boolean;
  readonly limit: number;
}

async function tell(client: AdminClient, args: Args, { fits, limit }: Wanted): Promise<void> {
  const { keep, decisions } = await fetchDecisions(client, `?limit=${DECISIONS_MAX}`);
  if (keep === 0) {
    throw new CommandError(
      'No decisions are recorded. Follow them as they are made: "ballast explain --follow". ' +
        'Or have the latest kept: "ballast listen --decisions 100".',
    );
  }
  const wanted = decisions.filter(fits).slice(-limit);
  if (args.has("json")) return printJson(wanted);
  if (wanted.length > 0) return printLine(wanted.map(decisionText).join("\n\n"));
  printLine(
    decisions.length === 0
      ? "No request has come since decisions are recorded."
      : `None of the latest ${decisions.length} decisions is one of these.`,
  );
}

async function follow(client: AdminClient, args: Args, { fits, limit }: Wanted): Promise<void> {
  const { promise: stop, resolve } = Promise.withResolvers<void>();
  waitForStop().then(() => resolve());
  // The terminal may be closed; what was turned on for it is to be turned off all the same.
  using _ = onHangup([() => Promise.resolve(resolve())]);
  const output = new PipeOutput();
  const json = args.has("json");
  let count = 0;
  await new DecisionFollower(client).follow(stop, async (decision) => {
    if (!fits(decision)) return true;
    const text = json ? JSON.stringify(decision) : `${decisionText(decision)}\n`;
    return await output.writeLine(text) && ++count < limit;
  });
}
