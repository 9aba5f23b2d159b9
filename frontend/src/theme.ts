/** Colours, type and the defaults of components. */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const slate: MantineColorsTuple = [
  "#f8f9fb",
  "#eef0f4",
  "#dde1e8",
  "#c3c9d4",
  "#98a1b1",
  "#6d7789",
  "#4b5567",
  "#343c4c",
  "#212735",
  "#141925",
];
/** Darker than Mantine's, and a little blue: frames are judged on neutral grounds, not on these. */
const dark: MantineColorsTuple = [
  "#e4e7ee",
  "#c5cad6",
  "#a3abbb",
  "#7d8699",
  "#3d4557",
  "#2c3343",
  "#212735",
  "#181d29",
  "#11151f",
  "#0b0e16",
];
const indigo: MantineColorsTuple = [
  "#eef1ff",
  "#dfe4ff",
  "#bcc6ff",
  "#97a5fd",
  "#7685f8",
  "#5f6bf1",
  "#4f52e5",
  "#4240c9",
  "#3633a0",
  "#2b2a7a",
];
/** From the sixth on darker than Mantine's: white on them can be read. */
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#ff6b6b",
  "#db2e2e",
  "#c92a2a",
  "#b52525",
  "#a51f1f",
];

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 6, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  colors: { slate, dark, indigo, red },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'SFMono-Regular', 'JetBrains Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "0.75rem", sm: "0.84rem", md: "0.92rem", lg: "1.05rem", xl: "1.25rem" },
  headings: {
    fontWeight: "620",
    sizes: { h1: { fontSize: "1.45rem" }, h2: { fontSize: "1.12rem" }, h3: { fontSize: "1rem" } },
  },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // In its own colour it could not be read on its own ground.
    Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
    Button: { defaultProps: { size: "sm" } },
    // A menu has items and nothing else in it: the first of them gets the focus.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Table: { defaultProps: { verticalSpacing: "xs", highlightOnHover: true } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true, multiline: true, maw: 360 } },
    Badge: { defaultProps: { variant: "light", radius: "sm", tt: "none", fw: 560 } },
    Paper: { defaultProps: { withBorder: true, p: "md" } },
    Select: { defaultProps: { checkIconPosition: "right", allowDeselect: false } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { blur: 2, backgroundOpacity: 0.4 },
      },
    },
    Drawer: {
      defaultProps: {
        position: "right",
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { blur: 2, backgroundOpacity: 0.4 },
      },
    },
  },
});
