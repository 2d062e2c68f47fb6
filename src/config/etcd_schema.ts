import { z } from "zod";
import { urlHostFault } from "../model/host.ts";
import { DAY, filePath, seconds, text, trueOrFalse } from "./fields.ts";

const ENDPOINT = "must be a URL such as http://10.0.0.1:2379, without a path or a user";

const ORIGIN = /^https?:\/\/[^\s/?#@\\]{1,255}\/?$/i;

const endpoint = text(ORIGIN, ENDPOINT).superRefine(
  (value, context) => {
    // The pattern has reported it.
    if (!ORIGIN.test(value)) return;
    const url = URL.parse(value);
    const fault = url === null ? undefined : urlHostFault(value, url.hostname);
    if (url !== null && fault === undefined) return;
    const message = fault === undefined ? ENDPOINT : `${fault}; it ${ENDPOINT}`;
    context.addIssue({ code: "custom", message });
  },
);

/** Default of `etcd.distrust`, in seconds. */
export const DEFAULT_DISTRUST = 30;
/** Seconds before a sudden loss of most servers is believed. */
export const distrustSchema: z.ZodNumber = seconds(0, DAY);

/** The etcd through which several balancers share their servers. */
export const etcdSchema = z.strictObject({
  endpoints: z.array(endpoint, { error: "must be a list of URLs such as http://10.0.0.1:2379" })
    .min(1, { error: "must have at least one URL" })
    .describe("Client URLs of the etcd members; a member that does not respond is skipped"),
  prefix: text(/^[!-~]{1,200}$/, "must be 1 to 200 ASCII characters without spaces").describe(
    "Prefix of every key; a different one for each cluster that uses the same etcd. " +
      "Default: /ballast/",
  ).optional(),
  name: text(/^[^\p{Cc}]{1,255}$/u, "must be text of 1 to 255 characters").describe(
    "Name that other balancers show for this one. Default: the host's name",
  ).optional(),
  shared_health: trueOrFalse().default(false).describe(
    "Whether each server is checked by a single balancer, which shares the result",
  ),
  user: text(/^[^\s:]{1,255}$/, "must be the name of a user of etcd").describe(
    "etcd user, if authentication is enabled. Default: none",
  ).optional(),
  password_file: filePath().describe("File with the user's password").optional(),
  ca_file: filePath().describe(
    "Certificate authorities of the members, in PEM form. Default: those that the runtime trusts",
  ).optional(),
  cert_file: filePath().describe(
    "Client certificate in PEM form, for members that require one. Default: none",
  ).optional(),
  key_file: filePath().describe("Its private key in PEM form").optional(),
  distrust: distrustSchema.default(DEFAULT_DISTRUST).describe(
    "Seconds to keep using servers that etcd has lost, if all or more than half of them disappeared " +
      "at once without being deleted through Ballast; 0 removes them at once",
  ),
  optional: trueOrFalse().default(false).describe(
    "Whether to start with the servers of this file if etcd is unreachable, and to join it later, " +
      "instead of waiting for it",
  ),
}, { error: "must be a mapping with at least the endpoints" }).superRefine((etcd, context) => {
  for (const [one, other] of [["user", "password_file"], ["cert_file", "key_file"]] as const) {
    for (const [there, missing] of [[one, other], [other, one]] as const) {
      if (etcd[there] === undefined || etcd[missing] !== undefined) continue;
      context.addIssue({ code: "custom", path: [there], message: `requires ${missing} as well` });
    }
  }
});
