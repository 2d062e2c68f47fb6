import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Args, Syntax } from "../../src/cli/command_line.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { readArgs } from "../../src/cli/read_args.ts";

const SYNTAX: Syntax = {
  values: {
    "url": { value: "URL", help: "a URL" },
    "weight": { value: "N", help: "a weight" },
    "api-port": { value: "PORT", help: "a port" },
  },
  switches: { json: { help: "write JSON" }, debug: { help: "log more" } },
};

function read(...args: string[]): Args {
  return readArgs(args, SYNTAX);
}

function messageOf(action: () => unknown): string {
  return assertThrows(action, UsageError).message;
}

Deno.test("readArgs() reads values in both spellings, and switches", () => {
  for (const args of [["--url", "http://a", "--json"], ["--json", "--url=http://a"]]) {
    const parsed = read(...args);
    assertEquals(parsed.text("url"), "http://a");
    assertEquals(parsed.text("weight"), undefined);
    assertEquals([parsed.has("json"), parsed.has("debug")], [true, false]);
    assertEquals(parsed.argument, undefined);
  }
});

Deno.test("readArgs() keeps a value as it was typed", () => {
  for (const value of ["007", "1e3", "true", "a=b", "--", "ä 😀", "http://a?b=c", "0x10"]) {
    assertEquals(read(`--url=${value}`).text("url"), value);
  }
});

Deno.test("readArgs() takes a negative number for a value, not for a flag", () => {
  assertEquals(read("--weight", "-1").text("weight"), "-1");
  assertEquals(read("--weight", "-.5", "--json").text("weight"), "-.5");
});

Deno.test("readArgs() refuses a flag that is not known, and names it without its value", () => {
  const flags = [
    "--nope",
    "--nope=secret",
    "-x",
    "-abc",
    "--url.x=1",
    "--__proto__=1",
    "--no-json",
  ];
  for (const flag of flags) {
    assertEquals(messageOf(() => read(flag)), `unknown option ${flag.split("=")[0]}`);
  }
});

Deno.test("readArgs() refuses a value flag without value", () => {
  for (const args of [["--url"], ["--url="], ["--url", ""], ["--url", "--json"]]) {
    assertEquals(messageOf(() => read(...args)), "--url needs a value");
  }
});

Deno.test("readArgs() refuses a value flag that was given more than once", () => {
  const message = "--url was given more than once";
  assertEquals(messageOf(() => read("--url", "http://a", "--url", "http://a")), message);
  assertEquals(messageOf(() => read("--url", "http://a", "--url=http://b")), message);
});

Deno.test("readArgs() refuses an argument where the command takes none", () => {
  for (
    const args of [["a"], ["5"], ["--json", "a"], ["--", "--json"], ["--url", "http://a", "a"]]
  ) {
    const argument = args.at(-1);
    assertEquals(messageOf(() => read(...args)), `unexpected argument "${argument}"`);
  }
});

Deno.test("readArgs() reads one argument where the command takes one", () => {
  const syntax = { ...SYNTAX, argument: "FILE" };
  assertEquals(readArgs(["007"], syntax).argument, "007");
  assertEquals(readArgs(["--json", "a.yaml"], syntax).argument, "a.yaml");
  assertEquals(readArgs([], syntax).argument, undefined);
  assertEquals(
    messageOf(() => readArgs(["a", "b"], syntax)),
    'unexpected argument "b"',
  );
});

Deno.test("Args.required() names the flag that is missing", () => {
  assertEquals(read("--url", "http://a").required("url"), "http://a");
  assertEquals(messageOf(() => read().required("url")), "--url is required");
});

Deno.test("Args.wholeNumber() reads whole numbers within the range", () => {
  assertEquals(read().wholeNumber("weight", 0, 5), undefined);
  for (const [text, number] of [["0", 0], ["5", 5]] as const) {
    assertEquals(read("--weight", text).wholeNumber("weight", 0, 5), number);
  }
});

Deno.test("Args.wholeNumber() refuses everything else, and says what is allowed", () => {
  const texts = ["6", "-1", "1.5", "1e0", "0x1", "+1", "1_0", " 1", "NaN", "Infinity", "one", "１"];
  for (const text of [...texts, "9".repeat(400)]) {
    assertEquals(
      messageOf(() => read(`--weight=${text}`).wholeNumber("weight", 0, 5)),
      `--weight must be a whole number from 0 to 5, not "${text}"`,
    );
  }
});

Deno.test("Args.wholeNumber() and Args.number() refuse leading zeros, octal to some", () => {
  for (const text of ["003", "00", "01"]) {
    for (const kind of ["wholeNumber", "number"] as const) {
      assertMatch(
        messageOf(() => read(`--weight=${text}`)[kind]("weight", 0, 5)) ?? "",
        new RegExp(`^--weight must be .*from 0 to 5 without leading zeros, not "${text}"$`),
      );
    }
  }
});

Deno.test("Args.host() takes names and addresses, and no other notation of them", () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "::", "fe80::1%eth0", "localhost", "lb_1.internal"]) {
    assertEquals(read("--weight", host).host("weight"), host);
  }
  assertEquals(read().host("weight"), undefined);
  for (
    const host of [
      "127.0.0.010",
      "0x7f.1",
      "127.1",
      "2130706433",
      "http://a",
      "a:1",
      "${HOST}",
      "a b",
    ]
  ) {
    assertEquals(
      messageOf(() => read(`--weight=${host}`).host("weight")),
      `--weight must be a host name or an IP address, not "${host}"`,
    );
  }
});

Deno.test("Args.number() reads numbers, fractions as well, within the range", () => {
  const cases = [["0", 0], ["5", 5], ["0.25", 0.25], [".5", 0.5], ["1.", 1], [
    "1e-3",
    0.001,
  ]] as const;
  for (const [text, number] of cases) {
    assertEquals(read(`--weight=${text}`).number("weight", 0, 5), number);
  }
  assertEquals(read().number("weight", 0, 5), undefined);
});

Deno.test("Args.number() refuses everything else, and says what is allowed", () => {
  const texts = ["5.1", "-1", ".", "1e", "0x1", "+1", "1_0", " 1", "NaN", "Infinity", "one", "1,5"];
  for (const text of texts) {
    assertEquals(
      messageOf(() => read(`--weight=${text}`).number("weight", 0, 5)),
      `--weight must be a number from 0 to 5, not "${text}"`,
    );
  }
});
