/** Which script: one that was pushed, one that lies on the server's disk, or a new one. */
import { Anchor, Autocomplete, Button, Group } from "@mantine/core";
import { IconFilePlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { NewScript } from "@/screens/scripts/new-script";
import { MONO, useField, useForm } from "./field";

export function ScriptField() {
  const { draft, readOnly } = useForm();
  const { value, set, error } = useField<string>("/config/script_path");
  const scripts = api.useQuery("get", "/api/v1/scripts", { params: { query: { limit: 200 } } });
  const [isMaking, setMaking] = useState(false);
  const pushed = (scripts.data?.items ?? []).map(({ path }) => path);
  const isPushed = value !== undefined && pushed.includes(value);
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <Autocomplete
        flex={1}
        label="Script"
        required
        description={
          isPushed ? (
            <>
              In the script store.{" "}
              <Anchor component={Link} to={`/scripts/${value}`} fz="inherit" underline="always">
                Look at it
              </Anchor>
            </>
          ) : (
            "The path of a script in the store, or below one of the server's scripts directories."
          )
        }
        placeholder={draft.hook_type === "python" ? "qc/check_size.py" : "qc/check_size.sh"}
        data={pushed}
        value={value ?? ""}
        onChange={(value) => set(value)}
        error={error}
        readOnly={readOnly}
        styles={MONO}
      />
      {!readOnly && (
        <Button
          variant="default"
          leftSection={<IconFilePlus size={16} aria-hidden />}
          onClick={() => setMaking(true)}
          mb={error ? 22 : 0}
        >
          New script
        </Button>
      )}
      {isMaking && (
        <NewScript
          language={draft.hook_type === "python" ? "python" : "shell"}
          path={isPushed ? undefined : value}
          onClose={() => setMaking(false)}
          onMade={(path) => {
            set(path);
            setMaking(false);
          }}
        />
      )}
    </Group>
  );
}
