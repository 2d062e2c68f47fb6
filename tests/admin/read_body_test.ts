import { assertEquals } from "@std/assert";
import { findDuplicateKey } from "../../src/admin/read_body.ts";

Deno.test("findDuplicateKey() finds a duplicate key of an object", () => {
  const texts = {
    '{"a":1,"a":1}': "a",
    '{"a":1,"b":2,"a":3}': "a",
    '{ "a" : 1 , "a"\n:\t1 }': "a",
    '{"x":{"a":1,"a":2}}': "a",
    '[{"b":[]},{"a":1,"a":2}]': "a",
    '{"a":{"b":1},"a":2}': "a",
    '{"":1,"":2}': "",
    '{"__proto__":1,"__proto__":2}': "__proto__",
    '{"a\\"":1,"a\\"":2}': 'a"',
    '{"{":1,"{":2}': "{",
  };
  for (const [text, key] of Object.entries(texts)) assertEquals(findDuplicateKey(text), key, text);
});

Deno.test("findDuplicateKey() decodes escapes", () => {
  const texts = {
    '{"url":1,"u\\u0072l":2}': "url",
    '{"\\u0075rl":1,"ur\\u006C":2}': "url",
    '{"a/b":1,"a\\/b":2}': "a/b",
    '{"\\n":1,"\\u000a":2}': "\n",
    '{"😀":1,"\\ud83d\\ude00":2}': "😀",
  };
  for (const [text, key] of Object.entries(texts)) assertEquals(findDuplicateKey(text), key, text);
});

Deno.test("findDuplicateKey() ignores texts that only look like duplicate keys", () => {
  const texts = [
    "{}",
    "[]",
    "1",
    '"a"',
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a"]}',
    '{"a":"\\"a\\":1,","b":2}',
    '{"a":"}{","b":"]["}',
    '{"a":"\\\\","b":"\\\\"}',
    '{"a":1,"A":1,"a ":1}',
    '{"a":{"b":1},"c":{"b":1}}',
  ];
  for (const text of texts) assertEquals(findDuplicateKey(text), undefined, text);
});

Deno.test("findDuplicateKey() handles the deepest and longest bodies", () => {
  const depth = 30_000;
  const nested = `${'[{"a":'.repeat(depth)}1${"}]".repeat(depth)}`;
  assertEquals(findDuplicateKey(nested), undefined);
  assertEquals(findDuplicateKey(`{"a":"${"x".repeat(65_536)}","a":1}`), "a");
  assertEquals(findDuplicateKey(`{"a":"${'\\"'.repeat(32_768)}","b":1}`), undefined);
  assertEquals(findDuplicateKey(`{"a"${" ".repeat(65_536)}:1,"a":1}`), "a");
});
