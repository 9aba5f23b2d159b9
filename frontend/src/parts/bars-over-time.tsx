/**
 * Counts over time as stacked bars, drawn by hand: a library of charts weighs more than
 * all of the first page. Its table says the same to whoever does not see it.
 */
import { Group, Paper, ScrollArea, Table, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";
import { Link } from "react-router";
import classes from "./bars-over-time.module.css";
import { sayCount } from "./time";

export type Bar = {
  /** When it begins. */
  start: string;
  /** One for each series. */
  values: readonly number[];
  /** Where a click on it leads. */
  to?: string;
};

export type Series = { name: string; color: string };

const AXIS_WIDTH = 40;
const AXIS_HEIGHT = 22;
const LABEL_WIDTH = 78;
const TOP = 8;

/** How moments of a window are written: the finer, the shorter it is. */
export type Moments = { axis: (at: Date) => string; full: (at: Date) => string };

export function BarsOverTime({
  label,
  bars,
  series,
  moments,
  height = 200,
  format = sayCount,
  atLeast = 4,
  asTable = false,
}: {
  label: string;
  bars: readonly Bar[];
  series: readonly Series[];
  moments: Moments;
  height?: number;
  /** How values are written. */
  format?: (value: number) => string;
  /** The scale goes at least up to this. */
  atLeast?: number;
  asTable?: boolean;
}) {
  if (asTable) {
    return <AsTable label={label} bars={bars} series={series} moments={moments} format={format} />;
  }
  return (
    <Drawn
      label={label}
      bars={bars}
      series={series}
      moments={moments}
      height={height}
      format={format}
      atLeast={atLeast}
    />
  );
}

type Given = {
  label: string;
  bars: readonly Bar[];
  series: readonly Series[];
  moments: Moments;
  format: (value: number) => string;
};

function Drawn({
  label,
  bars,
  series,
  moments,
  height,
  format,
  atLeast,
}: Given & { height: number; atLeast: number }) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [under, setUnder] = useState<number>();
  const plotWidth = Math.max(0, width - AXIS_WIDTH);
  const plotHeight = height - AXIS_HEIGHT - TOP;
  const ticks = ticksTo(Math.max(atLeast, ...bars.map(sumOf)));
  const top = ticks[ticks.length - 1] ?? 1;
  const step = plotWidth / Math.max(1, bars.length);
  const gap = Math.min(3, step * 0.22);
  const y = (value: number) => TOP + plotHeight * (1 - value / top);
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / Math.max(1, step)));
  const shown = under === undefined ? undefined : bars[under];
  const total = bars.reduce((sum, bar) => sum + sumOf(bar), 0);
  return (
    <div ref={ref} className={classes.chart} onMouseLeave={() => setUnder(undefined)}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`${label}, ${describe(bars, total, format)}`}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={classes.grid} x1={AXIS_WIDTH} x2={width} y1={y(tick)} y2={y(tick)} />
            <text
              className={classes.tick}
              x={AXIS_WIDTH - 8}
              y={y(tick)}
              dy="0.32em"
              textAnchor="end"
            >
              {format(tick)}
            </text>
          </g>
        ))}
        {width > 0 &&
          bars.map((bar, index) => {
            const x = AXIS_WIDTH + index * step;
            let below = 0;
            return (
              <g key={bar.start} data-under={index === under || undefined} className={classes.bar}>
                <rect className={classes.ground} x={x} y={TOP} width={step} height={plotHeight} />
                {bar.values.map((value, part) => {
                  if (value === 0) return null;
                  const from = below;
                  below += value;
                  const partHeight = Math.max(1.5, (plotHeight * value) / top);
                  return (
                    <rect
                      key={series[part]?.name}
                      x={x + gap / 2}
                      y={y(from) - partHeight}
                      width={Math.max(1, step - gap)}
                      height={partHeight}
                      rx={Math.min(2, step / 4)}
                      fill={series[part]?.color}
                    />
                  );
                })}
                {index % every === 0 && x + LABEL_WIDTH / 2 < width && (
                  <text className={classes.tick} x={x} y={height - 6}>
                    {moments.axis(new Date(bar.start))}
                  </text>
                )}
              </g>
            );
          })}
      </svg>
      <div className={classes.columns} style={{ left: AXIS_WIDTH, height: plotHeight, top: TOP }}>
        {bars.map((bar, index) =>
          bar.to ? (
            <Link
              key={bar.start}
              to={bar.to}
              tabIndex={-1}
              aria-hidden
              onMouseEnter={() => setUnder(index)}
            />
          ) : (
            <span key={bar.start} onMouseEnter={() => setUnder(index)} />
          ),
        )}
      </div>
      {shown && under !== undefined && (
        <Paper
          className={classes.tip}
          shadow="sm"
          p={8}
          data-left={under > bars.length / 2 || undefined}
          style={
            under > bars.length / 2
              ? { right: width - AXIS_WIDTH - under * step + 6 }
              : { left: AXIS_WIDTH + (under + 1) * step + 6 }
          }
        >
          <Text fz="xs" c="dimmed">
            {moments.full(new Date(shown.start))}
          </Text>
          {series.map(({ name, color }, part) => (
            <Group key={name} gap={6} justify="space-between" wrap="nowrap" miw={110}>
              <Mark color={color} name={name} />
              <Text fz="xs" className="numbers" fw={560}>
                {format(shown.values[part] ?? 0)}
              </Text>
            </Group>
          ))}
        </Paper>
      )}
    </div>
  );
}

/** The names of the series with their colours. */
export function Legend({ series }: { series: readonly Series[] }) {
  return (
    <Group gap="md">
      {series.map(({ name, color }) => (
        <Mark key={name} name={name} color={color} />
      ))}
    </Group>
  );
}

function Mark({ name, color }: Series) {
  return (
    <Group gap={6} wrap="nowrap">
      <span className={classes.mark} style={{ background: color }} aria-hidden />
      <Text fz="xs" c="dimmed">
        {name}
      </Text>
    </Group>
  );
}

function AsTable({ label, bars, series, moments, format }: Given) {
  return (
    <ScrollArea.Autosize
      mah={260}
      type="auto"
      viewportProps={{ tabIndex: 0, "aria-label": label, role: "region" }}
    >
      <Table stickyHeader className="numbers" aria-label={label} verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            {series.map(({ name }) => (
              <Table.Th key={name} ta="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {bars.map((bar) => (
            <Table.Tr key={bar.start}>
              <Table.Td>
                {bar.to ? (
                  <Link to={bar.to}>{moments.full(new Date(bar.start))}</Link>
                ) : (
                  moments.full(new Date(bar.start))
                )}
              </Table.Td>
              {bar.values.map((value, part) => (
                <Table.Td key={series[part]?.name} ta="right">
                  {format(value)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}

const sumOf = (bar: Bar) => bar.values.reduce((sum, value) => sum + value, 0);

function describe(bars: readonly Bar[], total: number, format: (value: number) => string): string {
  const most = Math.max(0, ...bars.map(sumOf));
  return total === 0
    ? "nothing in this time"
    : `${bars.length} bars, the highest is ${format(most)}; the table has all of them`;
}

/** Two to four round values from zero up to at least this one. */
export function ticksTo(most: number): number[] {
  const rough = most / 3;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10]
    .map((by) => by * magnitude)
    .find((size) => size * 3 >= most - 1e-9);
  const size = step ?? 10 * magnitude;
  const ticks = [0];
  for (let at = size; ticks[ticks.length - 1]! < most - 1e-9; at += size) ticks.push(at);
  return ticks;
}
