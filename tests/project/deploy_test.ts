import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { parse } from "@std/yaml";
import { parseConfig } from "../../mod.ts";
import { checkProgramArgs, checkShellLine } from "../testing/command_lines.ts";
import { ROOT } from "../testing/program.ts";

const GRACE_PERIOD = 10;

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

/** The directives of a unit: those that are there twice have both values. */
async function readUnit(): Promise<Map<string, string[]>> {
  const directives = new Map<string, string[]>();
  for (const line of (await read("deploy/ballast.service")).split("\n")) {
    if (line === "" || line.startsWith("#") || /^\[(Unit|Service|Install)\]$/.test(line)) continue;
    const [, name, value] = /^([A-Za-z]+)=(.+)$/.exec(line)!;
    directives.set(name!, [...directives.get(name!) ?? [], value!]);
  }
  return directives;
}

async function run(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, text);
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("Dockerfile: a task builds the binary; nobody in particular runs it, without a shell", async () => {
  const lines = (await read("Dockerfile")).split("\n").filter((line) => !/^(#|$)/.test(line));
  const instructions = lines.map((line) => line.split(" ")[0]);
  const known = [
    "ARG",
    "FROM",
    "WORKDIR",
    "COPY",
    "RUN",
    "USER",
    "EXPOSE",
    "STOPSIGNAL",
    "ENTRYPOINT",
    "CMD",
  ];
  assertEquals(instructions.filter((word) => !known.includes(word!)), []);
  const [, final] = lines.filter((line) => line.startsWith("FROM "));
  assertMatch(final!, /^FROM gcr\.io\/distroless\/[a-z0-9-]+:nonroot$/);
  const last = lines.slice(lines.indexOf(final!));
  assert(last.includes("USER nonroot"));
  for (const line of lines.filter((each) => each.startsWith("RUN "))) {
    assert(await checkShellLine(line.slice(4)), line);
  }
  const copied = last.filter((line) => /^COPY [^-]/.test(line)).map((line) => line.split(" ")[1]!);
  assertEquals(copied, ["deploy/container.yaml"]);
  // Ports below 1024 are not for that user.
  assert(parseConfig(await read(copied[0]!)).port! >= 1024);
  // In this form no shell is needed, and signals reach the program.
  const [entrypoint, command] = ["ENTRYPOINT ", "CMD "].map((name): string[] =>
    JSON.parse(last.find((line) => line.startsWith(name))!.slice(name.length))
  );
  assertEquals(entrypoint, ["/usr/local/bin/ballast"]);
  checkProgramArgs(command!);
  const ignored = (await read(".dockerignore")).split("\n");
  for (const folder of ["vendor", "node_modules", ".git"]) assert(ignored.includes(folder), folder);
});

Deno.test("ballast.service: the commands work, and the rights are the fewest", async () => {
  const unit = await readUnit();
  for (const name of ["ExecStartPre", "ExecStart"]) {
    assert(await checkShellLine(unit.get(name)![0]!));
  }
  assertEquals(unit.get("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
  assertLess(GRACE_PERIOD, Number(unit.get("TimeoutStopSec")![0]));
  const wanted = {
    Type: "exec",
    DynamicUser: "yes",
    NoNewPrivileges: "yes",
    ProtectSystem: "strict",
    AmbientCapabilities: "CAP_NET_BIND_SERVICE",
    CapabilityBoundingSet: "CAP_NET_BIND_SERVICE",
  };
  for (const [name, value] of Object.entries(wanted)) assertEquals(unit.get(name), [value], name);
  assertLess(65_535, Number(unit.get("LimitNOFILE")![0]));
  assert(!unit.has("MemoryDenyWriteExecute"), "V8 cannot run with it");
});

Deno.test("ballast.service: systemd finds no fault in it, and little that is exposed", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const unit = (await read("deploy/ballast.service")).replaceAll(
      "/usr/local/bin/ballast",
      "/bin/true",
    );
    await Deno.writeTextFile(`${folder}/ballast.service`, unit);
    const verified = await run("systemd-analyze", "verify", `${folder}/ballast.service`);
    if (verified === undefined) {
      await t.step({ name: "systemd-analyze is not installed", ignore: true, fn: () => {} });
      return;
    }
    assertEquals(verified, "");
    const args = ["security", "--offline=true", "--threshold=20", "--no-pager"];
    await run("systemd-analyze", ...args, `${folder}/ballast.service`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// deno-lint-ignore no-explicit-any
async function readManifests(): Promise<Record<string, any>> {
  const texts = (await read("deploy/kubernetes.yaml")).split(/^---$/m);
  // deno-lint-ignore no-explicit-any
  const manifests = texts.map((text) => parse(text) as any);
  return Object.fromEntries(manifests.map((manifest) => [manifest.kind, manifest]));
}

Deno.test("kubernetes.yaml: the configuration is valid and fits the ports, probes and files", async () => {
  const { ConfigMap, Deployment, Service } = await readManifests();
  const config = parseConfig(ConfigMap.data["config.yaml"]);
  const { spec } = Deployment.spec.template;
  const [container] = spec.containers;
  checkProgramArgs(container.args);
  const ports = Object.fromEntries(
    container.ports.map((
      port: { name: string; containerPort: number },
    ) => [port.name, port.containerPort]),
  );
  assertEquals(ports, { http: config.port, api: config.apiPort });
  assertEquals(config.apiHost, "0.0.0.0");
  assertEquals(config.servers, [{ url: "http://app:3000", discover: "dns" }]);
  const mounts = container.volumeMounts.map((mount: { mountPath: string }) => mount.mountPath);
  assertEquals(mounts, ["/etc/ballast", "/run/secrets/ballast"]);
  assertEquals(config.apiTokenFile, `${mounts[1]}/token`);
  assertEquals(container.args[2], `${mounts[0]}/config.yaml`);
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    assertEquals(container[probe].httpGet, { path: "/healthz", port: "api" });
  }
  assertEquals(Service.spec.ports[0].targetPort, "http");
  for (const labels of [Deployment.spec.selector.matchLabels, Service.spec.selector]) {
    assertEquals(labels, Deployment.spec.template.metadata.labels);
  }
});

Deno.test("kubernetes.yaml: a pod has the time that its requests are promised, and no rights", async () => {
  const { ConfigMap, Deployment } = await readManifests();
  const { gracePeriod } = parseConfig(ConfigMap.data["config.yaml"]);
  const { spec } = Deployment.spec.template;
  const [{ lifecycle, securityContext }] = spec.containers;
  assertLess(
    lifecycle.preStop.sleep.seconds + gracePeriod!,
    spec.terminationGracePeriodSeconds,
  );
  assertEquals(spec.securityContext.runAsNonRoot, true);
  assertEquals(securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

Deno.test("compose.yaml: the configuration is valid and names the services", async () => {
  // deno-lint-ignore no-explicit-any
  const { services, configs } = parse(await read("deploy/compose.yaml")) as any;
  const config = parseConfig(configs.ballast.content);
  const { ballast, ...others } = services;
  assertEquals(
    config.servers.map(({ url }) => url),
    Object.keys(others).map((name) => `http://${name}`),
  );
  assertEquals(ballast.ports, [`8080:${config.port}`]);
  assertEquals(ballast.configs[0].source, "ballast");
  assertLess(config.gracePeriod!, parseInt(ballast.stop_grace_period));
  assertEquals([ballast.read_only, ballast.cap_drop], [true, ["ALL"]]);
});

Deno.test("compose_fleet.yaml: the configuration is valid, and everybody finds everybody", async () => {
  // deno-lint-ignore no-explicit-any
  const { services, configs, volumes } = parse(await read("deploy/compose_fleet.yaml")) as any;
  const config = parseConfig(configs.ballast.content);
  const names = Object.keys(services);
  const [etcds, balancers] = ["etcd", "ballast"].map((word) =>
    names.filter((name) => name.startsWith(word))
  ) as [string[], string[]];
  const others = names.filter((name) => !etcds.includes(name) && !balancers.includes(name));
  assertEquals(config.servers.map(({ url }) => url), others.map((name) => `http://${name}`));
  assertEquals([etcds.length, balancers.length], [3, 2]);
  assertEquals(config.etcd?.endpoints, etcds.map((name) => `http://${name}:2379`));
  assertEquals(Object.keys(volumes), etcds);
  const cluster = etcds.map((name) => `${name}=http://${name}:2380`).join(",");
  for (const name of etcds) {
    const { environment, volumes } = services[name];
    assertEquals(volumes, [`${name}:${environment.ETCD_DATA_DIR}`]);
    assertEquals(environment.ETCD_NAME, name);
    assertEquals(environment.ETCD_INITIAL_CLUSTER, cluster);
    assertEquals(environment.ETCD_ADVERTISE_CLIENT_URLS, `http://${name}:2379`);
    assertEquals(environment.ETCD_INITIAL_ADVERTISE_PEER_URLS, `http://${name}:2380`);
  }
  for (const name of balancers) {
    const { ports, configs, read_only, cap_drop, stop_grace_period } = services[name];
    assertMatch(ports[0], new RegExp(`^\\d+:${config.port}$`));
    assertEquals(configs[0].source, "ballast");
    assertLess(config.gracePeriod!, parseInt(stop_grace_period));
    assertEquals([read_only, cap_drop], [true, ["ALL"]]);
  }
});
