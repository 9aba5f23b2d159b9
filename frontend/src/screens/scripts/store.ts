/** Scripts in the store: read and written as they are, byte by byte. */
import { useQuery } from "@tanstack/react-query";
import { client, type Schemas } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";

export type ScriptVersion = Schemas["ScriptVersion"];

export type Script = {
  /** What it says; none where that is no text. */
  text: string | undefined;
  size: number;
  version: number;
  /** With its quotes, as `If-Match` takes it. */
  etag: string;
};

export async function readScript(
  path: string,
  version?: number,
  signal?: AbortSignal,
): Promise<Script> {
  const { data, error, response } = await client.GET("/api/v1/scripts/{path}", {
    params: { path: { path }, query: { version } },
    parseAs: "arrayBuffer",
    signal,
  });
  if (!data) throw problemOf(error);
  const bytes = data as ArrayBuffer;
  return {
    text: textOf(bytes),
    size: bytes.byteLength,
    version: Number(response.headers.get("X-Stagehook-Script-Version")),
    etag: response.headers.get("ETag") ?? "",
  };
}

function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Makes it the newest version; only while the newest one is `onlyIf`, where that is given. */
export async function writeScript(
  path: string,
  text: string,
  onlyIf?: string,
): Promise<ScriptVersion> {
  const { data, error } = await client.PUT("/api/v1/scripts/{path}", {
    params: { path: { path }, header: { "If-Match": onlyIf } },
    // The client knows the body as bytes; a text is sent as its UTF-8.
    body: text as unknown as number[],
    bodySerializer: (body) => body as unknown as string,
    headers: { "Content-Type": "application/octet-stream" },
  });
  if (!data) throw problemOf(error);
  outdated("/scripts", "/script-versions", "/script-diff");
  return data;
}

/** What is different between two versions, line by line. */
export function useScriptDiff(path: string, from: number, to: number, isAsked: boolean) {
  return useQuery({
    queryKey: ["get", "/api/v1/script-diff/{path}", path, from, to],
    queryFn: async ({ signal }) => {
      const { data, error } = await client.GET("/api/v1/script-diff/{path}", {
        params: { path: { path }, query: { from, to } },
        parseAs: "text",
        signal,
      });
      if (data === undefined) throw problemOf(error);
      return data;
    },
    enabled: isAsked,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether the store has a script of this path already. */
export async function isPushed(path: string): Promise<boolean> {
  const { data } = await client.GET("/api/v1/scripts", {
    params: { query: { prefix: path, limit: 200 } },
  });
  return (data?.items ?? []).some((script) => script.path === path);
}
