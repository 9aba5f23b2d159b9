import { Alert, Loader } from "@mantine/core";
import { useConnection } from "@/api/connection";

/** Says that the server is gone, until it is back. */
export function ConnectionBanner() {
  const isDown = useConnection() === "down";
  return (
    <div aria-live="assertive">
      {isDown && (
        <Alert
          color="orange"
          mb="md"
          icon={<Loader size={16} color="currentColor" />}
          title="The server does not answer"
        >
          It may be restarting. What you see is from before; this page goes on by itself as soon as
          it is back.
        </Alert>
      )}
    </div>
  );
}
