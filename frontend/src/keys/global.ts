/** The keys that work on every page. */
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { queries } from "@/api/queries";
import { PAGES } from "@/shell/pages";
import { openDialog } from "./dialogs";
import { isTyping } from "./typing";

/** After `g`, as long as this, a key goes to a page. */
const GO_MS = 1_500;

export function useGlobalKeys() {
  const navigate = useNavigate();
  const goUntil = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // From anywhere, also while typing.
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        openDialog("palette");
        return;
      }
      if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event)
      )
        return;
      if (Date.now() < goUntil.current) {
        goUntil.current = 0;
        const page = PAGES.find(({ key }) => key === event.key);
        if (page) {
          event.preventDefault();
          void navigate(page.to);
          return;
        }
      }
      switch (event.key) {
        case "g":
          goUntil.current = Date.now() + GO_MS;
          break;
        case "?":
          openDialog("keys");
          break;
        case "r":
          void queries.invalidateQueries({ refetchType: "active" });
          break;
        case "/": {
          const search = document.querySelector<HTMLInputElement>("[data-search]");
          event.preventDefault();
          if (search) search.select();
          else openDialog("palette");
          search?.focus();
          break;
        }
        default:
          return;
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}
