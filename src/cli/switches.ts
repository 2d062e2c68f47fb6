import type { SwitchFlag } from "./args.ts";

/** The switch by which a command writes JSON instead of text. */
export const JSON_SWITCH: Readonly<Record<"json", SwitchFlag>> = {
  json: { help: "write JSON, for programs" },
};
