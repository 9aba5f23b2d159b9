import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./build/compress.ts";
import { mantineStyles } from "./build/mantine-styles.ts";

const server = process.env.STAGEHOOK_SERVER ?? "http://127.0.0.1:7878";

export default defineConfig({
  plugins: [react(), mantineStyles(), compress()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      "@rjsf/validator-ajv8": fileURLToPath(new URL("./build/no-ajv.ts", import.meta.url)),
    },
  },
  build: {
    // The server's content security policy knows no `data:` scripts, and what is
    // in files of its own is kept by browsers for good.
    assetsInlineLimit: 0,
    target: "es2022",
    // Kilobytes; mostly the components that every page has.
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      output: {
        // What several pages share comes in few files: each costs a request.
        codeSplitting: {
          groups: [
            { name: "base", test: /node_modules/, minShareCount: 14 },
            { name: "parts", test: /src\/(api|parts|keys|shell)\//, minShareCount: 4 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": server, "/healthz": server } },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
