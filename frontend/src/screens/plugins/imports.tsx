/** The imports of a component, and what each is for. */
import { Table, Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { sentence } from "@/parts/words";
import { sayCapability, sayImport } from "./words";

type Import = Schemas["ImportShown"];

export function Imports({ imports }: { imports: readonly Import[] }) {
  // What matters first: what is wrong, then what needs a grant.
  const order = (item: Import) => (item.problem ? 0 : item.capability ? 1 : 2);
  const sorted = [...imports].sort((a, b) => order(a) - order(b));
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
          {sorted.map((item) => (
            <Table.Tr key={item.import}>
              <Table.Td className="mono" style={{ verticalAlign: "top", overflowWrap: "anywhere" }}>
                {item.import}
              </Table.Td>
              <Table.Td>
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
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
