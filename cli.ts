/**
 * The command line program: runs a balancer, and changes one that runs. It needs net and read
 * permission and nothing else; `permissions --config FILE` prints the narrowest that will do.
 *
 * @example Run it, and add a server meanwhile
 * ```sh
 * deno run --allow-net --allow-read jsr:@ballast/lb/cli listen --config servers.yaml --port 8080
 * deno run --allow-net --allow-read jsr:@ballast/lb/cli add-server --url http://127.0.0.1:3004
 * ```
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
