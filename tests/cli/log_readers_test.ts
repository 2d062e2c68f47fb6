import { assertEquals } from "@std/assert";
import { ROOT } from "../testing/program.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { freePorts } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";
import { within } from "../testing/until.ts";

/** On Windows a signal ends a process without asking it. */
const noSignals = Deno.build.os === "windows";

/** The program with an access log, whose outputs are a test's to read or not. */
class UnreadProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly url: string;
  #errors = "";

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(upstream: string): Promise<UnreadProgram> {
    await using config = await makeTemporaryFile(
      `[{ url: "${upstream}", health_check_period: 0 }]`,
    );
    const [port, apiPort] = freePorts(2) as [number, number];
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ["run", "--allow-net", "--allow-read", "--no-prompt", "cli.ts", "listen"],
        [`--config=${config.path}`, "--host=127.0.0.1", `--port=${port}`],
        [`--api-port=${apiPort}`, "--access-log=combined"],
      ].flat(),
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const program = new UnreadProgram(child, port);
    await program.errorsUntil("Admin API on");
    return program;
  }

  /** Reads the log until a text has come. */
  async errorsUntil(text: string): Promise<string> {
    const reader = this.#child.stderr.getReader();
    while (!this.#errors.includes(text)) {
      const { done, value } = await within(`"${text}" in the log`, reader.read());
      if (done) throw new Error(`Cannot find "${text}" in: ${this.#errors}`);
      this.#errors += new TextDecoder().decode(value);
    }
    reader.releaseLock();
    return this.#errors;
  }

  async closeOutput(): Promise<void> {
    await this.#child.stdout.cancel();
  }

  async closeErrors(): Promise<void> {
    await this.#child.stderr.cancel();
  }

  /** Sends requests whose lines in the log take some 4 KB each. */
  async get(requests: number): Promise<void> {
    const agent = "x".repeat(4000);
    const fields = `Host: a\r\nUser-Agent: ${agent}\r\nConnection: close\r\n`;
    for (let i = 0; i < requests; i++) {
      const answer = await exchangeRaw(this.url, `GET / HTTP/1.1\r\n${fields}\r\n`);
      assertEquals(answer.slice(0, 15), "HTTP/1.1 200 OK");
    }
  }

  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      await stream.cancel().catch(() => {});
    }
  }
}

Deno.test({
  name: "listen goes on without a reader of its access log, and says that lines are lost",
  ignore: noSignals,
  async fn() {
    await using server = new SampleServer("one");
    await using program = await UnreadProgram.start(server.url);
    await program.closeOutput();
    await program.get(1);
    await program.errorsUntil("Dropping access log lines, 1 so far: Broken pipe");
    await program.get(20);
    assertEquals(await program.stop(), 0);
  },
});

Deno.test({
  name: "listen goes on while nobody reads its access log, and stops all the same",
  ignore: noSignals,
  async fn() {
    await using server = new SampleServer("one");
    await using program = await UnreadProgram.start(server.url);
    // More than a pipe holds on any system.
    await program.get(100);
    assertEquals(await program.stop(), 0);
  },
});

Deno.test({
  name: "listen goes on without a reader of its log",
  ignore: noSignals,
  async fn() {
    await using server = new SampleServer("one");
    await using program = await UnreadProgram.start(server.url);
    await program.closeErrors();
    await program.closeOutput();
    await program.get(2);
    assertEquals(await program.stop(), 0);
  },
});
