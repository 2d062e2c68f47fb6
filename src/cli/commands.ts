import type { Command } from "./command_line.ts";
import {
  addServer,
  deleteServer,
  drainServer,
  enableServer,
  updateServer,
} from "./commands/change_servers.ts";
import { acceptServers, listBalancers } from "./commands/cluster.ts";
import { completions } from "./commands/completions.ts";
import { checkConfig, exportConfig } from "./commands/config.ts";
import { events } from "./commands/events.ts";
import { explain } from "./commands/explain.ts";
import { listServers } from "./commands/list_servers.ts";
import { listen } from "./commands/listen.ts";
import { permissions } from "./commands/permissions.ts";
import { replay } from "./commands/replay.ts";
import { simulate } from "./commands/simulate.ts";
import { status } from "./commands/status.ts";

const COMMANDS_WITH_FLAGS = [
  listen,
  addServer,
  deleteServer,
  updateServer,
  drainServer,
  enableServer,
  listServers,
  listBalancers,
  acceptServers,
  status,
  events,
  explain,
  exportConfig,
  checkConfig,
  permissions,
  simulate,
  replay,
] as const;

/** The commands of the program, in the order of the help. */
export const COMMANDS: readonly Command[] = [...COMMANDS_WITH_FLAGS, completions(() => COMMANDS)];

type NamesOf<Flags> = Flags extends unknown ? keyof Flags & string : never;
type AnyCommand = typeof COMMANDS_WITH_FLAGS[number];
// The types of parseArgs want names that are known to the compiler, hence these two.
type ValueName = NamesOf<AnyCommand["values"]>;
type SwitchName = NamesOf<AnyCommand["switches"]>;

/** The flags with a value that any command takes, without the dashes. */
export const VALUE_NAMES: readonly ValueName[] = COMMANDS
  .flatMap(({ values }) => Object.keys(values)) as ValueName[];

/** The flags without a value that any command takes, without the dashes. */
export const SWITCH_NAMES: readonly SwitchName[] = COMMANDS
  .flatMap(({ switches }) => Object.keys(switches)) as SwitchName[];
