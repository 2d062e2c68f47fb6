import type { EtcdSettings } from "../../config/config.ts";
import { distrustSchema } from "../../config/etcd_schema.ts";
import { rangeOf } from "../../config/fields.ts";
import { urlHostFault } from "../../model/host.ts";
import type { Args, SwitchFlag, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";

/** The flags of the connection to etcd. */
export const ETCD_FLAGS = {
  "etcd": {
    value: "URL[,URL...]",
    help: "share servers with other balancers through the etcd at these client URLs",
  },
  "etcd-prefix": { value: "PREFIX", help: "key prefix (default /ballast/)" },
  "etcd-name": {
    value: "NAME",
    help: "name of this balancer in the cluster (default the host name)",
  },
  "etcd-user": { value: "NAME", help: "etcd user, if authentication is enabled" },
  "etcd-password-file": { value: "FILE", help: "file with the user's password" },
  "etcd-ca-file": { value: "FILE", help: "CA certificate of etcd (PEM)" },
  "etcd-cert-file": { value: "FILE", help: "client certificate for etcd (PEM)" },
  "etcd-key-file": { value: "FILE", help: "private key of the client certificate (PEM)" },
  "etcd-distrust": {
    value: "SECONDS",
    help: "how long to wait before acting on the loss of most servers in etcd (default 30)",
  },
} satisfies Readonly<Record<string, ValueFlag>>;

/** The flags of the cluster: starting without etcd, and shared health checks. */
export const ETCD_SWITCHES: Readonly<Record<"etcd-optional" | "shared-health", SwitchFlag>> = {
  "etcd-optional": {
    help: "start with the servers from --config if etcd is unreachable, instead of waiting for it",
  },
  "shared-health": {
    help: "check each server from one balancer only and share the result",
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

/** Flags that need each other. */
const PAIRS = [["etcd-user", "etcd-password-file"], ["etcd-cert-file", "etcd-key-file"]] as const;

/**
 * Reads the connection to etcd from the flags, else from the configuration.
 *
 * @returns The settings; undefined if servers are not shared.
 * @throws {UsageError} If the flags are invalid or incomplete.
 */
export function readEtcdFlags(
  args: Args,
  configured: EtcdSettings | undefined,
): EtcdSettings | undefined {
  const endpoints = args.text("etcd")?.split(",").map(readEndpoint);
  const overrides: Record<string, unknown> = {};
  for (const [flag, name] of Object.entries(TEXTS)) {
    const text = args.text(flag);
    if (text !== undefined) overrides[name] = text;
  }
  const distrust = args.number("etcd-distrust", ...rangeOf(distrustSchema));
  if (distrust !== undefined) overrides["distrust"] = distrust;
  if (args.has("etcd-optional")) overrides["optional"] = true;
  if (args.has("shared-health")) overrides["sharedHealth"] = true;
  if (endpoints === undefined && configured === undefined) {
    const names = [...Object.keys(TEXTS), "etcd-distrust", ...Object.keys(ETCD_SWITCHES)];
    const [flag] = names.filter((name) => args.has(name));
    if (flag === undefined) return undefined;
    throw new UsageError(`--${flag} needs --etcd, the URLs of etcd`);
  }
  const settings: EtcdSettings = {
    ...configured,
    endpoints: endpoints ?? configured?.endpoints ?? [],
    ...overrides,
  };
  for (const [one, other] of PAIRS) {
    const isGiven = [one, other].map((flag) => settings[TEXTS[flag]] !== undefined);
    if (isGiven[0] === isGiven[1]) continue;
    const [given, missing] = isGiven[0] ? [one, other] : [other, one];
    throw new UsageError(`--${given} needs --${missing}`);
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
