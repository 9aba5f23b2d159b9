/** Links that are plain elements: where there are many, a component for each costs too much. */
import { type MouseEvent, useCallback } from "react";
import { useNavigate } from "react-router";

/** What happens on a click in what holds them: the page's own way of going there. */
export function usePlainLinks() {
  const navigate = useNavigate();
  return useCallback(
    (event: MouseEvent) => {
      const link = event.target instanceof Element && event.target.closest("a[href]");
      if (!link || event.defaultPrevented || event.button !== 0) return;
      // To be opened elsewhere.
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      void navigate(link.getAttribute("href") ?? "");
    },
    [navigate],
  );
}
