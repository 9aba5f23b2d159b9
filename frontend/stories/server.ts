/** A real server of its own for the stories of one worker, on a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = resolve(import.meta.dirname, "../..");
const BINARY = process.env.STAGEHOOK_BINARY ?? join(ROOT, "target/debug/stagehook");

export class Server {
  readonly token = randomBytes(24).toString("hex");
  private readonly tracker = randomBytes(24).toString("hex");
  private process?: ChildProcess;
  private address = "";
  private readonly said: string[] = [];

  private constructor(readonly folder: string) {}

  static async start(): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "stagehook-stories-")));
    await mkdir(server.media);
    await server.up("127.0.0.1:0");
    return server;
  }

  /** `http://127.0.0.1:…` */
  get url(): string {
    return this.address;
  }

  get media(): string {
    return join(this.folder, "media");
  }

  private async up(listen: string) {
    const started = spawn(
      BINARY,
      [
        ["serve", "--listen", listen, "--data-dir", join(this.folder, "data")],
        ["--scripts-dir", join(ROOT, "examples/pipeline/hooks"), "--media-root", this.media],
        "--allow-private-network",
      ].flat(),
      {
        env: {
          PATH: process.env.PATH,
          STAGEHOOK_ADMIN_TOKEN: this.token,
          STAGEHOOK_SECRET_TRACKER: this.tracker,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.process = started;
    this.address = await new Promise<string>((resolve, reject) => {
      for (const stream of [started.stdout, started.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          this.said.push(line);
          const found = /listening on (http:\/\/\S+)/.exec(line);
          if (found?.[1]) resolve(found[1]);
        });
      }
      started.once("exit", (code) =>
        reject(new Error(`the server ended with ${code}:\n${this.said.slice(-20).join("\n")}`)),
      );
    });
  }

  /** Stops it; it stays away until `again`. */
  async down() {
    const process = this.process;
    this.process = undefined;
    if (!process || process.exitCode !== null) return;
    const ended = once(process, "exit");
    process.kill("SIGTERM");
    await ended;
  }

  /** Starts it at the same address with the same data. */
  async again() {
    await this.up(new URL(this.address).host);
  }

  /** Runs it at another address meanwhile, where nobody who waits for it here finds it. */
  async elsewhere(work: () => Promise<void>) {
    const here = this.address;
    await this.down();
    await this.up("127.0.0.1:0");
    try {
      await work();
    } finally {
      await this.down();
      this.address = here;
    }
  }

  /** Runs the example pipeline against it. */
  async example(...flags: string[]) {
    const run = spawn(
      "python3",
      [
        join(ROOT, "examples/pipeline/run.py"),
        ...["--server", this.url, "--work", this.media, ...flags],
      ],
      {
        env: {
          PATH: process.env.PATH,
          STAGEHOOK_TOKEN: this.token,
          STAGEHOOK_SECRET_TRACKER: this.tracker,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const said: string[] = [];
    for (const stream of [run.stdout, run.stderr]) {
      createInterface({ input: stream }).on("line", (line) => said.push(line));
    }
    const [code] = (await once(run, "exit")) as [number | null];
    if (code !== 0) throw new Error(`the example ended with ${code}:\n${said.join("\n")}`);
  }

  async remove() {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}
