/**
 * The command line program: `deno run --allow-net --allow-read jsr:@ballast/lb/cli --help`.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
