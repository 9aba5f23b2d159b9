/** What kind of hook a new one is. */
import { Group, Radio, SimpleGrid, Text } from "@mantine/core";
import { useRef } from "react";
import { TYPE_ICONS } from "@/parts/hook-badges";
import { HOOK_TYPES, type HookType } from "@/parts/hook-words";
import type { Config } from "./draft";
import { useForm } from "./field";
import classes from "./hook-form.module.css";

export function TypeChoice() {
  const { draft, change } = useForm();
  // What was filled in for another type, for who comes back to it.
  const configs = useRef<Partial<Record<HookType, Config>>>({});
  const choose = (type: HookType) => {
    configs.current[draft.hook_type] = draft.config;
    change({ ...draft, hook_type: type, config: configs.current[type] ?? {} });
  };
  return (
    <Radio.Group
      label="Type"
      value={draft.hook_type}
      onChange={(value) => choose(value as HookType)}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt={6}>
        {HOOK_TYPES.map(({ name, says, means }) => {
          const Icon = TYPE_ICONS[name];
          return (
            <Radio.Card key={name} value={name} className={classes.type} p="sm">
              <Group wrap="nowrap" align="flex-start" gap="sm">
                <Radio.Indicator />
                <div>
                  <Group gap={6}>
                    <Icon size={16} stroke={1.7} aria-hidden />
                    <Text fz="sm" fw={560}>
                      {says}
                    </Text>
                  </Group>
                  <Text fz="xs" c="dimmed" mt={2}>
                    {means}
                  </Text>
                </div>
              </Group>
            </Radio.Card>
          );
        })}
      </SimpleGrid>
    </Radio.Group>
  );
}
