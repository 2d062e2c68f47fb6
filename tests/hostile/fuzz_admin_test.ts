import * as fc from "fast-check";
import { ADMIN_SESSIONS } from "./fuzz/admin_requests.ts";
import { playSession } from "./fuzz/admin_session.ts";
import { claimNetPermission } from "../testing/claimed_permission.ts";

const RUNS = 5000;

Deno.test({
  name: "the admin API does what a model of it does, whatever it is sent",
  // The health checks of the servers that are added go nowhere.
  permissions: { net: false },
  async fn() {
    using _ = claimNetPermission();
    await fc.assert(fc.asyncProperty(ADMIN_SESSIONS, playSession), { numRuns: RUNS });
  },
});
