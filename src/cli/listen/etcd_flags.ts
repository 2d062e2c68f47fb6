import type { EtcdSettings } from "../../config/config.ts";
import { distrustSchema } from "../../config/etcd_schema.ts";
import { rangeOf } from "../../config/fields.ts";
import { urlHostFault } from "../../model/host.ts";
import type { Args, SwitchFlag, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";

/** The flags that say through which etcd the servers are shared. */
export const ETCD_FLAGS: Readonly<Record<string, ValueFlag>> = {
  "etcd": {
    value: "URL[,URL...]",
    help: "share the servers with other balancers through etcd, at these client URLs",
  },
  "etcd-prefix": { value: "PREFIX", help: "what its keys begin with (default /ballast/)" },
  "etcd-name": {
    value: "NAME",
    help: "how the other balancers call this one (default the host's name)",
  },
  "etcd-user": { value: "NAME", help: "the user of etcd, where it has authentication on" },
  "etcd-password-file": { value: "FILE", help: "a file with the user's password" },
  "etcd-ca-file": { value: "FILE", help: "the authority that signs etcd's certificates (PEM)" },
  "etcd-cert-file": { value: "FILE", help: "a certificate for etcd, if it asks for one (PEM)" },
  "etcd-key-file": { value: "FILE", help: "the private key of that (PEM)" },
  "etcd-distrust": {
    value: "SECONDS",
    help: "how long a loss of most servers in etcd is not believed (default 30)",
  },
};

/** The flags that say whether the balancer waits for etcd, and who checks the servers. */
export const ETCD_SWITCHES: Readonly<Record<"etcd-optional" | "shared-health", SwitchFlag>> = {
  "etcd-optional": {
    help: "start with the servers of --config while etcd is away, instead of waiting for it",
  },
  "shared-health": {
    help: "check each server from one of the balancers only, which tells the others",
  },
};

const TEXTS = {
  "etcd-prefix": "prefix",
  "etcd-name": "name",
  "etcd-user": "user",
  "etcd-password-file": "passwordFile",
  "etcd-ca-file": "caFile",
  "etcd-cert-file": "certFile",
  "etcd-key-file": "keyFile",
} as const satisfies Readonly<Record<string, keyof EtcdSettings>>;

/** What cannot be without the other. */
const PAIRS = [["etcd-user", "etcd-password-file"], ["etcd-cert-file", "etcd-key-file"]] as const;

/**
 * Through which etcd the servers are shared: what the flags say, else the configuration.
 *
 * @param args The command line.
 * @param configured What the configuration says.
 * @returns Undefined where they are not shared.
 * @throws {UsageError} If the flags make no sense.
 */
export function readEtcdFlags(
  args: Args,
  configured: EtcdSettings | undefined,
): EtcdSettings | undefined {
  const endpoints = args.text("etcd")?.split(",").map(readEndpoint);
  const given: Record<string, unknown> = {};
  for (const [flag, name] of Object.entries(TEXTS)) {
    const text = args.text(flag);
    if (text !== undefined) given[name] = text;
  }
  const distrust = args.number("etcd-distrust", ...rangeOf(distrustSchema));
  if (distrust !== undefined) given["distrust"] = distrust;
  if (args.has("etcd-optional")) given["optional"] = true;
  if (args.has("shared-health")) given["sharedHealth"] = true;
  if (endpoints === undefined && configured === undefined) {
    const names = [...Object.keys(TEXTS), "etcd-distrust", ...Object.keys(ETCD_SWITCHES)];
    const [flag] = names.filter((name) => isGiven(args, name));
    if (flag === undefined) return undefined;
    throw new UsageError(`--${flag} needs --etcd, the URLs of etcd`);
  }
  const settings: EtcdSettings = {
    ...configured,
    endpoints: endpoints ?? configured?.endpoints ?? [],
    ...given,
  };
  for (const [one, other] of PAIRS) {
    const isThere = [one, other].map((flag) => settings[TEXTS[flag]] !== undefined);
    if (isThere[0] === isThere[1]) continue;
    const [there, missing] = isThere[0] ? [one, other] : [other, one];
    throw new UsageError(`--${there} needs --${missing}`);
  }
  return settings;
}

function readEndpoint(text: string): string {
  const url = text.trim();
  const parsed = /^https?:\/\//i.test(url) ? URL.parse(url) : null;
  const fault = parsed === null ? undefined : urlHostFault(url, parsed.hostname);
  if (parsed !== null && fault === undefined) return url;
  throw new UsageError(
    "--etcd must be the URLs of etcd, such as http://10.0.0.1:2379,http://10.0.0.2:2379, not " +
      `"${url}"${fault === undefined ? "" : `, which ${fault}`}`,
  );
}

function isGiven(args: Args, flag: string): boolean {
  return args.text(flag) !== undefined || args.has(flag);
}
