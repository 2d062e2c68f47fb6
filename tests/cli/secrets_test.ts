import { assertEquals, assertStringIncludes } from "@std/assert";
import { certificatePath, pem } from "../testing/certificates.ts";
import { RunningBalancer } from "../testing/program.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering, unusedUrl } from "../testing/raw_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { upgradeRequest } from "../testing/web_sockets.ts";

const SECRETS = {
  token: "token-0123456789abcdef",
  wrongToken: "wrong-0123456789abcdef",
  sticky: "sticky-0123456789abcdef",
  authorization: "authorization-0123456789",
  cookie: "cookie-0123456789",
  query: "query-0123456789",
  content: "content-0123456789",
  setCookie: "set-cookie-0123456789",
};

function request(method: string, target: string, content = ""): string {
  const fields = [
    "Host: a",
    `Authorization: Bearer ${SECRETS.authorization}`,
    `Cookie: session=${SECRETS.cookie}`,
    `Content-Length: ${content.length}`,
    "Connection: close",
  ];
  return `${method} ${target}?key=${SECRETS.query} HTTP/1.1\r\n${
    fields.join("\r\n")
  }\r\n\r\n${content}`;
}

for (const workers of [1, 2]) {
  Deno.test(`listen --debug --workers ${workers} writes no secret anywhere`, async () => {
    const set = `Set-Cookie: session=${SECRETS.setCookie}\r\n`;
    await using fine = answering(`HTTP/1.1 200 OK\r\n${set}Content-Length: 0\r\n\r\n`);
    await using broken = answering(`HTTP/1.1 200 OK\r\n${set}Content-Length: x\r\n\r\n`);
    await using token = await makeTemporaryFile(SECRETS.token, ".token");
    await using wrong = await makeTemporaryFile(SECRETS.wrongToken, ".token");
    await using sticky = await makeTemporaryFile(SECRETS.sticky, ".secret");
    await using config = await makeTemporaryFile(`
sticky: cookie
sticky_secret_file: ${sticky.path}
api_token_file: ${token.path}
health_check: { path: "/?key=${SECRETS.query}" }
servers:
- url: ${fine.url}
- { url: "${broken.url}", health_check_period: 0 }
- { url: "${unusedUrl()}", health_check_period: 0 }
`);
    await using balancer = await RunningBalancer.start(
      `--config=${config.path}`,
      "--debug",
      `--workers=${workers}`,
    );
    for (const method of ["GET", "POST", "TRACE", "GET", "PUT", "GET"]) {
      await exchangeRaw(
        balancer.url,
        request(method, "/path", method === "GET" ? "" : SECRETS.content),
      );
    }
    await exchangeRaw(balancer.url, request("GET", "/bad path"));
    const upgrade = upgradeRequest({
      "Cookie": `a=${SECRETS.cookie}`,
      "Connection": "upgrade, close",
    });
    await exchangeRaw(balancer.url, upgrade.replace("?x", `?${SECRETS.query}`));
    const commands: [string, ...string[]][] = [
      ["list-servers", `--api-token-file=${token.path}`],
      ["list-servers", `--api-token-file=${wrong.path}`],
      ["add-server", "--url=http://a", `--api-token-file=${token.path}`],
    ];
    const outputs: string[] = [];
    for (const [command, ...args] of commands) {
      const { stdout, stderr } = await balancer.run(command, ...args);
      outputs.push(stdout, stderr);
    }
    await balancer.stop();
    outputs.push(balancer.output, balancer.errors);
    const written = outputs.join("");
    // There was something to say of all this.
    for (const said of ["Picked ", " failed: ", "Added http://a", "Checked "]) {
      assertStringIncludes(written, said);
    }
    for (const [name, secret] of Object.entries(SECRETS)) {
      assertEquals(written.includes(secret), false, `${name} is in: ${written}`);
    }
  });
}

Deno.test({
  name: "listen --debug writes nothing of a TLS key, also where it cannot be used",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using key = await makeTemporaryFile(pem("localhost.key"), ".key");
    await using balancer = await RunningBalancer.start(
      "--debug",
      `--tls-cert=${certificatePath("localhost.crt")}`,
      `--tls-key=${key.path}`,
    );
    const text = pem("localhost.key");
    const secrets = text.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
    await Deno.writeTextFile(key.path, text.replace("-----END", "garbage\n-----END"));
    balancer.signal("SIGHUP");
    await balancer.waitForError("Cannot reload the certificate");
    const written = balancer.output + balancer.errors;
    for (const line of secrets) assertEquals(written.includes(line), false, written);
  },
});
