import { Card, SimpleGrid, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/client";
import { TYPE_ICONS } from "@/parts/hook-badges";
import type { HookType } from "@/parts/hook-words";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import { isPushed, writeScript } from "@/screens/scripts/store";
import classes from "./template-cards.module.css";
import { type Template, TEMPLATES } from "./templates";

/** Each opens the form with a hook that works once its blanks are filled. */
export function TemplateCards() {
  const navigate = useNavigate();
  const plugins = api.useQuery("get", "/api/v1/plugins", { params: { query: { limit: 1 } } });
  const plugin = plugins.data?.items[0];
  const begin = useMutation({
    mutationFn: async ({ id, script }: Template) => {
      // What somebody put there under this name stays.
      if (script && !(await isPushed(script.path))) {
        await writeScript(script.path, script.text);
        tellDone(`${script.path} is in the script store`);
      }
      await navigate(`/hooks/new?template=${id}`);
    },
  });
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: plugin ? 3 : 2 }} my="md" ta="left">
        {TEMPLATES.map((template) => (
          <Card
            key={template.id}
            component="button"
            type="button"
            className={classes.card}
            disabled={begin.isPending}
            onClick={() => begin.mutate(template)}
          >
            <Words type={template.type} title={template.title}>
              {template.says}
            </Words>
          </Card>
        ))}
        {plugin && (
          <Card
            component={Link}
            className={classes.card}
            to={`/plugins/${plugin.name}?install=true`}
          >
            <Words type="wasm" title={`Run the plugin ${plugin.name}`}>
              A sandboxed plugin reads what it is granted, and nothing else of the machine.
            </Words>
          </Card>
        )}
      </SimpleGrid>
      <ProblemAlert error={begin.error} />
    </>
  );
}

function Words({ type, title, children }: { type: HookType; title: string; children: ReactNode }) {
  const Icon = TYPE_ICONS[type];
  return (
    <>
      <Icon size={20} stroke={1.6} aria-hidden />
      <Text fw={560} fz="sm" mt={6}>
        {title}
      </Text>
      <Text fz="xs" c="dimmed" mt={2}>
        {children}
      </Text>
    </>
  );
}
