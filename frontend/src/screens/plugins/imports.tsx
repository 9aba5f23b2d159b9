/** The imports of a component, and what each is for. */
import { Table, Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { sentence } from "@/parts/words";
import { sayCapability, sayImport } from "./words";

type Import = Schemas["ImportShown"];

/** Those that say the same stand together; what is wrong and what needs a grant comes first. */
export function Imports({ imports }: { imports: readonly Import[] }) {
  const order = (item: Import) => (item.problem ? 0 : item.capability ? 1 : 2);
  const groups = new Map<string, Import[]>();
  for (const item of [...imports].sort((a, b) => order(a) - order(b))) {
    const key = [sayImport(item.import), item.capability, item.declared, item.problem].join("|");
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return (
    <Table.ScrollContainer minWidth={520} type="native">
      <Table verticalSpacing={6} aria-label="Imports">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="42%">Import</Table.Th>
            <Table.Th>What it is for</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {[...groups].map(([key, items]) => (
            <Row key={key} items={items} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ items }: { items: readonly Import[] }) {
  const [item] = items;
  if (!item) return null;
  return (
    <Table.Tr>
      <Table.Td className="mono" style={{ verticalAlign: "top", overflowWrap: "anywhere" }}>
        {items.map((one) => (
          <div key={one.import}>{one.import}</div>
        ))}
      </Table.Td>
      <Table.Td style={{ verticalAlign: "top" }}>
        <Text fz="sm">{sentence(sayImport(item.import))}.</Text>
        {item.capability && (
          <Text fz="xs" c="dimmed">
            Needs the capability “{sayCapability(item.capability).toLowerCase()}” (
            <span className="mono">{item.capability}</span>),{" "}
            {item.declared === false
              ? "which its manifest does not ask for."
              : item.declared
                ? "which its manifest asks for."
                : "as its hook grants it."}
          </Text>
        )}
        {item.problem && (
          <Text fz="sm" c="var(--outcome-bad)">
            {sentence(item.problem)}.
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
