import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

/**
 * Puts the focus on the title of a page that was gone to, so that who cannot see hears
 * where they are, and Tab goes on from there. What has the focus within the page keeps
 * it: a field that wants it, or the tab that was chosen.
 */
export function useFocusOnPage() {
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    const content = document.getElementById("content");
    if (!content || content.contains(document.activeElement)) return;
    const title = content.querySelector<HTMLElement>("h1") ?? content;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }, [pathname]);
}
