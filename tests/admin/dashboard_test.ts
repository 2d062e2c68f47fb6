import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { type Admin, createAdmin, LoadBalancer } from "../../mod.ts";

const TOKEN = "correct-horse-battery";
const PATHS = ["/", "/dashboard/main.js", "/dashboard/base.css", "/dashboard/uplot.js"];

/** Admin API with a dashboard, and optionally a token. */
function makeAdmin(balancer: LoadBalancer, token?: string): Admin {
  const dashboard = createDashboard();
  return createAdmin(balancer, token === undefined ? { dashboard } : { dashboard, token });
}

/** Sends a request as a browser on this machine does. */
function ask(admin: Admin, path: string, init?: RequestInit): Promise<Response> {
  return admin.fetch(new Request(`http://localhost:8000${path}`, init));
}

Deno.test("createAdmin() serves the dashboard with a strict content security policy", async () => {
  await using balancer = new LoadBalancer();
  const admin = makeAdmin(balancer);
  const types: [path: string, type: string][] = [
    ["/", "text/html; charset=utf-8"],
    ["/dashboard/main.js", "text/javascript; charset=utf-8"],
    ["/dashboard/base.css", "text/css; charset=utf-8"],
    ["/dashboard/icon.svg", "image/svg+xml"],
  ];
  for (const [path, type] of types) {
    const response = await ask(admin, path);
    assertEquals([response.status, response.headers.get("content-type")], [200, type], path);
    assertEquals(
      response.headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      path,
    );
    const { headers } = response;
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(headers.get("cache-control"), "no-cache");
    assert((await response.text()).length > 100);
  }
});

Deno.test("createAdmin() answers 304 for a file that the browser has, and 200 for an outdated one", async () => {
  await using balancer = new LoadBalancer();
  const admin = makeAdmin(balancer);
  const tags = new Set<string>();
  for (const path of PATHS) {
    const first = await ask(admin, path);
    await first.body?.cancel();
    const tag = first.headers.get("etag")!;
    tags.add(tag);
    for (const [field, status] of [[tag, 304], [`"x", W/${tag}`, 304], ['"x"', 200]] as const) {
      const again = await ask(admin, path, { headers: { "if-none-match": field } });
      assertEquals([again.status, again.headers.get("etag")], [status, tag], `${path} ${field}`);
      assertEquals((await again.text()).length > 0, status === 200);
    }
  }
  assertEquals(tags.size, PATHS.length);
});

Deno.test("createAdmin() serves no other files below /dashboard/, and allows GET and HEAD only", async () => {
  await using balancer = new LoadBalancer();
  const admin = makeAdmin(balancer);
  for (const name of ["nothing.js", "..%2fmod.ts", "__proto__", "constructor", "a/b", ""]) {
    assertEquals((await ask(admin, `/dashboard/${name}`)).status, 404, name);
  }
  for (const path of PATHS) {
    assertEquals((await ask(admin, path, { method: "HEAD" })).status, 200);
    const response = await ask(admin, path, { method: "POST", body: "x" });
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  }
});

Deno.test("createAdmin() serves the dashboard without the token, and nothing else", async () => {
  await using balancer = new LoadBalancer();
  const admin = makeAdmin(balancer, TOKEN);
  for (const path of PATHS) {
    for (const method of ["GET", "HEAD"]) {
      assertEquals((await ask(admin, path, { method })).status, 200, path);
    }
    assertEquals((await ask(admin, path, { method: "POST" })).status, 401, path);
    assertEquals((await ask(admin, path, { method: "DELETE" })).status, 401, path);
  }
  for (
    const path of [
      ...["/servers", "/dashboard", "/dashboardx", "//", "//dashboard/main.js", "/index.html"],
      ...["/dashboard/../servers", "/dashboard/%2e%2e/servers", "/add"],
    ]
  ) assertEquals((await ask(admin, path)).status, 401, path);
});

Deno.test("createAdmin() serves the dashboard to no other host and no other site's page", async () => {
  await using balancer = new LoadBalancer();
  const admin = makeAdmin(balancer);
  for (const path of PATHS) {
    const other = await admin.fetch(new Request(`http://evil.example${path}`));
    assertEquals(other.status, 421, path);
    for (const field of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const headers = new Headers(Object.entries(field));
      assertEquals((await ask(admin, path, { headers })).status, 403, path);
    }
  }
});

Deno.test("createAdmin() serves no dashboard by default", async () => {
  await using balancer = new LoadBalancer();
  for (const path of PATHS) {
    assertEquals((await ask(createAdmin(balancer), path)).status, 404, path);
    assertEquals((await ask(createAdmin(balancer, { token: TOKEN }), path)).status, 401, path);
  }
  const message = await (await ask(makeAdmin(balancer), "/nothing")).text();
  assertStringIncludes(message, "/dashboard/{file}");
});
