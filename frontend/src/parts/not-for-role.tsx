import { IconLock } from "@tabler/icons-react";
import type { Role } from "@/api/session";
import { useSession } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";

/** Where somebody may not look: said as such, with whom to ask. */
export function NotForRole({ what, needs }: { what: string; needs: Role }) {
  const session = useSession().data;
  return (
    <EmptyState title={`${what} are for ${needs}s`} icon={IconLock}>
      You are signed in as {session?.name} with the role {session?.role}. Ask an admin for a token
      with the role {needs}, if you need it.
    </EmptyState>
  );
}
