import { POLICY_NAMES } from "../../model/settings.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readConfig } from "../files/config_file.ts";
import { readTextFile } from "../files/text_file.ts";
import { printJson, printLine } from "../output/print.ts";
import { replayText } from "../simulate/replay_text.ts";

const DEFAULT_LIMIT = 20;

/** `replay`: replays recorded decisions with another policy or other weights. */
export const replay = {
  name: "replay",
  summary: "Replay recorded decisions with another policy or other weights",
  example: "ballast replay decisions.json --policy random_two_choices",
  values: {
    policy: {
      value: "NAME",
      help: "policy to replay with (default: that of --config, else the recorded one)",
    },
    config: { value: "FILE", help: "configuration file whose weights replace the recorded ones" },
    limit: { value: "N", help: `print at most N differences (default ${DEFAULT_LIMIT})` },
    seed: { value: "N", help: "random seed for policies that use randomness (default 1)" },
  },
  switches: JSON_SWITCH,
  argument: "FILE",
  async run(args): Promise<void> {
    if (args.argument === undefined) {
      throw new UsageError('missing FILE, the output of "ballast explain --json"');
    }
    const limit = args.wholeNumber("limit", 0, 1_000_000) ?? DEFAULT_LIMIT;
    const seed = args.wholeNumber("seed", 0, 2 ** 32 - 1) ?? 1;
    const configPath = args.text("config");
    const config = configPath === undefined ? undefined : await readConfig(configPath);
    const text = await readTextFile(args.argument, "the decisions");
    // Loaded here because no other command needs it.
    const simulation = await import("../../simulate/replay.ts");
    const decisions = simulation.readDecisions(text, args.argument);
    const name = args.text("policy") ?? config?.policy ?? decisions[0]!.policy;
    const policy = POLICY_NAMES.find((known) => known === name);
    if (policy === undefined) {
      throw new UsageError(`--policy must be one of ${POLICY_NAMES.join(", ")}, not "${name}"`);
    }
    const result = simulation.replay(decisions, { policy, config, seed });
    if (args.has("json")) printJson(result);
    else printLine(replayText(result, limit));
  },
} satisfies Command;
