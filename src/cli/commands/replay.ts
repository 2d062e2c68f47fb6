import { POLICY_NAMES } from "../../model/settings.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readConfig } from "../files/config_file.ts";
import { printJson, printLine } from "../output/print.ts";
import { replayText } from "../simulate/replay_text.ts";
import { readText } from "../simulate/workload_flags.ts";

const DEFAULT_LIMIT = 20;

/** `replay`: says which recorded decisions a policy would have made otherwise. */
export const replay: Command = {
  name: "replay",
  summary: "Tell which recorded decisions a policy would have made otherwise",
  example: "ballast replay decisions.json --policy random_two_choices",
  values: {
    policy: { value: "NAME", help: "the policy (default: as in --config, else as recorded)" },
    config: { value: "FILE", help: "a configuration whose weights count in place of those" },
    limit: { value: "N", help: `how many differences to tell (default ${DEFAULT_LIMIT})` },
    seed: { value: "N", help: "what chance follows from, where a policy draws (default 1)" },
  },
  switches: JSON_SWITCH,
  argument: "FILE",
  async run(args): Promise<void> {
    if (args.argument === undefined) {
      throw new UsageError('the FILE is missing, with what "ballast explain --json" has written');
    }
    const limit = args.wholeNumber("limit", 0, 1_000_000) ?? DEFAULT_LIMIT;
    const seed = args.wholeNumber("seed", 0, 2 ** 32 - 1) ?? 1;
    const configPath = args.text("config");
    const config = configPath === undefined ? undefined : await readConfig(configPath);
    const text = await readText(args.argument, "decisions");
    // Only here: nobody else needs any of it.
    const simulation = await import("../../simulate/replay.ts");
    const decisions = simulation.readDecisions(text, args.argument);
    const wanted = args.text("policy") ?? config?.policy ?? decisions[0]!.policy;
    const policy = POLICY_NAMES.find((name) => name === wanted);
    if (policy === undefined) {
      const known = POLICY_NAMES.join(", ");
      throw new UsageError(`--policy must be one of ${known}, not "${wanted}"`);
    }
    const result = simulation.replay(decisions, { policy, config, seed });
    if (args.has("json")) printJson(result);
    else printLine(replayText(result, limit));
  },
};
