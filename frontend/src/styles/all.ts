/** For the development server, which does not split styles (see `build/mantine-styles.ts`). */
import "@mantine/core/styles.layer.css";
