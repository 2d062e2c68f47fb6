import * as fc from "fast-check";
import { SERVER_SESSIONS } from "./fuzz/server_requests.ts";
import { playServerSession } from "./fuzz/server_session.ts";
import { claimNetPermission } from "../testing/claimed_permission.ts";

const RUNS = 1000;

Deno.test({
  name: "the resources of servers do what a model of them does, whatever they are sent",
  // The health checks of the servers that are added go nowhere.
  permissions: { net: false },
  async fn() {
    using _ = claimNetPermission();
    await fc.assert(fc.asyncProperty(SERVER_SESSIONS, playServerSession), { numRuns: RUNS });
  },
});
