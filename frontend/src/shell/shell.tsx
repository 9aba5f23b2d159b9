/** What is around every page: navigation, who is signed in, whether the server is there. */
import { AppShell, Burger, Group, Loader, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense, useEffect } from "react";
import { Navigate, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { useLiveRefresh } from "@/api/live";
import { problemOf } from "@/api/problem";
import { useSession } from "@/api/session";
import { closeDialog, useDialog } from "@/keys/dialogs";
import { useGlobalKeys } from "@/keys/global";
import { Aside } from "./aside";
import { ConnectionBanner } from "./connection-banner";
import { Loading } from "./loading";
import { Logo } from "./logo";
import { Navigation } from "./navigation";
import classes from "./shell.module.css";
import { useFocusOnPage } from "./use-focus-on-page";
import { useTour } from "./use-tour";

const Palette = lazy(() => import("@/keys/palette"));
const ShortcutsHelp = lazy(() => import("@/keys/help"));
const Tour = lazy(() => import("./tour"));

export function Shell() {
  const session = useSession();
  const location = useLocation();
  if (session.isPending) {
    return <Loading />;
  }
  if (!session.data && problemOf(session.error).status === 401) {
    const next = location.pathname + location.search + location.hash;
    return <Navigate to={`/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  return <SignedIn />;
}

function SignedIn() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const isLoading = useNavigation().state === "loading";
  useLiveRefresh();
  useGlobalKeys();
  const dialog = useDialog();
  const tour = useTour();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- on each other page
  useEffect(close, [pathname]);
  useFocusOnPage();
  return (
    <AppShell
      navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      header={{ height: { base: 52, sm: 0 } }}
      padding={{ base: "md", lg: "xl" }}
    >
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <AppShell.Header className={classes.header} hiddenFrom="sm">
        <Group h="100%" px="md" gap="sm">
          <Burger opened={isOpen} onClick={toggle} size="sm" aria-label="Navigation" />
          <Logo />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar}>
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <ConnectionBanner />
        {isLoading && (
          <div className={classes.progress} role="status">
            <VisuallyHidden>Loading</VisuallyHidden>
          </div>
        )}
        <Suspense fallback={<Loader aria-label="Loading" />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      {dialog === "palette" && (
        <Aside title="The palette could not be loaded" onFailed={closeDialog}>
          <Palette />
        </Aside>
      )}
      {dialog === "keys" && (
        <Aside title="The list of keys could not be loaded" onFailed={closeDialog}>
          <ShortcutsHelp />
        </Aside>
      )}
      {tour.isDue && (
        <Aside title="The welcome could not be loaded">
          <Tour onClose={tour.close} />
        </Aside>
      )}
      <ScrollRestoration />
    </AppShell>
  );
}
