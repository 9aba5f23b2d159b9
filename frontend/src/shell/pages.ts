import {
  IconLayoutDashboard,
  IconWebhook,
  IconHierarchy2,
  IconActivity,
  IconMovie,
  IconBolt,
  IconSend,
  IconBox,
  IconCode,
  IconSettings,
} from "@tabler/icons-react";

/** The pages of the navigation, in its order; `key` follows `g`. */
export const PAGES = [
  { to: "/", label: "Overview", icon: IconLayoutDashboard, key: "o" },
  { to: "/hooks", label: "Hooks", icon: IconWebhook, key: "h" },
  { to: "/inheritance", label: "Inheritance", icon: IconHierarchy2, key: "i" },
  { to: "/executions", label: "Executions", icon: IconActivity, key: "x" },
  { to: "/jobs", label: "Jobs", icon: IconMovie, key: "j" },
  { to: "/events", label: "Events", icon: IconBolt, key: "e" },
  { to: "/deliveries", label: "Deliveries", icon: IconSend, key: "d" },
  { to: "/plugins", label: "Plugins", icon: IconBox, key: "p" },
  { to: "/scripts", label: "Scripts", icon: IconCode, key: "s" },
  { to: "/settings", label: "Settings", icon: IconSettings, key: "," },
] as const;
