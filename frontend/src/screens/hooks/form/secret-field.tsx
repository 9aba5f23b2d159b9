import { Anchor, Autocomplete } from "@mantine/core";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { useField } from "./field";

export function useSecretNames(): { names: string[]; isKnown: boolean } {
  // Who may only read is not told the names of secrets.
  const mayEdit = useMay("editor");
  const secrets = api.useQuery(
    "get",
    "/api/v1/secrets",
    { params: { query: { limit: 200 } } },
    { enabled: mayEdit },
  );
  return {
    names: (secrets.data?.items ?? []).map(({ name }) => name),
    isKnown: secrets.isSuccess,
  };
}

/** The name of a secret; secrets of the server's environment are not listed, and can be typed. */
export function SecretField({
  pointer,
  label,
  help,
}: {
  pointer: string;
  label: string;
  help?: string;
}) {
  const { value, set, error, readOnly } = useField<string>(pointer);
  const { names, isKnown } = useSecretNames();
  const mayAdmin = useMay("admin");
  return (
    <Autocomplete
      label={label}
      description={
        <>
          {help}{" "}
          {isKnown && value && !names.includes(value) && (
            <>
              No stored secret has this name; the server's environment may.{" "}
              {mayAdmin && (
                <Anchor component={Link} to="/settings/secrets" fz="inherit">
                  Store one
                </Anchor>
              )}
            </>
          )}
        </>
      }
      placeholder="The name of a secret"
      data={names}
      value={value ?? ""}
      onChange={(value) => set(value || undefined)}
      error={error}
      readOnly={readOnly}
    />
  );
}
