// @ts-types="@types/dns-packet"
import { type Answer, decode, encode } from "dns-packet";
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { type DnsQuestion, readAnswer, writeQuestion } from "../../src/discovery/dns_message.ts";
import { type DnsAnswer, DnsFailure } from "../../src/discovery/dns_resolver.ts";

const A: DnsQuestion = { id: 7, name: "api.test", type: "A" };
const SRV: DnsQuestion = { id: 7, name: "_http._tcp.api.test", type: "SRV" };

function alias(name: string, data: string, ttl = 60): Answer {
  return { type: "CNAME", name, ttl, data };
}

function address(name: string, data: string, ttl = 60): Answer {
  return { type: data.includes(":") ? "AAAA" : "A", name, ttl, data };
}

function service(port: number, target: string): Answer {
  return { type: "SRV", name: SRV.name, ttl: 60, data: { priority: 0, weight: 0, port, target } };
}

/** Reads an answer with these records. */
function read(question: DnsQuestion, answers: Answer[], additionals: Answer[] = []): DnsAnswer {
  const { id, name, type } = question;
  const questions = [{ name: name.toUpperCase(), type }];
  return readAnswer(encode({ type: "response", id, questions, answers, additionals }), question);
}

Deno.test("writeQuestion() is the message of RFC 1035, with EDNS where it is wanted", () => {
  const plain = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 97, 112, 105, 4, 116, 101, 115, 116, 0];
  assertEquals([...writeQuestion(A)], [...plain, 0, 1, 0, 1]);
  const { additionals } = decode(Buffer.from(writeQuestion(A, 1232)));
  assertEquals(additionals!.map((record) => record.type === "OPT" && record.udpPayloadSize), [
    1232,
  ]);
});

Deno.test("readAnswer() reads an answer that was written by hand, with a compressed name", () => {
  const header = [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
  const question = [3, 97, 112, 105, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1];
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 1, 2, 3];
  const answer = readAnswer(Uint8Array.from([...header, ...question, ...record]), A);
  assertEquals([answer.addresses, answer.ttl], [["10.1.2.3"], 30]);
});

Deno.test("readAnswer() follows aliases, and takes the shortest time of them all", () => {
  const answer = read(A, [
    address("C.test", "10.0.0.1", 50),
    alias("b.test", "c.test", 40),
    alias("Api.Test", "b.test", 30),
    address("other.test", "10.0.0.9", 1),
  ]);
  assertEquals([answer.addresses, answer.ttl, answer.empty], [["10.0.0.1"], 30, undefined]);
  assertEquals(read(A, [alias("api.test", "b.test")]).empty, "api.test has no A records");
  const ring = [alias("api.test", "b.test"), alias("b.test", "api.test")];
  assertThrows(() => read(A, ring), DnsFailure, "an endless chain of CNAME records");
});

Deno.test("readAnswer() takes the addresses of targets that come along, and no others", () => {
  const { hosts, services, ttl } = read(SRV, [service(80, "A.test"), service(81, "b.test")], [
    address("a.TEST", "10.0.0.1", 20),
    address("a.test", "::1", 30),
    address("c.test", "10.0.0.3", 10),
  ]);
  assertEquals(services.map(({ target, port }) => `${target}:${port}`), ["A.test:80", "b.test:81"]);
  assertEquals([...hosts], [["a.test", ["10.0.0.1", "::1"]]]);
  assertEquals(ttl, 20);
});

Deno.test("readAnswer() leaves out what no server can be at", () => {
  const wrong = [
    service(0, "a.test"),
    service(80, "."),
    service(80, "a b"),
    service(80, "\x1b[1m"),
  ];
  assertEquals(read(SRV, wrong).services, []);
  assertEquals(read(SRV, wrong).empty, `${SRV.name} has no SRV records`);
  const { addresses } = read(A, [address("api.test", "0.0.0.0"), address("api.test", "10.0.0.1")]);
  assertEquals(addresses, ["10.0.0.1"]);
  const six: DnsQuestion = { ...A, type: "AAAA" };
  const mapped = read(six, [address("api.test", "::ffff:10.0.0.1"), address("api.test", "::")]);
  assertEquals(mapped.addresses, ["10.0.0.1"]);
});

Deno.test("readAnswer() takes a time above 2³¹ − 1 for none at all (RFC 2181)", () => {
  assertEquals(read(A, [address("api.test", "10.0.0.1", 2 ** 32 - 1)]).ttl, 0);
});

Deno.test("readAnswer() reads any bytes, or says that it cannot", () => {
  const right: Uint8Array = encode({
    type: "response",
    id: 7,
    questions: [{ name: SRV.name, type: "SRV" }],
    answers: [alias("x.test", "y.test"), service(80, "a.test")],
    additionals: [address("a.test", "10.0.0.1"), address("a.test", "::1")],
  });
  const change = fc.tuple(fc.nat(right.length - 1), fc.nat(255));
  const changed = fc.array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce<Uint8Array>((bytes, [at, byte]) => bytes.with(at, byte), right)
    );
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      try {
        const { services, addresses } = readAnswer(bytes, SRV);
        assert(services.every(({ port }) => port > 0 && port < 65_536) && addresses.length === 0);
      } catch (error) {
        assertInstanceOf(error, DnsFailure);
      }
    }),
    { numRuns: 3000 },
  );
});
