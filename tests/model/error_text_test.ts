import { assertEquals } from "@std/assert";
import { errorText } from "../../src/model/error_text.ts";

Deno.test("errorText() is the message, or what else is known", () => {
  const refused = new Error("connect ECONNREFUSED ::1:1");
  const coded = Object.assign(new Error(""), { code: "EPIPE" });
  const cases: [error: unknown, text: string][] = [
    [new Error("it broke"), "it broke"],
    ["it broke", "it broke"],
    [new Error("", { cause: refused }), refused.message],
    [new AggregateError([refused, new Error("b"), refused]), `${refused.message}; b`],
    [new TypeError("x", { cause: new AggregateError([refused]) }), "x"],
    [coded, "EPIPE"],
    [new AggregateError([]), "AggregateError"],
    [new DOMException("", "AbortError"), "AbortError"],
    [new Error(" "), "an unknown error"],
    [undefined, "an unknown error"],
    ["", "an unknown error"],
  ];
  for (const [error, text] of cases) assertEquals(errorText(error), text);
});

Deno.test("errorText() ends where an error has caused itself", () => {
  const error = new Error("");
  error.cause = error;
  assertEquals(errorText(error), "an unknown error");
});
