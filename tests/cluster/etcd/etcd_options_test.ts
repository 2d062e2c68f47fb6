import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import { checkEndpoints } from "../../../src/cluster/etcd/etcd_options.ts";

Deno.test("checkEndpoints() returns each URL once, without a trailing slash", () => {
  const written = ["http://10.0.0.1:2379", "HTTP://10.0.0.1:2379/", "https://etcd.example/base/"];
  assertEquals(checkEndpoints(written), ["http://10.0.0.1:2379", "https://etcd.example/base"]);
});

Deno.test("checkEndpoints() reports every invalid URL, and no password", () => {
  const written = ["http://fine:2379", "10.0.0.1:2379", "", "http://root:hush@a", "http://a/?b"];
  const error = assertThrows(() => checkEndpoints(written), BalancerError, "Cannot use etcd: ");
  assertEquals(error.code, "invalid");
  assertEquals(error.faults, [
    {
      path: "endpoints[1]",
      message: "must be a URL such as http://10.0.0.1:2379",
    },
    { path: "endpoints[2]", message: "must be a URL such as http://10.0.0.1:2379" },
    { path: "endpoints[3]", message: "must not contain a user; set the user separately" },
    { path: "endpoints[4]", message: "must not have a query or a fragment" },
  ]);
  assertEquals(error.message.includes("hush"), false);
});

Deno.test("checkEndpoints() requires at least one URL, with http or https", () => {
  for (const written of [[], ["localhost:2379"], ["unix:///run/etcd"]]) {
    assertEquals(assertThrows(() => checkEndpoints(written), BalancerError).faults.length, 1);
  }
});
