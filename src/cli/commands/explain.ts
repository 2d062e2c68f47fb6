import type { DecisionJson } from "../../admin/decisions.ts";
import { canonicalServerUrl } from "../../model/server.ts";
import { DECISIONS_MAX } from "../../model/settings.ts";
import { ADMIN_FLAGS, AdminClient } from "../admin/client.ts";
import { DecisionFollower, fetchDecisions } from "../admin/decision_follower.ts";
import type { Args, Command, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import { decisionText } from "../output/decision_text.ts";
import { printJson, printLine, writeOut } from "../output/print.ts";
import { onHangup, waitForStop } from "../signals.ts";

const DEFAULT_LIMIT = 10;

/** The flags that say which decisions are wanted. */
const FILTER_FLAGS: Readonly<Record<"server" | "path", ValueFlag>> = {
  server: { value: "URL|NAME", help: "only requests that went to this server" },
  path: { value: "PREFIX", help: "only requests whose path begins like this, for example /api" },
};

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
  const json = args.has("json");
  let count = 0;
  await new DecisionFollower(client).follow(stop, async (decision) => {
    if (!fits(decision)) return true;
    const text = json ? JSON.stringify(decision) : `${decisionText(decision)}\n`;
    return await writeOut(`${text}\n`) && ++count < limit;
  });
}

/**
 * What tells which decisions a command line wants.
 *
 * @param args The command line, with {@linkcode FILTER_FLAGS}.
 * @throws {UsageError} If a path is given that no request can have.
 */
function readFilter(args: Args): (decision: DecisionJson) => boolean {
  const server = args.text("server");
  const path = args.text("path");
  if (path !== undefined && !path.startsWith("/")) {
    throw new UsageError(`--path must begin with a slash, not "${path}"`);
  }
  const url = server === undefined ? undefined : canonical(server);
  return ({ request, chosen, candidates }) => {
    if (path !== undefined && !request.path.startsWith(path)) return false;
    if (server === undefined || chosen !== null && chosen === url) return true;
    return candidates.some((candidate) => candidate.url === chosen && candidate.name === server);
  };
}

/** The URL in the form that is a server's key; undefined for a name. */
function canonical(text: string): string | undefined {
  try {
    return canonicalServerUrl(text);
  } catch {
    return undefined;
  }
}
