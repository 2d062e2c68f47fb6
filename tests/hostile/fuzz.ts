/**
 * The same properties as the tests beside this file, with far more runs: `deno task fuzz`. A failure
 * says its counterexample, the seed and the path; the seed can be given as the argument.
 */
import * as fc from "fast-check";
import { claimNetPermission } from "../testing/claimed_permission.ts";
import { ADMIN_SESSIONS } from "./fuzz/admin_requests.ts";
import { playSession } from "./fuzz/admin_session.ts";
import { CONFIG_TEXTS } from "./fuzz/config_texts.ts";
import { readConfigText } from "./fuzz/read_config_text.ts";
import { SERVER_SESSIONS } from "./fuzz/server_requests.ts";
import { playServerSession } from "./fuzz/server_session.ts";

const RUNS = 100_000;

const seed = Number(Deno.args[0] ?? crypto.getRandomValues(new Int32Array(1))[0]);

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

async function run(name: string, property: fc.IAsyncProperty<unknown>): Promise<void> {
  await print(`${name}: ${RUNS} runs with seed ${seed}`);
  const begin = performance.now();
  await fc.assert(property, { numRuns: RUNS, seed });
  await print(`${name}: held, in ${Math.round((performance.now() - begin) / 1000)} s`);
}

using _ = claimNetPermission();
let accepted = 0;
await run("admin sessions", fc.asyncProperty(ADMIN_SESSIONS, playSession));
await run("server sessions", fc.asyncProperty(SERVER_SESSIONS, playServerSession));
await run(
  "configurations",
  fc.asyncProperty(CONFIG_TEXTS, async (text) => {
    if (await readConfigText(text)) accepted++;
  }),
);
await print(`configurations: ${accepted} of them were accepted`);
