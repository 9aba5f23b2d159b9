/** What opens over any page: the palette and the list of keys. Loaded when first asked for. */
import { createStore, useStore } from "@mantine/store";

type Dialog = "palette" | "keys";

const store = createStore<{ open?: Dialog }>({});

export const openDialog = (dialog: Dialog) => store.setState({ open: dialog });
export const closeDialog = () => store.setState({});
export const useDialog = (): Dialog | undefined => useStore(store).open;
