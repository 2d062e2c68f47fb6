import type { AdminClient } from "../../admin/client/admin_client.ts";
import { DecisionFollower, fetchDecisions } from "../../admin/client/decision_follower.ts";
import type { DecisionJson } from "../../admin/decisions.ts";
import { canonicalServerUrl } from "../../model/server.ts";
import { DECISIONS_MAX } from "../../model/settings.ts";
import { abortOnStop, listenTo } from "../../runtime/signals.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import type { Args, Command } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import { decisionText } from "../output/decision_text.ts";
import { printError, printJson, printLine, writeOut } from "../output/print.ts";

const DEFAULT_LIMIT = 10;

/** `explain`: explains why requests went to the servers they went to. */
export const explain = {
  name: "explain",
  summary: "Explain recent routing decisions",
  example: "ballast explain --follow --path /api",
  values: {
    server: { value: "URL|NAME", help: "only requests that went to this server" },
    path: { value: "PREFIX", help: "only requests whose path begins with this, for example /api" },
    limit: {
      value: "N",
      help: `print at most N decisions (default ${DEFAULT_LIMIT}, no limit with --follow)`,
    },
    ...ADMIN_FLAGS,
  },
  switches: {
    follow: {
      help: "print decisions as they are made, until Ctrl-C; turns on recording if it is off",
    },
    json: { help: "print JSON; with --follow, one line per decision" },
  },
  async run(args): Promise<void> {
    const limit = args.wholeNumber("limit", 1, DECISIONS_MAX);
    const matches = readFilter(args);
    const client = adminClient(args);
    if (args.has("follow")) await follow(client, args, { matches, limit: limit ?? Infinity });
    else await printLatest(client, args, { matches, limit: limit ?? DEFAULT_LIMIT });
  },
} satisfies Command;

/** The decisions that a command line asks for. */
interface Selection {
  readonly matches: (decision: DecisionJson) => boolean;
  readonly limit: number;
}

async function printLatest(
  client: AdminClient,
  args: Args,
  { matches, limit }: Selection,
): Promise<void> {
  const { keep, decisions } = await fetchDecisions(client, `?limit=${DECISIONS_MAX}`);
  if (keep === 0) {
    throw new CommandError(
      'No decisions are recorded. Watch them live with "ballast explain --follow", ' +
        'or keep the latest with "ballast listen --decisions 100".',
    );
  }
  const selected = decisions.filter(matches).slice(-limit);
  if (args.has("json")) return printJson(selected);
  if (selected.length > 0) return printLine(selected.map(decisionText).join("\n\n"));
  printLine(
    decisions.length === 0
      ? "No requests since recording began."
      : `None of the latest ${decisions.length} decisions matches.`,
  );
}

async function follow(
  client: AdminClient,
  args: Args,
  { matches, limit }: Selection,
): Promise<void> {
  // If the terminal is closed, recording has to be turned off again all the same.
  const hangup = new AbortController();
  using _ = listenTo("SIGHUP", () => hangup.abort());
  const stop = AbortSignal.any([abortOnStop(), hangup.signal]);
  const json = args.has("json");
  let printed = 0;
  await new DecisionFollower(client, printError).follow(stop, async (decision) => {
    if (!matches(decision)) return true;
    const text = json ? JSON.stringify(decision) : `${decisionText(decision)}\n`;
    return await writeOut(`${text}\n`) && ++printed < limit;
  });
}

function readFilter(args: Args): (decision: DecisionJson) => boolean {
  const server = args.text("server");
  const path = args.text("path");
  if (path !== undefined && !path.startsWith("/")) {
    throw new UsageError(`--path must begin with a slash, not "${path}"`);
  }
  const url = server === undefined ? undefined : canonicalUrl(server);
  return ({ request, chosen, candidates }) => {
    if (path !== undefined && !request.path.startsWith(path)) return false;
    if (server === undefined || chosen !== null && chosen === url) return true;
    return candidates.some((candidate) => candidate.url === chosen && candidate.name === server);
  };
}

/** The canonical form of a server URL; undefined for a name. */
function canonicalUrl(text: string): string | undefined {
  try {
    return canonicalServerUrl(text);
  } catch {
    return undefined;
  }
}
