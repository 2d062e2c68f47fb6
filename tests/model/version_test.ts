import { assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { VERSION } from "../../src/model/version.ts";

Deno.test("VERSION is what deno.json says", () => {
  assertEquals(VERSION, denoJson.version);
});
