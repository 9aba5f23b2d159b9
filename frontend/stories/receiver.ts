/** A receiver of webhooks that answers as a story wants it to. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class Receiver {
  /** What it answers from now on. */
  status = 200;
  body = "{}";
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        response.writeHead(this.status, { "Content-Type": "application/json" });
        response.end(this.body);
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
