/** What was found out about a component: each rule, each import, in plain words. */
import { Code, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconMinus, IconX } from "@tabler/icons-react";
import { Facts } from "@/parts/facts";
import { Notice } from "@/parts/notice";
import { sayBytes } from "@/parts/time";
import { counted, sentence } from "@/parts/words";
import { Imports } from "./imports";
import classes from "./report.module.css";
import { RULES, saySignatureState, type ValidationReport } from "./words";

type RuleState = "fits" | "broken" | "unknown";

export function Report({ report }: { report: ValidationReport }) {
  const { valid, manifest, problems, imports } = report;
  return (
    <Stack gap="lg">
      <Notice
        tone={valid ? "good" : "bad"}
        title={
          valid
            ? "It can be published"
            : `It cannot be published: ${counted(problems.length, "thing")} ${problems.length === 1 ? "is" : "are"} wrong`
        }
      >
        {valid
          ? "Every rule fits. Nothing runs before a hook is made with it."
          : "Below is what is wrong, and what to do. Nothing was stored."}
      </Notice>
      <Facts
        facts={[
          ["Plugin", manifest && `${manifest.name} ${manifest.version}`],
          ["Description", manifest?.description],
          ["Size", sayBytes(report.size_bytes)],
          ["Signature", saySignatureState(report)],
          [
            "Digest",
            <span key="digest" className="mono" style={{ overflowWrap: "anywhere" }}>
              {report.digest}
            </span>,
          ],
        ]}
      />
      <Stack gap="xs">
        <Title order={3}>The rules</Title>
        <ul className={classes.rules}>
          {RULES.map(({ rule, says, fits, advice }) => {
            const broken = problems.filter((problem) => problem.rule === rule);
            const state = stateOf(rule, report);
            return (
              <li key={rule} className={classes.rule} data-state={state}>
                <Mark state={state} />
                <div>
                  <Text fz="sm" fw={560}>
                    {says}
                  </Text>
                  {state === "fits" && (
                    <Text fz="sm" c="dimmed">
                      {rule === "signature" ? saySignatureState(report) : fits}
                    </Text>
                  )}
                  {state === "unknown" && (
                    <Text fz="sm" c="dimmed">
                      Not looked at, because of what is wrong before it.
                    </Text>
                  )}
                  {broken.map(({ detail }) => (
                    <Text key={detail} fz="sm">
                      {sentence(detail)}.
                    </Text>
                  ))}
                  {state === "broken" && broken.length === 0 && (
                    <Text fz="sm">
                      {counted(imports.filter(({ problem }) => problem).length, "import")} cannot be
                      had as it is; they stand first below.
                    </Text>
                  )}
                  {state === "broken" && (
                    <Text fz="sm" c="dimmed">
                      What to do: <WithCode text={advice} />
                    </Text>
                  )}
                </div>
              </li>
            );
          })}
        </ul>
      </Stack>
      {imports.length > 0 && (
        <Stack gap="xs">
          <Title order={3}>What it imports</Title>
          <Imports imports={imports} />
        </Stack>
      )}
    </Stack>
  );
}

/** What was found before says whether a rule was looked at. */
function stateOf(rule: string, { problems, manifest, imports }: ValidationReport): RuleState {
  if (problems.some((problem) => problem.rule === rule)) return "broken";
  if (rule === "import" && imports.some(({ problem }) => problem)) return "broken";
  const order = RULES.map(({ rule }) => rule as string);
  const first = Math.min(...problems.map((problem) => order.indexOf(problem.rule)));
  if (manifest || !(order.indexOf(rule) > first) || rule === "signature") return "fits";
  return "unknown";
}

function Mark({ state }: { state: RuleState }) {
  const Icon = { fits: IconCheck, broken: IconX, unknown: IconMinus }[state];
  const says = { fits: "fits", broken: "broken", unknown: "not looked at" }[state];
  return (
    <span role="img" aria-label={says} className={classes.mark}>
      <Icon size={16} stroke={2.4} />
    </span>
  );
}

/** Text with `code` in it. */
function WithCode({ text }: { text: string }) {
  return (
    <>
      {text
        .split("`")
        .map((part, index) => (index % 2 === 1 ? <Code key={index}>{part}</Code> : part))}
    </>
  );
}
