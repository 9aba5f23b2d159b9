/** All pages. Each is loaded when it is first looked at. */
import { createBrowserRouter } from "react-router";
import { Loading } from "./shell/loading";
import { PageFailed } from "./shell/page-failed";
import { Shell } from "./shell/shell";

export const router = createBrowserRouter([
  {
    path: "/sign-in",
    lazy: () => import("./screens/sign-in"),
    errorElement: <PageFailed />,
    hydrateFallbackElement: <Loading />,
  },
  {
    path: "/",
    element: <Shell />,
    errorElement: <PageFailed />,
    hydrateFallbackElement: <Loading />,
    children: [
      {
        errorElement: <PageFailed />,
        children: [
          { index: true, lazy: () => import("./screens/overview") },
          { path: "hooks", lazy: () => import("./screens/hooks/list") },
          { path: "hooks/new", lazy: () => import("./screens/hooks/create") },
          { path: "hooks/:id/:tab?", lazy: () => import("./screens/hooks/hook") },
          { path: "inheritance", lazy: () => import("./screens/inheritance/page") },
          { path: "executions", lazy: () => import("./screens/executions/list") },
          { path: "executions/:id", lazy: () => import("./screens/executions/execution") },
          { path: "jobs", lazy: () => import("./screens/jobs/list") },
          { path: "jobs/:id", lazy: () => import("./screens/jobs/job") },
          { path: "stage-runs/:id", lazy: () => import("./screens/jobs/stage-run") },
          { path: "events", lazy: () => import("./screens/events/list") },
          { path: "events/:id", lazy: () => import("./screens/events/event") },
          { path: "event-types", lazy: () => import("./screens/events/types") },
          { path: "deliveries", lazy: () => import("./screens/deliveries/list") },
          { path: "deliveries/:id", lazy: () => import("./screens/deliveries/delivery") },
          { path: "plugins", lazy: () => import("./screens/plugins/catalogue") },
          { path: "plugins/:name/:version?", lazy: () => import("./screens/plugins/plugin") },
          { path: "scripts", lazy: () => import("./screens/scripts/list") },
          { path: "scripts/*", lazy: () => import("./screens/scripts/script") },
          { path: "settings/:tab?", lazy: () => import("./screens/settings/page") },
          { path: "*", lazy: () => import("./shell/not-found") },
        ],
      },
    ],
  },
]);
