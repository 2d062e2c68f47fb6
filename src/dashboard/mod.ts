/**
 * The dashboard: a web page, served at `/` of the admin API, that shows and controls a balancer. It
 * is a separate export because it imports its files as text, which not every runtime supports; the
 * package for Node and Bun has them built in.
 *
 * @example Serve the admin API with the dashboard
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 * import { createDashboard } from "@ballast/lb/dashboard";
 *
 * await using balancer = new LoadBalancer({ servers: [{ url: "http://127.0.0.1:3001" }] });
 * const admin = createAdmin(balancer, { dashboard: createDashboard() });
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0 }, admin.fetch); // 0 takes a free port
 * console.log(`http://127.0.0.1:${server.addr.port}/`);
 *
 * admin.close();
 * await server.shutdown();
 * ```
 *
 * @module
 */

import "../runtime/runtime_version.ts";
export type { Dashboard, DashboardFile } from "../admin/dashboard.ts";
export { createDashboard } from "./create_dashboard.ts";
