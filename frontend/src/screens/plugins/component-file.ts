/** Sending a component, which is bytes and no JSON. */
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { PluginVersion, ValidationReport } from "./words";

export type ComponentFile = {
  file: File;
  /** Ed25519, in base64: what stands in the `.sig` beside the component. */
  signature?: string;
};

const sending = ({ file, signature }: ComponentFile) => ({
  body: file as unknown as number[],
  bodySerializer: (body: unknown) => body as File,
  headers: { "Content-Type": "application/wasm" },
  params: signature ? { header: { "X-Stagehook-Plugin-Signature": signature } } : {},
});

export async function validateComponent(component: ComponentFile): Promise<ValidationReport> {
  const { data, error } = await client.POST("/api/v1/plugins/validate", sending(component));
  if (!data) throw problemOf(error);
  return data;
}

export async function publishComponent(component: ComponentFile): Promise<PluginVersion> {
  const { data, error } = await client.POST("/api/v1/plugins", sending(component));
  if (!data) throw problemOf(error);
  return data;
}
