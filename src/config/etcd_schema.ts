import { z } from "zod";
import { urlHostFault } from "../model/host.ts";
import { filePath, seconds, text, trueOrFalse } from "./fields.ts";

const ENDPOINT = "must be a URL such as http://10.0.0.1:2379, without a path or a user";

const ORIGIN = /^https?:\/\/[^\s/?#@\\]{1,255}\/?$/i;

const endpoint = text(ORIGIN, ENDPOINT).superRefine(
  (value, context) => {
    // What does not fit the pattern is told already.
    if (!ORIGIN.test(value)) return;
    const url = URL.parse(value);
    const fault = url === null ? undefined : urlHostFault(value, url.hostname);
    if (url !== null && fault === undefined) return;
    const message = fault === undefined ? ENDPOINT : `${fault}; it ${ENDPOINT}`;
    context.addIssue({ code: "custom", message });
  },
);

/** For how long a loss of servers is not believed where nobody says so, in seconds. */
export const DEFAULT_DISTRUST = 30;
/** For how long a loss of servers is not believed, in seconds. */
export const distrustSchema: z.ZodNumber = seconds(0, 86_400);

/** Through which etcd several balancers share their servers. */
export const etcdSchema = z.strictObject({
  endpoints: z.array(endpoint, { error: "must be a list of URLs such as http://10.0.0.1:2379" })
    .min(1, { error: "must have one URL at least" })
    .describe("The client URLs of its members; of those that answer, one is asked at a time"),
  prefix: text(/^[!-~]{1,200}$/, "must be 1 to 200 ASCII characters without spaces").describe(
    "What every key begins with: another one for each fleet that uses the same etcd. " +
      "Default: /ballast/",
  ).optional(),
  name: text(/^[^\p{Cc}]{1,255}$/u, "must be a text of 1 to 255 characters").describe(
    "How the other balancers call this one. Default: the host's name",
  ).optional(),
  shared_health: trueOrFalse().describe(
    "Whether each server is checked by one of the balancers only, which tells the others. Default: " +
      "false",
  ).optional(),
  user: text(/^[^\s:]{1,255}$/, "must be the name of a user of etcd").describe(
    "Who asks, where etcd has authentication on. Default: nobody",
  ).optional(),
  password_file: filePath().describe("A file with the user's password").optional(),
  ca_file: filePath().describe(
    "Certificates in PEM form of the authority that signs the members' certificates. Default: the " +
      "runtime's list",
  ).optional(),
  cert_file: filePath().describe(
    "A certificate in PEM form for members that ask for one. Default: none",
  ).optional(),
  key_file: filePath().describe("Its private key in PEM form").optional(),
  distrust: distrustSchema.describe(
    "Seconds for which etcd must have been without servers that no balancer has deleted, where all " +
      "or more than half of them are gone at once, before they are removed; 0 for at once. " +
      `Default: ${DEFAULT_DISTRUST}`,
  ).optional(),
  optional: trueOrFalse().describe(
    "Whether to start with the servers of this file while etcd is away, and join it when it is " +
      "back, instead of waiting for it. Default: false",
  ).optional(),
}, { error: "must be a mapping with at least the endpoints" }).superRefine((etcd, context) => {
  for (const [one, other] of [["user", "password_file"], ["cert_file", "key_file"]] as const) {
    for (const [there, missing] of [[one, other], [other, one]] as const) {
      if (etcd[there] === undefined || etcd[missing] !== undefined) continue;
      context.addIssue({ code: "custom", path: [there], message: `needs ${missing} beside it` });
    }
  }
});
