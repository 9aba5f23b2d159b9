import { useLocalStorage } from "@mantine/hooks";

/** Whether who is here has not seen the tour; once per browser. */
export function useTour() {
  const [seen, setSeen] = useLocalStorage({
    key: "stagehook-tour-seen",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  return { isDue: !seen, close: () => setSeen(true) };
}
